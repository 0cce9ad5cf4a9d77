//! A program on a pseudo-terminal, driven by one thread: what is measured is the program, not the bench.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::error::BenchError;

/// Nothing that is measured takes this long; beyond it something hangs.
const DEADLINE: Duration = Duration::from_secs(120);

/// More than the kernel gives at once.
const BLOCK: usize = 64 * 1024;

/// How much of what was seen is shown when something else was awaited.
const SHOWN: usize = 2000;

/// A running program and its terminal. Dropping it hangs the terminal up and kills what still runs.
pub(crate) struct Terminal {
    master: File,
    child: Child,
    /// Read and not yet passed by.
    seen: Vec<u8>,
    block: Vec<u8>,
}

impl Terminal {
    /// Starts the command as the leader of a session on a terminal of 80 by 24.
    pub(crate) fn start(command: &Command) -> Result<Self, BenchError> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let size = Winsize {
            ws_col: 80,
            ws_row: 24,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size)?;
        let person_side = ioctl_tiocgptpeer(&master, flags)?;

        // `setsid --ctty` makes the terminal the controlling one, which std cannot without unsafe code. It becomes
        // the program by exec, so the child is the program.
        let mut leader = Command::new("setsid");
        leader
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        let child = leader
            .stdin(Stdio::from(person_side.try_clone()?))
            .stdout(Stdio::from(person_side.try_clone()?))
            .stderr(Stdio::from(person_side))
            .spawn()
            .map_err(|source| BenchError::NotStarted {
                line: format!("{command:?}"),
                source,
            })?;
        Ok(Self {
            master: File::from(master),
            child,
            seen: Vec::new(),
            block: vec![0; BLOCK],
        })
    }

    /// The process id of the program.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Types the bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), BenchError> {
        Ok(self.master.write_all(bytes)?)
    }

    /// Waits for the text and passes by it.
    pub(crate) fn expect(&mut self, text: &str) -> Result<(), BenchError> {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(at) = find(&self.seen, text.as_bytes()) {
                self.seen.drain(..at + text.len());
                return Ok(());
            }
            if self.read(until)? == 0 {
                return Err(self.not_seen(text));
            }
        }
    }

    /// Passes by exactly `count` bytes, whatever they are.
    pub(crate) fn pass(&mut self, count: usize) -> Result<(), BenchError> {
        let until = Instant::now() + DEADLINE;
        let mut left = count;
        loop {
            let passed = self.seen.len().min(left);
            self.seen.drain(..passed);
            left -= passed;
            if left == 0 {
                return Ok(());
            }
            if self.read(until)? == 0 {
                return Err(self.not_seen(&format!("{left} more bytes")));
            }
        }
    }

    /// Waits for the program's own end.
    pub(crate) fn end(mut self) -> Result<(), BenchError> {
        let until = Instant::now() + DEADLINE;
        while self.read(until)? > 0 {
            self.seen.clear();
        }
        self.child.wait()?;
        Ok(())
    }

    /// Reads what there is, waiting for something; 0 at the end or when the time is up.
    fn read(&mut self, until: Instant) -> Result<usize, BenchError> {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        let mut wait = [PollFd::new(&self.master, PollFlags::IN)];
        if poll(&mut wait, Some(&left))? == 0 {
            return Ok(0);
        }
        match self.master.read(&mut self.block) {
            Ok(count) => {
                self.seen
                    .extend_from_slice(self.block.get(..count).unwrap_or_default());
                Ok(count)
            }
            // Linux says EIO when nobody holds the other side any more.
            Err(error) if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    fn not_seen(&self, awaited: &str) -> BenchError {
        let tail = self.seen.len().saturating_sub(SHOWN);
        BenchError::NotSeen {
            awaited: awaited.to_owned(),
            shown: String::from_utf8_lossy(self.seen.get(tail..).unwrap_or_default()).into_owned(),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Both fail for a program that has ended, which is as it should be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
