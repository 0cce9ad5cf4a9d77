//! Starting another copy of this very program as a worker: `/proc/self/exe` with a subcommand.
//!
//! Owns that a worker inherits an environment it was given, the descriptors it was given at 3, 4, …,
//! standard error, and nothing else; and that it runs as the ids it was given. Secrets reach a
//! worker through its descriptors, never through arguments or environment.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::unistd::{Gid, Pid, Uid};

use crate::after_fork::{self, Identity};
use crate::spawn::{Program, SpawnError, fork_and_execute, stage};

/// Tells a worker how many descriptors it was given.
const GIVEN: &str = "USHER_WORKER_DESCRIPTORS";

/// The first descriptor given to a worker.
const FIRST_GIVEN: RawFd = 3;

static TAKEN: AtomicBool = AtomicBool::new(false);

/// The ids a worker runs as: no supplementary groups beyond the one named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceIds {
    /// Real, effective and saved uid.
    pub uid: Uid,
    /// Real, effective and saved gid.
    pub gid: Gid,
}

/// A worker about to be started.
#[derive(Debug)]
pub struct Worker<'a> {
    /// The arguments after the program name; argument zero is `name`.
    pub arguments: &'a [&'a str],
    /// Argument zero, shown by process listings.
    pub name: &'a str,
    /// Its whole environment.
    pub environment: &'a [(String, String)],
    /// Whom it becomes; `None` keeps the ids of this process.
    pub ids: Option<ServiceIds>,
    /// Placed at 3, 4, … in this order.
    pub descriptors: &'a [BorrowedFd<'a>],
}

impl Worker<'_> {
    /// Starts it, in a process group of its own so that a terminal's Ctrl-C reaches only the process that owns it.
    ///
    /// # Errors
    /// [`SpawnError`] names the step that failed; no program has run then.
    pub fn spawn(&self) -> Result<Pid, SpawnError> {
        let arguments = std::iter::once(&self.name)
            .chain(self.arguments)
            .map(|argument| argument.as_bytes().to_vec());
        let mut environment = self.environment.to_vec();
        environment.push((GIVEN.to_owned(), self.descriptors.len().to_string()));
        let program = Program::new(
            own_executable()?.into_os_string().into_vec(),
            arguments,
            &environment,
        )?;

        let null = stage(
            OpenOptions::new()
                .read(true)
                .write(true)
                .open("/dev/null")?,
        )?;
        let errors = stage(std::io::stderr())?;
        let given: Vec<OwnedFd> = self
            .descriptors
            .iter()
            .map(stage)
            .collect::<Result<_, _>>()?;
        let sources: Vec<RawFd> = [&null, &null, &errors]
            .into_iter()
            .chain(&given)
            .map(AsRawFd::as_raw_fd)
            .collect();
        let groups: Vec<Gid> = self.ids.iter().map(|ids| ids.gid).collect();
        let mut identity = self
            .ids
            .map(|ids| Identity::new(ids.uid, ids.gid, &groups, None));

        let prepare = || {
            after_fork::place_descriptors(&sources)?;
            let _ = nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0));
            if let Some(identity) = &mut identity {
                after_fork::become_user(identity)?;
            }
            after_fork::reset_signals();
            Ok(())
        };
        // SAFETY: `prepare` calls only `after_fork` functions and setpgid; everything it reads was
        // allocated above.
        unsafe { fork_and_execute(&program, prepare) }
    }

    /// The descriptors this process was given, if it is a worker; empty on every later call.
    /// The first thing a worker does.
    pub fn given_descriptors() -> Vec<OwnedFd> {
        if TAKEN.swap(true, Ordering::AcqRel) {
            return Vec::new();
        }
        let count = std::env::var(GIVEN)
            .ok()
            .and_then(|count| count.parse::<RawFd>().ok())
            .unwrap_or(0);
        (FIRST_GIVEN..FIRST_GIVEN.saturating_add(count.clamp(0, 16)))
            .filter_map(own)
            .collect()
    }
}

/// Takes ownership of an inherited descriptor and closes it on exec; `None` if it is not open.
fn own(descriptor: RawFd) -> Option<OwnedFd> {
    // SAFETY: fcntl with F_SETFD takes integers; a closed descriptor is a refused call.
    let open = unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) } == 0;
    // SAFETY: `Worker::spawn` placed this descriptor for us, and `TAKEN` lets nobody own it twice.
    open.then(|| unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// The running executable itself, not its path: the path may be unreadable to the worker's uid, or
/// name a newer file after an upgrade.
///
/// # Errors
/// On macOS, that the path cannot be found out.
#[cfg(target_os = "linux")]
pub fn own_executable() -> io::Result<PathBuf> {
    Ok(PathBuf::from("/proc/self/exe"))
}

/// The path of the running executable.
///
/// # Errors
/// Whatever the system answers.
#[cfg(not(target_os = "linux"))]
pub fn own_executable() -> io::Result<PathBuf> {
    std::env::current_exe()
}
