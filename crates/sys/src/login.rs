//! Starting a login shell, or a command in its place, on a pseudo-terminal as an account.
//!
//! Owns invariant 1 of the design: the shell has the account's ids, groups and no capability, and no
//! descriptor beyond its terminal. Takes an [`Account`] and a [`Pty`], so neither an unverified name
//! nor a foreign terminal can reach it. The environment is the caller's decision.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::unistd::Pid;

use crate::account::Account;
use crate::after_fork::{self, Identity};
use crate::cgroup::Cgroup;
use crate::limits::Limits;
use crate::process::running_as_root;
use crate::pty::Pty;
use crate::spawn::{Program, SpawnError, fork_and_execute, stage};

/// A login shell, or a command, about to be started.
#[derive(Debug)]
pub struct Login<'a> {
    /// Whom it runs as.
    pub account: &'a Account,
    /// Its terminal, opened for the same account.
    pub pty: &'a Pty,
    /// What runs on the terminal in place of the login shell: a file, and arguments from argument zero on.
    pub command: Option<(&'a Path, &'a [&'a str])>,
    /// Its whole environment; nothing is inherited.
    pub environment: &'a [(String, String)],
    /// What its processes are born into.
    pub surroundings: Surroundings<'a>,
}

/// What the processes of a login are born into; by default all of it is as for this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    /// Their resource limits.
    pub limits: Option<&'a Limits>,
    /// Their cgroup, which they cannot leave.
    pub cgroup: Option<&'a Cgroup>,
}

impl Login<'_> {
    /// Starts the account's login shell, `-` first in its argument zero, or the command in its place, in the home
    /// directory (in `/` with a notice on the terminal if that cannot be entered), with the umask of this process,
    /// leader of its own session. As an ordinary user no id changes, and the account must be that user.
    ///
    /// Call it from a single-threaded process: macOS sets the groups through its name service.
    ///
    /// # Errors
    /// [`SpawnError`] names the step that failed; no program has run then.
    pub fn spawn(&self) -> Result<Pid, SpawnError> {
        let program = match self.command {
            None => self.login_shell()?,
            Some((program, arguments)) => Program::new(
                program.as_os_str().as_bytes(),
                arguments
                    .iter()
                    .map(|argument| argument.as_bytes().to_vec()),
                self.environment,
            )?,
        };
        let terminal = stage(self.pty.slave())?;
        let mut becoming = Becoming::new(self.account, self.surroundings)?;

        let prepare = || {
            enter_terminal(terminal.as_fd())?;
            becoming.become_account()
        };
        // SAFETY: `prepare` calls only `after_fork` functions and `Becoming`, which does the same; everything they read
        // was allocated above.
        unsafe { fork_and_execute(&program, prepare) }
    }

    fn login_shell(&self) -> Result<Program, SpawnError> {
        let shell = self.account.shell();
        let mut argument_zero = b"-".to_vec();
        argument_zero.extend(shell.file_name().unwrap_or(shell.as_os_str()).as_bytes());
        Program::new(
            shell.as_os_str().as_bytes(),
            [argument_zero],
            self.environment,
        )
    }
}

/// What a child needs to take on an account, allocated before the fork.
#[derive(Debug)]
pub(crate) struct Becoming<'a> {
    identity: Identity<'a>,
    home: CString,
    notice: String,
    limits: Option<&'a Limits>,
    /// `cgroup.procs` of the cgroup to join.
    members: Option<OwnedFd>,
    as_root: bool,
}

impl<'a> Becoming<'a> {
    pub(crate) fn new(
        account: &'a Account,
        surroundings: Surroundings<'a>,
    ) -> Result<Self, SpawnError> {
        let home =
            CString::new(account.home().as_os_str().as_bytes()).map_err(|_| SpawnError::NulByte)?;
        let notice = format!(
            "The home directory {} cannot be entered; this session starts in / instead.\n",
            account.home().display()
        );
        let identity = Identity::new(
            account.uid(),
            account.gid(),
            account.groups(),
            Some(account.c_name()),
        );
        Ok(Self {
            identity,
            home,
            notice,
            limits: surroundings.limits,
            members: surroundings.cgroup.map(Cgroup::members).transpose()?,
            as_root: running_as_root(),
        })
    }

    /// The last steps of a child before its program, async-signal-safe like all of `after_fork`.
    pub(crate) fn become_account(&mut self) -> Result<(), after_fork::Failure> {
        if let Some(members) = &self.members {
            after_fork::join_cgroup(members.as_fd())?;
        }
        after_fork::forgo_memory_protection();
        if let Some(limits) = self.limits {
            limits.take_on()?;
        }
        if self.as_root {
            after_fork::become_user(&mut self.identity)?;
        } else {
            after_fork::prove_unprivileged(self.identity.uid, self.identity.gid)?;
        }
        after_fork::enter_directory(&self.home, self.notice.as_bytes())?;
        after_fork::reset_signals();
        Ok(())
    }
}

fn enter_terminal(terminal: BorrowedFd<'_>) -> Result<(), after_fork::Failure> {
    after_fork::lead_session(terminal)?;
    let raw = terminal.as_raw_fd();
    after_fork::place_descriptors(&[raw, raw, raw])
}
