//! `usher start-session`, where it promises more than AWS's client: real exit codes, a terminal left as it was.

use std::process::Command;

use crate::fixtures::{BY_DEFAULT, ByDefault, MAY_START, SESSION};
use crate::harness::boto3::Keys;
use crate::harness::dev::Dev;
use crate::harness::programs;
use crate::harness::skip::lacks;
use crate::harness::terminal::Terminal;

fn usher(dev: &Dev, keys: &Keys) -> Command {
    let mut usher = dev.command(keys, programs::usher().to_str().unwrap());
    usher.args(["start-session", dev.node()]);
    usher
}

#[test]
fn a_refused_session_ends_with_a_failure_and_an_untouched_terminal() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let refused = fixture.dev.principal("refused", &MAY_START);
    fixture.dev.tag_run_as(&refused, "root");
    let mut terminal = Terminal::start(&usher(&fixture.dev, &refused.keys), 80, 24);
    terminal.expect("root is never allowed");
    let (status, _) = terminal.end();
    assert!(!status.success(), "{status}");
    assert!(terminal.is_as_before());
}

#[test]
fn the_shells_exit_status_is_the_clients() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut terminal = Terminal::start(&usher(&fixture.dev, &fixture.bob.keys), 80, 24);
    terminal.expect_shell();
    assert_eq!(terminal.shell("id -un").trim_end(), fixture.os_user.name());
    terminal.send(b"exit 7\r");
    assert_eq!(terminal.end().0.code(), Some(7));
    assert!(terminal.is_as_before());
}

#[test]
fn the_terminal_is_left_as_it_was_when_the_shell_is_killed() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut terminal = Terminal::start(&usher(&fixture.dev, &fixture.bob.keys), 80, 24);
    terminal.expect_shell();
    terminal.send(b"kill -KILL $$\r");
    let (status, _) = terminal.end();
    assert!(!status.success(), "{status}");
    assert!(terminal.is_as_before());
}
