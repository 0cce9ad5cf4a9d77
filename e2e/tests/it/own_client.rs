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
fn escapes_after_enter_speak_to_the_client_and_the_last_one_ends_the_session() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let may = [MAY_START[0], ("ssm:TerminateSession", "*")];
    let leaver = fixture.dev.principal("leaver", &may);
    let mut terminal = Terminal::start(&usher(&fixture.dev, &leaver.keys), 80, 24);
    terminal.expect_shell();
    let session = terminal.shell("echo $USHER_SESSION_ID");
    // Within a line it is a tilde like any other.
    assert_eq!(terminal.shell("echo a~.").trim_end(), "a~.");
    terminal.send(b"\r~?");
    terminal.expect("~.  end the session");
    terminal.send(b"\r~~");
    terminal.expect("$ ~");
    terminal.send(b"\x03\r~.");
    assert_eq!(terminal.end().0.code(), Some(255));
    assert!(terminal.is_as_before());
    assert_eq!(
        fixture.dev.history(session.trim_end())["Status"],
        "Terminated"
    );
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
