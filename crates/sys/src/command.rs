//! Starting a program without a terminal as an account.
//!
//! Owns what [`Login`](crate::Login) owns for shells: the program has the account's ids, groups and no capability, and
//! no descriptor but the three it was given. What it is and what it is told is the caller's decision.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::unistd::Pid;

use crate::account::Account;
use crate::after_fork;
use crate::login::{Becoming, Surroundings};
use crate::spawn::{Program, SpawnError, fork_and_execute, stage};

/// A program about to be started.
#[derive(Debug)]
pub struct Command<'a> {
    /// Whom it runs as.
    pub account: &'a Account,
    /// The file that is executed; no search path counts.
    pub program: &'a Path,
    /// Its arguments, argument zero first.
    pub arguments: &'a [&'a str],
    /// Its whole environment; nothing is inherited.
    pub environment: &'a [(String, String)],
    /// Its standard input, output and error.
    pub descriptors: [BorrowedFd<'a>; 3],
    /// What its processes are born into.
    pub surroundings: Surroundings<'a>,
}

impl Command<'_> {
    /// Starts it in the account's home directory (in `/` with a notice on standard error if that cannot be entered),
    /// with the umask of this process, leader of a session without a terminal. As an ordinary user no id changes, and the account must be
    /// that user.
    ///
    /// Call it from a single-threaded process: macOS sets the groups through its name service.
    ///
    /// # Errors
    /// [`SpawnError`] names the step that failed; no program has run then.
    pub fn spawn(&self) -> Result<Pid, SpawnError> {
        let program = Program::new(
            self.program.as_os_str().as_bytes(),
            self.arguments
                .iter()
                .map(|argument| argument.as_bytes().to_vec()),
            self.environment,
        )?;
        let staged: Vec<OwnedFd> = self
            .descriptors
            .iter()
            .map(stage)
            .collect::<Result<_, _>>()?;
        let sources: Vec<RawFd> = staged.iter().map(AsRawFd::as_raw_fd).collect();
        let mut becoming = Becoming::new(self.account, self.surroundings)?;

        let prepare = || {
            after_fork::lead_session_alone()?;
            after_fork::place_descriptors(&sources)?;
            becoming.become_account()
        };
        // SAFETY: `prepare` calls only `after_fork` functions and `Becoming`, which does the same; everything they read
        // was allocated above.
        unsafe { fork_and_execute(&program, prepare) }
    }
}
