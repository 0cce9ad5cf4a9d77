//! `usher dev` started by an ordinary user serves that user, and nobody else.

use std::fs;
use std::os::unix::fs::chown;
use std::process::Command;

use rustix::fs::stat;

use crate::fixtures::{MAY_START, SESSION};
use crate::harness::dev::Dev;
use crate::harness::os_users::OsUser;
use crate::harness::programs;
use crate::harness::skip::lacks;

#[test]
fn an_ordinary_users_server_gives_sessions_as_that_user_alone() {
    if lacks(&SESSION) {
        return;
    }
    let os_user = OsUser::with_home("ordinary", "/bin/bash", &[]);
    let directory = tempfile::TempDir::with_prefix("ushertest-").unwrap();
    let owner = stat(os_user.home()).unwrap();
    chown(directory.path(), Some(owner.st_uid), Some(owner.st_gid)).unwrap();
    // Copies, because the target directory may lie where only root can look.
    for program in ["usher", "usher-agent"] {
        fs::copy(
            programs::usher().with_file_name(program),
            directory.path().join(program),
        )
        .unwrap();
    }
    let mut usher = Command::new("runuser");
    usher
        .args(["--user", os_user.name(), "--"])
        .arg(directory.path().join("usher"));
    let dev = Dev::start_by(usher, directory.path());

    let other = dev.principal("other", &MAY_START);
    dev.tag_run_as(&other, "daemon");
    let mut terminal = dev.start_session(&other.keys);
    terminal.expect("Starting session with SessionId: ");
    let session = terminal.expect("\r\n");
    terminal.expect(&format!("SessionId: {session} : "));
    assert!(terminal.expect("\r\n").contains("daemon"));
    terminal.end();
    assert_eq!(dev.history(&session)["Status"], "Failed");

    let mut terminal = dev.start_session(&dev.admin());
    terminal.expect_shell();
    assert_eq!(terminal.shell("id -un").trim_end(), os_user.name());
    assert_eq!(terminal.shell("pwd").trim_end(), os_user.home());
    terminal.send(b"exit\r");
    terminal.end();
}
