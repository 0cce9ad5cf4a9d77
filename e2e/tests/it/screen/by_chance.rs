//! Full-screen programs, keys and sizes by chance: what the recording plays back is what the person's terminal showed, for
//! two more terminal emulators.
//!
//! `USHER_SCREENS=100` judges so many sessions, as `cargo xtask soak` does; `USHER_SCREEN=17` judges that one alone. A
//! resize reaches the person's terminal and the recording at different bytes, so each session ends in a screen that its
//! program has drawn anew since.

use std::fmt::Write;
use std::fs;
use std::ops::Range;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::PROGRAMS;
use super::stream::{Stream, end_alike};
use crate::fixtures::{BY_DEFAULT, ByDefault};
use crate::harness::process::output_of;
use crate::harness::random::Random;
use crate::harness::skip::{Need, lacks};
use crate::harness::terminal::Terminal;
use crate::harness::{DEADLINE, programs};

/// Typed by a person in vim.
const VIM: [&str; 14] = [
    "77Gzz",
    "G",
    "gg",
    ":vsplit\r",
    ":split\r",
    ":only\r",
    "\x17w",
    "odrei 世界 e\u{301} 🎉\x1b",
    "Aend\x1b",
    "u",
    ":set number!\r",
    ":set hlsearch\r/wide\r",
    "\x06",
    "\x02",
];

/// In less.
const LESS: [&str; 8] = [" ", "b", "d", "u", "G", "g", "120g", "/wide\r"];

/// In tmux, whose prefix is Ctrl-B, and the shells in its panes.
const TMUX: [&str; 9] = [
    "\x02%",
    "\x02\"",
    "\x02o",
    "\x02z",
    "\x02 ",
    "seq 90\r",
    "cat wide\r",
    "clear\r",
    "echo 世界 e\u{301}\r",
];

/// In a shell.
const SHELL: [&str; 5] = [
    "cat wide\r",
    "seq 90\r",
    "clear\r",
    "echo 世界世界世界 e\u{301}\x1b[D\x1b[Dx\r",
    "printf '\\033[1;32mgreen\\033[44mblue\\033[0m\\033[3A\\n'\r",
];

/// What is played with, and how it is made to draw all anew.
struct Program {
    start: String,
    /// What is seen once it takes keys.
    ready: &'static str,
    keys: &'static [&'static str],
    settle: String,
    quit: &'static str,
    /// What is seen until the shell is back.
    farewell: &'static [&'static str],
}

fn program(seed: u64) -> Program {
    // The shell and the editor join the words, so that the echo of what is typed is not taken for what it draws.
    match seed % 4 {
        0 => Program {
            start: "vim -u NONE -N -n wide".to_owned(),
            ready: "世界",
            keys: &VIM,
            settle: format!("\x1b\x1b:only\r:redraw!\r:echo 'drawn' . 'anew{seed}'\r"),
            quit: "\x1b:qall!\r",
            farewell: &["$ "],
        },
        1 => Program {
            start: "less -R wide".to_owned(),
            ready: "世界",
            keys: &LESS,
            settle: "gGr".to_owned(),
            quit: "q",
            farewell: &["$ "],
        },
        2 => Program {
            start: format!(
                "tmux -L screen{seed} -f tmux.conf new-session \"echo re'ady'; exec sh\""
            ),
            ready: "ready",
            keys: &TMUX,
            settle: "\x02Q".to_owned(),
            quit: "tmux kill-server\r",
            farewell: &["[server exited]", "$ "],
        },
        _ => Program {
            start: "echo re'ady'".to_owned(),
            ready: "ready",
            keys: &SHELL,
            settle: format!("\rclear; cat wide; echo drawn'anew{seed}'\r"),
            quit: "\r",
            farewell: &["$ "],
        },
    }
}

fn size(random: &mut Random) -> (u16, u16) {
    let cells = |count: u64| u16::try_from(count).unwrap();
    (
        cells(random.between(40, 160)),
        cells(random.between(12, 50)),
    )
}

