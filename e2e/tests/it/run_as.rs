//! Whom a session runs as: the account named by the caller's tag, or by the preferences, in full.

use std::collections::BTreeSet;

use crate::fixtures::{BY_DEFAULT, BY_TAG, ByDefault, ByTag, SESSION};
use crate::harness::os_users::{OsGroup, OsUser};
use crate::harness::skip::lacks;
use crate::harness::terminal::Terminal;

/// All that may stand in the environment of a session's shell, its own profile's doing included.
const ENVIRONMENT: [&str; 14] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "TERM",
    "LANG",
    "MAIL",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
    "LS_COLORS",
    "USHER_SESSION_ID",
];

/// Sees that the shell is this account's own, with all its groups and nothing else of anybody's.
fn check_account(terminal: &mut Terminal, account: &OsUser, groups: &[OsGroup]) {
    assert_eq!(
        terminal
            .shell("id -un; id -urn")
            .lines()
            .collect::<Vec<_>>(),
        [account.name(); 2]
    );
    assert_eq!(
        terminal
            .shell("id -gn; id -grn")
            .lines()
            .collect::<Vec<_>>(),
        [account.name(); 2]
    );

    let told = terminal.shell("id -Gn");
    let own = [account.name()];
    let all: BTreeSet<&str> = groups.iter().map(OsGroup::name).chain(own).collect();
    assert_eq!(told.split_whitespace().collect::<BTreeSet<_>>(), all);

    assert_eq!(terminal.shell("pwd").trim_end(), account.home());
    assert_eq!(
        terminal.shell("echo \"$HOME $USER $LOGNAME\"").trim_end(),
        {
            let (home, name) = (account.home(), account.name());
            format!("{home} {name} {name}")
        }
    );
    assert_eq!(terminal.shell("echo \"$0\"").trim_end(), "-bash");
    assert_eq!(
        terminal.shell("stat -c %U \"$(tty)\"").trim_end(),
        account.name()
    );
}

#[test]
fn a_tagged_user_lands_in_the_account_its_tag_names() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_TAG.hold(|| ByTag::start("alice"));
    let mut terminal = fixture.dev.start_session(&fixture.alice.keys);
    terminal.expect_shell();
    check_account(&mut terminal, &fixture.os_user, &fixture.groups);
    terminal.send(b"exit\r");
    let (status, said) = terminal.end();
    assert_eq!(status.code(), Some(0));
    assert!(
        said.contains("Exiting session with sessionId: alice-"),
        "{said:?}"
    );
}

#[test]
fn an_untagged_user_lands_in_the_default_account_of_the_preferences() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut terminal = fixture.shell();
    check_account(
        &mut terminal,
        &fixture.os_user,
        std::slice::from_ref(&fixture.group),
    );
    terminal.send(b"exit\r");
    terminal.end();
}

#[test]
fn the_shell_has_no_capability_no_further_descriptor_and_no_secret() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut terminal = fixture.shell();
    let held =
        terminal.shell("grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status | cut -f2 | sort -u");
    assert_eq!(held.trim_end(), "0000000000000000");
    // The fourth is the one `ls` reads the directory by.
    assert_eq!(
        terminal
            .shell("/bin/ls /proc/self/fd")
            .split_whitespace()
            .collect::<Vec<_>>(),
        ["0", "1", "2", "3"]
    );
    let environment = terminal.shell("env | cut -d= -f1");
    let foreign: Vec<&str> = environment
        .lines()
        .filter(|name| !ENVIRONMENT.contains(name))
        .collect();
    assert_eq!(foreign, [""; 0], "these are in the shell's environment");
    terminal.send(b"exit\r");
    terminal.end();
}

#[test]
fn an_ended_session_is_in_the_history_with_its_owner() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut terminal = fixture.dev.start_session(&fixture.bob.keys);
    terminal.expect("Starting session with SessionId: ");
    let session = terminal.expect("\r\n");
    terminal.expect_shell();
    terminal.send(b"exit\r");
    terminal.end();
    let kept = fixture.dev.history(&session);
    assert_eq!(kept["Status"], "Terminated", "{kept}");
    assert_eq!(kept["Target"], fixture.dev.node());
    assert_eq!(kept["Owner"], "arn:aws:iam::000000000000:user/bob");
}
