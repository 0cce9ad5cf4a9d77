//! A program on a real pseudo-terminal, watched by a terminal emulator.
//!
//! Every expectation has a deadline and moves on past what it matched. When one fails, the screen is shown as the
//! person would have seen it.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};

use super::DEADLINE;
use super::process::Process;

/// Everything the program has written, and the screen it makes.
struct Seen {
    bytes: Vec<u8>,
    /// Sizes that the terminal was given, each after so many bytes.
    sizes: Vec<(usize, (u16, u16))>,
    screen: vt100::Parser,
    closed: bool,
}

/// What came to a terminal, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Output(Vec<u8>),
    /// Columns and rows.
    Size(u16, u16),
}

/// Everything a person sees of a terminal: the cells with their attributes, and the cursor.
#[derive(PartialEq, Eq)]
pub(crate) struct Look {
    text: String,
    drawn: String,
    cursor: (u16, u16),
}

impl Look {
    /// What a screen shows.
    pub(crate) fn of(screen: &vt100::Screen) -> Self {
        Self {
            text: screen.contents(),
            drawn: screen.contents_formatted(),
            cursor: screen.cursor_position(),
        }
    }

    /// Whether the text stands somewhere on the screen.
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// The letters on it, without their looks.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// For a test that failed.
    pub(crate) fn describe(&self) -> String {
        let drawn = self.drawn.escape_debug();
        format!("{}\ncursor {:?}\n{drawn}", self.text, self.cursor)
    }
}

/// A running program and the terminal it runs on.
pub(crate) struct Terminal {
    master: File,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    before: String,
    position: usize,
    commands: usize,
    process: Process,
}

impl Terminal {
    /// Starts the command as a session leader on a new terminal of that size.
    pub(crate) fn start(command: &Command, cols: u16, rows: u16) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        tcsetwinsize(&master, winsize(cols, rows)).unwrap();
        let person_side = ioctl_tiocgptpeer(&master, flags).unwrap();

        // `setsid --ctty` makes the terminal the controlling one, which std cannot without unsafe code.
        let mut leader = Command::new("setsid");
        leader
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear();
        leader.envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        if let Some(directory) = command.get_current_dir() {
            leader.current_dir(directory);
        }
        let before = modes(&person_side);
        let end = || Stdio::from(person_side.try_clone().unwrap());
        let child = leader
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();

