//! A program on a real pseudo-terminal, as session leader, so that keys become signals where the modes say so.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::program::DEADLINE;

/// The person's side of a terminal with a program on it.
pub(crate) struct Terminal {
    master: File,
    // Kept open: the last close of this side would end the reading thread before the program's output was read.
    _person_side: OwnedFd,
    chunks: mpsc::Receiver<Vec<u8>>,
    seen: Vec<u8>,
    before: String,
    child: Child,
}

impl Terminal {
    /// Starts `command` on a new terminal of 80 columns and 24 rows.
    pub(crate) fn start(command: &Command) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        tcsetwinsize(&master, size(80, 24)).unwrap();
        let person_side = ioctl_tiocgptpeer(&master, flags).unwrap();
        let end = || Stdio::from(person_side.try_clone().unwrap());

        let command = command.as_std();
        // `setsid --ctty` makes the terminal the controlling one, which std cannot without unsafe code.
        let mut leader = Command::new("setsid");
        leader
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .kill_on_drop(true);
        leader.envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let before = modes(&person_side);
        let child = leader
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();

        let (sender, chunks) = mpsc::channel(64);
        let mut reader = File::from(master.try_clone().unwrap());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if sender.blocking_send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            master: master.into(),
            _person_side: person_side,
            chunks,
            seen: Vec::new(),
            before,
            child,
        }
    }

    /// Types.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.master.write_all(bytes).unwrap();
    }

    /// Gives the window another size.
    pub(crate) fn resize(&self, cols: u16, rows: u16) {
        tcsetwinsize(&self.master, size(cols, rows)).unwrap();
    }

    /// Signals the program, and nobody else.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Waits for the text and takes it from the screen; what came before it.
    pub(crate) async fn expect(&mut self, text: &str) -> String {
        let found = async {
            loop {
                let at = self
                    .seen
                    .windows(text.len())
                    .position(|window| window == text.as_bytes());
                if let Some(at) = at {
                    let rest = self.seen.split_off(at + text.len());
                    let before = std::mem::replace(&mut self.seen, rest);
                    return String::from_utf8_lossy(&before[..at]).into_owned();
                }
                let chunk = self.chunks.recv().await.unwrap();
                self.seen.extend_from_slice(&chunk);
            }
        };
        let Ok(before) = tokio::time::timeout(DEADLINE, found).await else {
            panic!(
                "{text:?} does not come; there is {:?}",
                String::from_utf8_lossy(&self.seen)
            );
        };
        before
    }

    /// Whether the modes are those from before the program was started.
    pub(crate) fn is_as_before(&self) -> bool {
        modes(&self.master) == self.before
    }

    /// Waits for the program's end.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        tokio::time::timeout(DEADLINE, self.child.wait())
            .await
            .expect("the program did not end")
            .unwrap()
    }
}

fn size(cols: u16, rows: u16) -> Winsize {
    Winsize {
        ws_col: cols,
        ws_row: rows,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

fn modes(terminal: impl AsFd) -> String {
    format!("{:?}", tcgetattr(terminal).unwrap())
}
