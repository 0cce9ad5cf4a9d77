//! Starting a login shell on a pseudo-terminal as an account.
//!
//! Owns invariant 1 of the design: the shell has the account's ids, groups and no capability, and no
//! descriptor beyond its terminal. Takes an [`Account`] and a [`Pty`], so neither an unverified name
//! nor a foreign terminal can reach it. The environment is the caller's decision.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;

use nix::sys::stat::{Mode, umask};
use nix::unistd::Pid;

use crate::account::Account;
use crate::after_fork::{self, Identity};
use crate::process::running_as_root;
use crate::pty::Pty;
use crate::spawn::{Program, SpawnError, fork_and_execute, stage};

/// A login shell about to be started.
#[derive(Debug)]
pub struct Login<'a> {
    /// Whom it runs as.
    pub account: &'a Account,
    /// Its terminal, opened for the same account.
    pub pty: &'a Pty,
    /// Its whole environment; nothing is inherited.
    pub environment: &'a [(String, String)],
}

impl Login<'_> {
    /// Starts the account's login shell, `-` first in its argument zero, in its home directory (in
    /// `/` with a notice on the terminal if that cannot be entered), umask 022, leader of its own
    /// session. As an ordinary user no id changes, and the account must be that user.
    ///
    /// Call it from a single-threaded process: macOS sets the groups through its name service.
    ///
    /// # Errors
    /// [`SpawnError`] names the step that failed; no program has run then.
    pub fn spawn(&self) -> Result<Pid, SpawnError> {
        let account = self.account;
        let shell = account.shell();
        let mut argument_zero = b"-".to_vec();
        argument_zero.extend(shell.file_name().unwrap_or(shell.as_os_str()).as_bytes());
        let program = Program::new(
            shell.as_os_str().as_bytes(),
            [argument_zero],
            self.environment,
        )?;

        let home = std::ffi::CString::new(account.home().as_os_str().as_bytes())
            .map_err(|_| SpawnError::NulByte)?;
        let notice = format!(
            "The home directory {} cannot be entered; this session starts in / instead.\n",
            account.home().display()
        );
        let terminal = stage(self.pty.slave())?;
        let as_root = running_as_root();
        let mut identity = Identity::new(
            account.uid(),
            account.gid(),
            account.groups(),
            Some(account.c_name()),
        );

        let prepare = || {
            enter_terminal(terminal.as_fd())?;
            if as_root {
                after_fork::become_user(&mut identity)?;
            } else {
                after_fork::prove_unprivileged(identity.uid, identity.gid)?;
            }
            umask(Mode::S_IWGRP | Mode::S_IWOTH);
            after_fork::enter_directory(&home, notice.as_bytes())?;
            after_fork::reset_signals();
            Ok(())
        };
        // SAFETY: `prepare` calls only `after_fork` functions and umask; everything it reads was
        // allocated above.
        unsafe { fork_and_execute(&program, prepare) }
    }
}

fn enter_terminal(terminal: BorrowedFd<'_>) -> Result<(), after_fork::Failure> {
    after_fork::lead_session(terminal)?;
    let raw = terminal.as_raw_fd();
    after_fork::place_descriptors(&[raw, raw, raw])
}