        let screen = vt100::Parser::new(length(rows), length(cols), 0);
        let seen = Arc::new((
            Mutex::new(Seen {
                bytes: Vec::new(),
                sizes: Vec::new(),
                screen,
                closed: false,
            }),
            Condvar::new(),
        ));
        let terminal = Self {
            master: File::from(master.try_clone().unwrap()),
            seen: Arc::clone(&seen),
            before,
            position: 0,
            commands: 0,
            process: Process::new(child),
        };
        std::thread::spawn(move || watch(master, &seen));
        terminal
    }

    /// Types the bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.master.write_all(bytes).unwrap();
    }

    /// Gives the terminal another size; the kernel tells the program.
    pub(crate) fn resize(&mut self, cols: u16, rows: u16) {
        tcsetwinsize(&self.master, winsize(cols, rows)).unwrap();
        let mut seen = self.seen.0.lock().unwrap();
        let after = seen.bytes.len();
        seen.sizes.push((after, (cols, rows)));
        let screen = seen.screen.screen_mut();
        screen.set_size(length(rows), length(cols));
    }

    /// All that came to the screen so far.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let seen = self.seen.0.lock().unwrap();
        let mut steps = Vec::new();
        let mut from = 0;
        for (after, (cols, rows)) in &seen.sizes {
            steps.push(Step::Output(seen.bytes[from..*after].to_vec()));
            steps.push(Step::Size(*cols, *rows));
            from = *after;
        }
        steps.push(Step::Output(seen.bytes[from..].to_vec()));
        steps
    }

    /// The screen as it is now.
    pub(crate) fn look(&self) -> Look {
        Look::of(self.seen.0.lock().unwrap().screen.screen())
    }

    /// Waits a moment for the program to write more.
    pub(crate) fn changes(&self) {
        let (seen, changed) = &*self.seen;
        let _ = changed.wait_timeout(seen.lock().unwrap(), Duration::from_millis(20));
    }

    /// Whether the terminal's modes are those it had before the program was started.
    pub(crate) fn is_as_before(&self) -> bool {
        modes(&self.master) == self.before
    }

    /// Waits for the text and hands back what came before it, as bytes.
    pub(crate) fn expect_bytes(&mut self, text: &str) -> Vec<u8> {
        let (seen, changed) = &*self.seen;
        let started = Instant::now();
        let mut seen = seen.lock().unwrap();
        let mut searched = self.position;
        loop {
            if let Some(at) = find(&seen.bytes[searched..], text.as_bytes()) {
                let before = seen.bytes[self.position..searched + at].to_vec();
                self.position = searched + at + text.len();
                return before;
            }
            // The match may begin in the last bytes that were searched already.
            searched = self
                .position
                .max(seen.bytes.len().saturating_sub(text.len()));
            let left = DEADLINE.checked_sub(started.elapsed());
            let Some(left) = left.filter(|_| !seen.closed) else {
                let what = if seen.closed {
                    "the program ended"
                } else {
                    "the deadline passed"
                };
                let (bytes, screen) = (
                    &seen.bytes[self.position..],
                    seen.screen.screen().contents(),
                );
                let tail = &bytes[bytes.len().saturating_sub(2000)..];
                let tail = String::from_utf8_lossy(tail).into_owned();
                drop(seen);
                panic!(
                    "{what} before {text:?} was seen\n--- since the last match\n{tail}\n--- screen\n{screen}"
                );
            };
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits for the text and hands back what came before it.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        String::from_utf8_lossy(&self.expect_bytes(text)).into_owned()
    }

    /// Waits for a shell's prompt, then takes away whatever the account's profile makes of it.
    pub(crate) fn expect_shell(&mut self) {
        self.expect("$ ");
        self.shell("PS1='$ '; PS2=; bind 'set enable-bracketed-paste off' 2>/dev/null");
    }

    /// Has the shell run the command; hands back its output, with line ends as the terminal sees them.
    pub(crate) fn shell(&mut self, command: &str) -> String {
        String::from_utf8_lossy(&self.shell_bytes(command)).into_owned()
    }

    /// As [`Terminal::shell`], for output that need not be text.
    pub(crate) fn shell_bytes(&mut self, command: &str) -> Vec<u8> {
        self.commands += 1;
        let n = self.commands;
        // The shell joins the words, so that its echo of the command line is not taken for the output.
        let line = format!("printf '%s%s\\n' be gin{n}; {command}; printf '%s%s\\n' e nd{n}\r");
        self.send(line.as_bytes());
        self.expect_bytes(&format!("begin{n}\r\n"));
        self.expect_bytes(&format!("end{n}\r\n"))
    }

    /// Kills the program as a crash would, without a chance to tidy up.
    pub(crate) fn kill(&self) {
        self.process.signal(Signal::KILL);
    }

    /// Waits for the program's end; hands back its status and all it wrote since the last match.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        let status = self.process.wait(DEADLINE);
        let (seen, changed) = &*self.seen;
        let closed =
            changed.wait_timeout_while(seen.lock().unwrap(), DEADLINE, |seen| !seen.closed);
        let seen = closed.unwrap().0;
        let rest = String::from_utf8_lossy(&seen.bytes[self.position..]).into_owned();
        drop(seen);
        (
            status.unwrap_or_else(|| panic!("the program did not end; it last wrote {rest:?}")),
            rest,
        )
    }
}

fn watch(master: OwnedFd, seen: &(Mutex<Seen>, Condvar)) {
    let mut master = File::from(master);
    let mut buffer = vec![0; 64 * 1024];
    // The read fails with EIO once nobody holds the person's side any more: that is the end, behind what one more
    // read may find, because the kernel looks for bytes before it looks whether anybody is left.
    while let Ok(length @ 1..) = master
        .read(&mut buffer)
        .or_else(|_| master.read(&mut buffer))
    {
        let mut seen_now = seen.0.lock().unwrap();
        seen_now.bytes.extend_from_slice(&buffer[..length]);
        seen_now.screen.process(&buffer[..length]);
        drop(seen_now);
        seen.1.notify_all();
    }
    seen.0.lock().unwrap().closed = true;
    seen.1.notify_all();
}

/// The modes in words: rustix gives them no equality.
fn modes(terminal: impl AsFd) -> String {
    format!("{:?}", tcgetattr(terminal).unwrap())
}

fn winsize(cols: u16, rows: u16) -> Winsize {
    Winsize {
        ws_col: cols,
        ws_row: rows,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

fn length(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).unwrap()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
