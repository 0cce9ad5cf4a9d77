//! Five megabytes typed at once.

use std::fmt::Write;

use crate::fixtures::{BY_DEFAULT, ByDefault, SESSION};
use crate::harness::process::output_of;
use crate::harness::programs;
use crate::harness::skip::lacks;
use crate::harness::terminal::Terminal;

const LENGTH: usize = 5 * 1024 * 1024;

#[test]
fn five_megabytes_pasted_arrive_as_they_were() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut usher = fixture
        .dev
        .command(&fixture.bob.keys, programs::usher().to_str().unwrap());
    usher.args(["start-session", fixture.dev.node()]);
    let mut terminal = Terminal::start(&usher, 80, 24);
    terminal.expect_shell();
    let mut text = String::new();
    for line in 0.. {
        if text.len() >= LENGTH {
            break;
        }
        writeln!(text, "{line:08} the quick brown fox jumps over 世界").unwrap();
    }
    let text = &text.as_bytes()[..LENGTH];
    // Line by line the kernel keeps 4096 bytes and drops the rest; raw, it takes what is read.
    let line = format!(
        "stty raw -echo; printf 'rea%s' dy; head -c {LENGTH} >pasted; stty sane; sha256sum <pasted\r"
    );
    terminal.send(line.as_bytes());
    terminal.expect("ready");
    terminal.send(text);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pasted");
    std::fs::write(&path, text).unwrap();
    let sum = output_of(std::process::Command::new("sha256sum").arg(&path));
    terminal.expect(sum.split(' ').next().unwrap());
}
