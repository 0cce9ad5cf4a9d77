//! A client whose input and output are pipes, so that no terminal near the person can hide or change a byte.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::place::Place;
use crate::harness::boto3::Keys;
use crate::harness::process::Process;
use crate::harness::programs;

/// Which client holds a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// `usher start-session`.
    Usher,
    /// `aws ssm start-session`, which starts ours under the plugin's name.
    Aws,
}

/// A running client. What goes wrong is a sentence, because a soak goes on after it.
pub(crate) struct Piped {
    process: Process,
    stdin: Option<ChildStdin>,
    output: Receiver<Vec<u8>>,
    stderr: PathBuf,
    seen: Vec<u8>,
    until: Instant,
}

impl Piped {
    /// Starts a session and waits for its shell. All of it must be over within `patience`.
    pub(crate) fn start(
        place: &Place,
        client: Client,
        keys: &Keys,
        patience: Duration,
    ) -> Result<Self, String> {
        let mut piped = Self::open(place, client, keys, patience);
        piped.take_until(b"$ ")?;
        Ok(piped)
    }

    /// Starts a session that need not come to a shell.
    pub(crate) fn open(place: &Place, client: Client, keys: &Keys, patience: Duration) -> Self {
        place.until_connected();
        let mut command = match client {
            Client::Usher => place.command(keys, programs::usher().to_str().unwrap()),
            Client::Aws => place.command(keys, "aws"),
        };
        match client {
            Client::Usher => command.args(["start-session", place.node()]),
            Client::Aws => command.args(["ssm", "start-session", "--target", place.node()]),
        };
        Self::run(&mut command, place.scratch("client.err"), patience)
    }

    /// Starts any client; what it says on standard error goes to this file.
    pub(crate) fn run(command: &mut Command, stderr: PathBuf, patience: Duration) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().unwrap());
        Self {
            process: Process::new(child),
            stdin,
            output: read(stdout),
            stderr,
            seen: Vec::new(),
            until: Instant::now() + patience,
        }
    }

    /// What follows has this long from now.
    pub(crate) fn has_again(&mut self, patience: Duration) {
        self.until = Instant::now() + patience;
    }

    pub(crate) fn pid(&self) -> i32 {
        self.process.pid().as_raw_nonzero().get()
    }

    /// Writes all of it from a thread of its own, which hands the pipe back.
    pub(crate) fn send(&mut self, bytes: Vec<u8>) -> thread::JoinHandle<ChildStdin> {
        let mut stdin = self.stdin.take().unwrap();
        thread::spawn(move || {
            // A client that is gone is noticed where its output is missed.
            let _ = stdin.write_all(&bytes).and_then(|()| stdin.flush());
            stdin
        })
    }

    pub(crate) fn take_back(&mut self, sender: thread::JoinHandle<ChildStdin>) {
        self.stdin = Some(sender.join().unwrap());
    }

    /// Writes a few bytes.
    pub(crate) fn type_in(&mut self, bytes: &[u8]) {
        let sender = self.send(bytes.to_vec());
        self.take_back(sender);
    }

    /// Output up to this text, which is taken as well.
    pub(crate) fn take_until(&mut self, text: &[u8]) -> Result<Vec<u8>, String> {
        loop {
            let found = self
                .seen
                .windows(text.len())
                .position(|window| window == text);
            if let Some(at) = found {
                let before = self.seen[..at].to_vec();
                self.seen.drain(..at + text.len());
                return Ok(before);
            }
            self.more(&format!("{:?} was not seen", String::from_utf8_lossy(text)))?;
        }
    }

    /// So many bytes of output.
    pub(crate) fn take(&mut self, count: usize) -> Result<Vec<u8>, String> {
        while self.seen.len() < count {
            self.more(&format!("{} of {count} bytes came", self.seen.len()))?;
        }
        Ok(self.seen.drain(..count).collect())
    }

    /// All output that is left, up to its end.
    pub(crate) fn take_rest(&mut self) -> Vec<u8> {
        while self.more("").is_ok() {}
        std::mem::take(&mut self.seen)
    }

    /// Waits for the client's end.
    pub(crate) fn end(&mut self) -> Result<ExitStatus, String> {
        let left = self.until.saturating_duration_since(Instant::now());
        self.process
            .wait(left)
            .ok_or_else(|| self.complaint("the client did not end"))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// What the client has said on standard error.
    pub(crate) fn words(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    fn more(&mut self, missed: &str) -> Result<(), String> {
        let left = self.until.saturating_duration_since(Instant::now());
        match self.output.recv_timeout(left) {
            Ok(bytes) => {
                self.seen.extend_from_slice(&bytes);
                Ok(())
            }
            Err(RecvTimeoutError::Timeout) => Err(self.complaint(&format!("time is up: {missed}"))),
            Err(RecvTimeoutError::Disconnected) => {
                Err(self.complaint(&format!("the client ended: {missed}")))
            }
        }
    }

    fn complaint(&self, what: &str) -> String {
        let tail = &self.seen[self.seen.len().saturating_sub(400)..];
        let mut text = what.to_owned();
        let _ = write!(
            text,
            "\n--- its last output\n{}\n--- its words\n{}",
            String::from_utf8_lossy(tail).escape_debug(),
            self.words()
        );
        text
    }
}

fn read(mut stdout: ChildStdout) -> Receiver<Vec<u8>> {
    let (tell, told) = sync_channel(4);
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = stdout.read(&mut buffer) {
            if tell.send(buffer[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    told
}
