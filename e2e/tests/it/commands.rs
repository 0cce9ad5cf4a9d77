//! Commands in place of shells: AWS's two documents for them by the `aws` CLI, and `usher exec`.

mod exec;

use std::process::{Command, Output, Stdio};

use crate::fixtures::{BY_DEFAULT, ByDefault, MAY_START, SESSION};
use crate::harness::skip::lacks;
use crate::harness::terminal::Terminal;

/// `aws ssm start-session` of this document with this command.
fn start(fixture: &ByDefault, document: &str, command: &str) -> Command {
    let mut aws = fixture.dev.command(&fixture.bob.keys, "aws");
    aws.args(["ssm", "start-session", "--target", fixture.dev.node()])
        .args(["--document-name", document, "--parameters"])
        .arg(serde_json::json!({"command": [command]}).to_string());
    aws
}

fn run(mut command: Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const INTERACTIVE: &str = "AWS-StartInteractiveCommand";
const NON_INTERACTIVE: &str = "AWS-StartNonInteractiveCommand";

#[test]
fn a_command_is_refused_to_who_is_refused_a_shell() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let refused = fixture.dev.principal("nocommand", &MAY_START);
    fixture.dev.tag_run_as(&refused, "root");
    for document in [INTERACTIVE, NON_INTERACTIVE] {
        let mut command = start(&fixture, document, "touch /tmp/ushertest-refused");
        command
            .env("AWS_ACCESS_KEY_ID", &refused.keys.id)
            .env("AWS_SECRET_ACCESS_KEY", &refused.keys.secret);
        let told = text(&run(command).stdout);
        assert!(told.contains("root is never allowed"), "{told}");
    }
    assert!(!std::path::Path::new("/tmp/ushertest-refused").exists());
}

#[test]
fn a_command_needs_its_parameter_and_a_quote_needs_its_end() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut without = fixture.dev.command(&fixture.bob.keys, "aws");
    without
        .args(["ssm", "start-session", "--target", fixture.dev.node()])
        .args(["--document-name", INTERACTIVE]);
    let refused = run(without);
    assert!(!refused.status.success());
    let told = text(&refused.stderr);
    assert!(
        told.contains("InvalidParameters") && told.contains("command"),
        "{told}"
    );
    let told = text(&run(start(&fixture, NON_INTERACTIVE, "echo 'open")).stdout);
    assert!(told.contains("quote that is not closed"), "{told}");
}

#[test]
fn an_interactive_command_has_a_terminal_its_os_user_and_a_shell() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let command = "read -p 'name? ' x; echo \"[$x $(id -un) $PWD]\"; stty size; tty";
    let mut terminal = Terminal::start(&start(&fixture, INTERACTIVE, command), 81, 23);
    terminal.expect("name? ");
    terminal.send(b"ann\r");
    terminal.expect(&format!(
        "[ann {} {}]\r\n23 81\r\n/dev/pts/",
        fixture.os_user.name(),
        fixture.os_user.home()
    ));
    terminal.expect("Exiting session with sessionId: ");
    assert_eq!(terminal.end().0.code(), Some(0));
    assert!(terminal.is_as_before());
}

#[test]
fn control_c_reaches_an_interactive_command() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let command = "trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 1; done";
    let mut terminal = Terminal::start(&start(&fixture, INTERACTIVE, command), 80, 24);
    terminal.expect("ready\r\n");
    terminal.send(b"\x03");
    terminal.expect("caught\r\n");
    terminal.end();
    assert!(terminal.is_as_before());
}

#[test]
fn a_command_without_a_terminal_is_words_and_no_shell_reads_them() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let output = run(start(
        &fixture,
        NON_INTERACTIVE,
        "printf '[%s]' $HOME 'a b' ; id",
    ));
    let told = text(&output.stdout);
    assert!(told.contains("[$HOME][a b][;][id]"), "{told}");
    assert_eq!(output.status.code(), Some(0));
    let told = text(
        &run(start(
            &fixture,
            NON_INTERACTIVE,
            "sh -c 'id -un; tty; echo err >&2'",
        ))
        .stdout,
    );
    let name = fixture.os_user.name();
    assert!(told.contains(name), "{told}");
    assert!(told.contains("not a tty") && told.contains("err"), "{told}");
}
