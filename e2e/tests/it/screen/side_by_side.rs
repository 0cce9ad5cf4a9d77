//! One program in a session and on a local terminal at once.

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use crate::fixtures::{BY_DEFAULT, ByDefault};
use crate::harness::DEADLINE;
use crate::harness::process::output_of;
use crate::harness::programs;
use crate::harness::terminal::{Look, Terminal};

/// Two shells of one OS user.
pub(super) struct SideBySide {
    session: Terminal,
    local: Terminal,
    // Last, so that the shells are gone before their server and their OS user.
    fixture: Arc<ByDefault>,
}

impl SideBySide {
    /// Opens both at this size, with our own client.
    pub(super) fn start(cols: u16, rows: u16) -> Self {
        let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
        let dev = &fixture.dev;
        let mut usher = dev.command(&fixture.bob.keys, programs::usher().to_str().unwrap());
        usher.args(["start-session", dev.node()]);
        let mut session = Terminal::start(&usher, cols, rows);
        let mut local = Terminal::start(&local_shell(fixture.os_user.name()), cols, rows);
        for terminal in [&mut session, &mut local] {
            terminal.expect_shell();
            terminal.shell("cd; export LESSHISTFILE=- HISTFILE=");
        }
        Self {
            session,
            local,
            fixture,
        }
    }

    /// Runs a command in one shell whose effect both see, as they have one home.
    pub(super) fn prepare(&mut self, command: &str) {
        self.local.shell(command);
    }

    /// Types the same into both.
    pub(super) fn send(&mut self, keys: &str) {
        self.session.send(keys.as_bytes());
        self.local.send(keys.as_bytes());
    }

    /// Types another word into each, such as a name that only one may use.
    pub(super) fn send_each(&mut self, session: &str, local: &str) {
        self.session.send(session.as_bytes());
        self.local.send(local.as_bytes());
    }

    /// Gives both another size.
    pub(super) fn resize(&mut self, cols: u16, rows: u16) {
        self.session.resize(cols, rows);
        self.local.resize(cols, rows);
    }

    /// Waits until both have written the text.
    pub(super) fn expect(&mut self, text: &str) {
        self.session.expect(text);
        self.local.expect(text);
    }

    /// The id of the session.
    pub(super) fn session_id(&mut self) -> String {
        let id = self.session.shell("echo $USHER_SESSION_ID");
        id.trim_end().to_owned()
    }

    /// The recording of the session so far, as asciicast.
    pub(super) fn recording(&self, session_id: &str) -> String {
        let dev = &self.fixture.dev;
        let mut usher = dev.command(&dev.admin(), programs::usher().to_str().unwrap());
        output_of(usher.args(["play", "--cast", session_id]))
    }

    /// What the person sees of the session now.
    pub(super) fn seen(&self) -> Look {
        self.session.look()
    }

    /// Waits until the local screen shows the text and the session's looks exactly like it.
    pub(super) fn agree_on(&self, text: &str) {
        let started = Instant::now();
        loop {
            let (local, session) = (self.local.look(), self.session.look());
            if local == session && local.contains(text) {
                return;
            }
            assert!(
                started.elapsed() < DEADLINE,
                "no agreement on {text:?}\n--- local\n{}\n--- session\n{}",
                Look::describe(&local),
                Look::describe(&session)
            );
            self.session.changes();
        }
    }
}

/// A login shell as the agent makes one.
fn local_shell(user: &str) -> Command {
    let home = format!("/home/{user}");
    let mut shell = Command::new("setpriv");
    shell.args(["--reuid", user, "--regid", user, "--init-groups"]);
    shell.args(["bash", "-l"]);
    shell.current_dir(&home).env_clear();
    for (name, value) in [
        ("HOME", home.as_str()),
        ("USER", user),
        ("LOGNAME", user),
        ("SHELL", "/bin/bash"),
        (
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ),
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
    ] {
        shell.env(name, value);
    }
    shell
}
