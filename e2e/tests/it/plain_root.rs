//! `usher dev --connect` as plain root, with nothing prepared: the shell of `ssm-user`, and no trace of it afterwards.
//!
//! It runs in a mount namespace of its own with copies of `/etc` and `/home`, because what it makes must not be made
//! on the machine that runs the tests.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::programs;
use crate::harness::skip::{Need, lacks};
use crate::harness::terminal::Terminal;

/// Arguments: a directory for the copies, then the command.
const IN_A_NAMESPACE: &str = r#"
set -eu
private=$1; shift
mkdir -p "$private/etc" "$private/home"
cp -a /etc/. "$private/etc"
mkdir -p "$private/etc/sudoers.d"
mount --bind "$private/etc" /etc
mount --bind "$private/home" /home
exec "$@"
"#;

fn has_account(etc: &Path, name: &str) -> bool {
    ["passwd", "group", "shadow"].iter().any(|database| {
        let text = fs::read_to_string(etc.join(database)).unwrap_or_default();
        text.lines()
            .any(|line| line.starts_with(&format!("{name}:")))
    })
}

#[test]
fn plain_root_lands_in_ssm_user_and_it_is_gone_afterwards() {
    if lacks(&[Need::Root]) {
        return;
    }
    let directory = tempfile::TempDir::with_prefix("ushertest-").unwrap();
    let private = directory.path().join("private");
    let (etc, rule) = (
        private.join("etc"),
        private.join("etc/sudoers.d/ssm-agent-users"),
    );

    let mut dev = Command::new("unshare");
    dev.args([
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        IN_A_NAMESPACE,
        "sh",
    ])
    .arg(&private);
    dev.arg(programs::usher())
        .args(["dev", "--connect", "--listen", "127.0.0.1:0", "--data-dir"]);
    dev.arg(directory.path().join("data"));
    dev.env("PATH", std::env::var_os("PATH").unwrap())
        .env("TERM", "xterm")
        .env("HOME", directory.path());
    let mut terminal = Terminal::start(&dev, 80, 24);

    terminal.expect("ssm-user");
    terminal.expect_shell();
    assert_eq!(terminal.shell("id -un").trim_end(), "ssm-user");
    assert_eq!(terminal.shell("pwd").trim_end(), "/home/ssm-user");
    assert!(terminal.shell("echo \"$0\"").starts_with('-'));
    assert!(has_account(&etc, "ssm-user"));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(
        rule.metadata().unwrap().permissions().mode() & 0o7777,
        0o440
    );
    assert!(
        fs::read_to_string(&rule)
            .unwrap()
            .contains("ssm-user ALL=(ALL) NOPASSWD:ALL")
    );

    terminal.send(b"exit\r");
    let (status, _) = terminal.end();
    assert_eq!(status.code(), Some(0));
    assert!(!has_account(&etc, "ssm-user"), "ssm-user is still there");
    assert!(!rule.exists(), "its sudo rule is still there");
    assert!(
        !private.join("home/ssm-user").exists(),
        "its home is still there"
    );
}
