//! `usher dev` on somebody's own machine: what it will not touch, and as whom its sessions run.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;
use tempfile::TempDir;

use crate::fixtures::SESSION;
use crate::harness::dev::Dev;
use crate::harness::os_users::OsUser;
use crate::harness::process::output_of;
use crate::harness::programs;
use crate::harness::skip::{Need, lacks};

/// An id that is nobody's.
const NOBODY_AT_ALL: u32 = 61_998;

/// `usher dev … -- true` by a program that may stand elsewhere.
fn dev_by(usher: &Path, data: &Path, path: &Path) -> Output {
    let mut dev = Command::new(usher);
    dev.args(["dev", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data)
        .args(["--", "true"]);
    dev.env_clear().env("PATH", path).output().unwrap()
}

/// Copies, because the target directory may lie where only root can look.
fn copy_programs(names: &[&str], to: &Path) {
    for name in names {
        fs::copy(programs::usher().with_file_name(name), to.join(name)).unwrap();
    }
}

#[test]
fn as_root_nothing_is_made_below_a_directory_that_somebody_else_can_change() {
    if lacks(&[Need::Root]) {
        return;
    }
    let directory = TempDir::with_prefix("ushertest-").unwrap();
    let open = directory.path().join("open");
    let theirs = directory.path().join("theirs");
    for (path, owner, mode) in [(&open, 0, 0o777), (&theirs, NOBODY_AT_ALL, 0o755)] {
        fs::create_dir(path).unwrap();
        chown(path, Some(owner), None).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let refused = dev_by(
            programs::usher(),
            &path.join("a/data"),
            Path::new("/usr/bin:/bin"),
        );
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        let sentence = format!("{} can be changed by others than root", path.display());
        assert!(
            said.contains(&sentence) && said.contains("\n\nhint: "),
            "{said}"
        );
        assert_eq!(fs::read_dir(path).unwrap().count(), 0);
    }
}

#[test]
fn an_agent_that_is_not_beside_usher_itself_is_never_run() {
    let directory = TempDir::with_prefix("ushertest-").unwrap();
    let (alone, elsewhere) = (
        directory.path().join("alone"),
        directory.path().join("elsewhere"),
    );
    fs::create_dir(&alone).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    copy_programs(&["usher"], &alone);
    let trace = directory.path().join("was-run");
    let planted = elsewhere.join("usher-agent");
    fs::write(&planted, format!("#!/bin/sh\n: >'{}'\n", trace.display())).unwrap();
    fs::set_permissions(&planted, Permissions::from_mode(0o755)).unwrap();

    let refused = dev_by(
        &alone.join("usher"),
        &directory.path().join("data"),
        &elsewhere,
    );
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    let missing = alone.join("usher-agent");
    assert!(
        said.contains(&format!("{} does not exist", missing.display())),
        "{said}"
    );
    assert!(!trace.exists());
}

#[test]
fn root_behind_sudo_gives_sessions_as_who_called_sudo() {
    if lacks(&SESSION) {
        return;
    }
    let os_user = OsUser::with_home("sudo", "/bin/sh", &[]);
    let uid = fs::metadata(os_user.home()).unwrap().uid();
    let directory = TempDir::with_prefix("ushertest-").unwrap();
    let mut usher = Command::new("env");
    usher
        .arg(format!("SUDO_USER={}", os_user.name()))
        .arg(format!("SUDO_UID={uid}"))
        .arg(programs::usher());
    let dev = Dev::start_by(usher, directory.path());
    let mut terminal = dev.start_session(&dev.admin());
    terminal.expect_shell();
    assert_eq!(terminal.shell("id -un").trim_end(), os_user.name());
    terminal.send(b"exit\r");
    terminal.end();
}

/// Everything of that user on this machine but below `except`, and but processes.
fn belongings(name: &str, except: &Path) -> BTreeSet<PathBuf> {
    let mut find = Command::new("find");
    find.args([
        "/etc",
        "/home",
        "/opt",
        "/run",
        "/srv",
        "/tmp",
        "/usr/local",
        "/var",
        "/dev/shm",
    ]);
    find.arg("-path")
        .arg(except)
        .args(["-prune", "-o", "-user", name, "-print"]);
    // Other tests' files vanish while it looks, which it complains of.
    let found = find.output().unwrap().stdout;
    String::from_utf8_lossy(&found)
        .lines()
        .map(PathBuf::from)
        .collect()
}

#[test]
fn an_ordinary_users_server_makes_nothing_outside_its_data_and_refuses_run_as_off() {
    if lacks(&SESSION) {
        return;
    }
    let os_user = OsUser::with_home("tidy", "/bin/sh", &[]);
    let home = fs::metadata(os_user.home()).unwrap();
    let directory = TempDir::with_prefix("ushertest-").unwrap();
    chown(directory.path(), Some(home.uid()), Some(home.gid())).unwrap();
    copy_programs(&["usher", "usher-agent"], directory.path());
    let before = belongings(os_user.name(), directory.path());
    assert!(before.contains(Path::new(&os_user.home())));

    let mut usher = Command::new("setpriv");
    usher
        .arg(format!("--reuid={}", home.uid()))
        .arg(format!("--regid={}", home.gid()))
        .args(["--clear-groups", "--", "env"])
        .arg(format!("HOME={}", os_user.home()))
        .arg(directory.path().join("usher"));
    let dev = Dev::start_by(usher, directory.path());
    let session = "plugin=$(command -v session-manager-plugin); \
                   echo 'id -un; exit 3' | $(readlink \"$plugin\") start-session \"$USHER_NODE\"; echo \"status $?\"";
    let mut shell = dev.command(&dev.admin(), "sh");
    let said = output_of(shell.args(["-c", session]));
    assert!(
        said.lines()
            .any(|line| line.trim_end().ends_with(os_user.name())),
        "{said}"
    );
    assert!(said.contains("status 3"), "{said}");

    let off = json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": {"runAsEnabled": false}});
    let arguments = json!({
        "Name": "SSM-SessionManagerRunShell", "Content": off.to_string(),
        "DocumentType": "Session", "DocumentFormat": "JSON",
    });
    dev.call(&dev.admin(), "ssm", "create_document", &arguments)
        .must();
    let mut refused = dev.start_session(&dev.admin());
    let (_, said) = refused.end();
    assert!(said.contains("sessions without Run As"), "{said}");
    assert!(said.contains(os_user.name()), "{said}");

    assert_eq!(dev.stop().code(), Some(0));
    assert_eq!(belongings(os_user.name(), directory.path()), before);
}