/// Lines with every kind of character that takes another width than a byte has; the last says which seed it is.
fn wide_lines(seed: u64) -> String {
    let mut text = String::new();
    for line in 1..150 {
        let (long, colour) = ("界".repeat(line % 40), line % 8);
        let _ = writeln!(
            text,
            "{line}\twide 世界{long} e\u{301} 🎉 \x1b[3{colour}mred\x1b[0m"
        );
    }
    let _ = writeln!(text, "drawnanew{seed}");
    text
}

/// Keys of a program come faster than a person's, and are no paste. Q begins anew in one pane that has the whole window, so
/// that the words stay together, whatever the shells are at.
fn tmux_conf(seed: u64) -> String {
    format!(
        "set -g status off\nset -g assume-paste-time 0\n\
         bind Q kill-pane -a \\; respawn-pane -k \"echo drawn'anew{seed}'; exec sh\"\n"
    )
}

/// Writes a file that belongs to whom the directory belongs to.
fn fill(directory: &Path, name: &str, text: &str) {
    let file = directory.join(name);
    fs::write(&file, text).unwrap();
    let owner = fs::metadata(directory).unwrap();
    chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
}

/// One session from its start to its end; its seed says everything.
fn judge(fixture: &ByDefault, seed: u64) {
    let mut random = Random::new(seed);
    let program = program(seed);
    let (cols, rows) = size(&mut random);
    let dev = &fixture.dev;
    let mut usher = dev.command(&fixture.bob.keys, programs::usher().to_str().unwrap());
    usher.args(["start-session", dev.node()]);
    let mut terminal = Terminal::start(&usher, cols, rows);
    terminal.expect_shell();
    let session = terminal
        .shell("echo $USHER_SESSION_ID")
        .trim_end()
        .to_owned();
    // A directory of its own, since sessions of one OS user have one home.
    let directory = terminal.shell(&format!(
        "export LESSHISTFILE=- HISTFILE=; mkdir -p screen{seed}; cd screen{seed}; pwd"
    ));
    let directory = Path::new(directory.trim_end());
    fill(directory, "wide", &wide_lines(seed));
    fill(directory, "tmux.conf", &tmux_conf(seed));
    terminal.send(format!("clear; {}\r", program.start).as_bytes());
    terminal.expect(program.ready);
    for _ in 0..random.between(4, 16) {
        if random.between(0, 2) == 0 {
            for _ in 0..random.between(1, 9) {
                let (cols, rows) = size(&mut random);
                terminal.resize(cols, rows);
            }
        }
        terminal.send(random.one_of(program.keys).as_bytes());
    }
    terminal.send(program.settle.as_bytes());
    terminal.expect(&format!("drawnanew{seed}"));

    let started = Instant::now();
    loop {
        let mut play = dev.command(&dev.admin(), programs::usher().to_str().unwrap());
        let cast = output_of(play.args(["play", "--cast", &session]));
        let seen = Stream {
            cols,
            rows,
            steps: terminal.steps(),
        };
        match end_alike(&seen, &Stream::of_cast(&cast)) {
            Ok(()) => break,
            Err(difference) => assert!(
                started.elapsed() < DEADLINE,
                "seed {seed}: seen and played differ: {difference}\n{}",
                terminal.look().describe()
            ),
        }
    }
    terminal.send(program.quit.as_bytes());
    for text in program.farewell {
        terminal.expect(text);
    }
    terminal.send(b"exit\r");
    terminal.end();
}

fn seeds() -> Range<u64> {
    let number = |name: &str| Some(std::env::var(name).ok()?.parse::<u64>().unwrap());
    match number("USHER_SCREEN") {
        Some(seed) => seed..seed + 1,
        None => 0..number("USHER_SCREENS").unwrap_or(8),
    }
}

#[test]
fn what_programs_drew_by_chance_plays_back_for_two_more_emulators() {
    if lacks(&PROGRAMS) || lacks(&[Need::Emulators]) {
        return;
    }
    let fixture: Arc<ByDefault> = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    for seed in seeds() {
        judge(&fixture, seed);
        println!("seed {seed}: played as seen");
    }
}
