//! What the person sees is what the program on the node wrote, and what the person types arrives there.

use std::fmt::Write;

use crate::fixtures::{BY_DEFAULT, ByDefault, SESSION};
use crate::harness::skip::lacks;

#[test]
fn three_hundred_thousand_lines_arrive_whole_and_in_order() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut terminal = fixture.shell();
    let arrived = terminal.shell("seq 1 300000");
    let mut expected = String::new();
    for number in 1..=300_000 {
        write!(expected, "{number}\r\n").unwrap();
    }
    let wrong = arrived
        .lines()
        .zip(expected.lines())
        .find(|(arrived, expected)| arrived != expected);
    assert_eq!(wrong, None);
    assert_eq!(arrived.len(), expected.len());
}

#[test]
fn text_beyond_ascii_is_typed_and_shown_unchanged() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut terminal = fixture.shell();
    assert_eq!(
        terminal.shell("echo 'Grüße, 世界 🎉'").trim_end(),
        "Grüße, 世界 🎉"
    );
}

#[test]
fn every_byte_is_written_to_the_person_unchanged() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut terminal = fixture.shell();
    let mut printf = String::new();
    (0..=255_u8).for_each(|byte| write!(printf, "\\{byte:03o}").unwrap());
    // Without output processing: a line feed stays one.
    let arrived = terminal.shell_bytes(&format!("stty -opost; printf '{printf}'; stty opost"));
    assert_eq!(arrived, (0..=255).collect::<Vec<u8>>());
}

#[test]
fn every_byte_typed_reaches_the_program_unchanged() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut terminal = fixture.shell();
    terminal.send(
        b"stty raw -echo; printf 'rea%s' dy; head -c 256 | od -An -v -tx1 -w256; stty sane\r",
    );
    terminal.expect("ready");
    terminal.send(&(0..=255).collect::<Vec<u8>>());
    let mut expected = String::new();
    (0..=255_u8).for_each(|byte| write!(expected, " {byte:02x}").unwrap());
    terminal.expect(&expected);
}

#[test]
fn the_window_size_is_there_from_the_start_and_follows_the_persons() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut terminal = fixture.shell();
    assert_eq!(terminal.shell("stty size").trim_end(), "24 80");
    terminal.send(
        b"sh -c 'trap \"stty size; exit\" WINCH; echo wai\"\"ting; while :; do sleep 0.1; done'\r",
    );
    terminal.expect("waiting\r\n");
    terminal.resize(132, 43);
    terminal.expect("43 132\r\n");
    terminal.expect("$ ");
}

#[test]
fn control_c_ends_a_flood_and_the_session_goes_on() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut terminal = fixture.shell();
    terminal.send(b"yes flood\r");
    terminal.expect(&"flood\r\n".repeat(1000));
    terminal.send(b"\x03");
    terminal.expect("$ ");
    assert_eq!(terminal.shell("echo alive").trim_end(), "alive");
}
