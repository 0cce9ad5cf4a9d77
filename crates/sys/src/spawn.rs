//! Fork and exec with a report: the parent learns at which step a child failed, or that its program
//! runs.
//!
//! Owns the one `fork` of the workspace. The child runs only what `after_fork` holds and ends in
//! `execve` or `_exit`; it never returns into the caller's code.

use std::ffi::{CStr, CString};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::unistd::{ForkResult, Pid};

use crate::after_fork::{Failure, Stage};
use crate::descriptors::pipe;

/// Descriptors used by a child are first moved here, above every number it will assign, and low enough for a process
/// that may open few.
const STAGING: RawFd = 20;

/// Exit status of a child whose program never ran.
const NEVER_RAN: libc::c_int = 127;

/// Why a process could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The system refused another process or descriptor.
    #[error("the process could not be created: {0}")]
    Fork(io::Error),
    /// As many processes run as may: on the machine, in its cgroup or for the user it was to become.
    #[error("no further process may be started: a limit on processes is reached")]
    TooManyProcesses,
    /// The child failed before its program ran; it has ended.
    #[error("the process failed while {stage}: {errno}")]
    Child {
        /// What it was doing.
        stage: Stage,
        /// What the system answered.
        errno: Errno,
    },
    /// An argument or environment entry holds a NUL byte.
    #[error("an argument or environment entry holds a NUL byte")]
    NulByte,
}

impl From<io::Error> for SpawnError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // What fork answers beyond pids.max, RLIMIT_NPROC and the machine's own limits.
            io::ErrorKind::WouldBlock => Self::TooManyProcesses,
            _ => Self::Fork(error),
        }
    }
}

impl From<Errno> for SpawnError {
    fn from(errno: Errno) -> Self {
        io::Error::from(errno).into()
    }
}

/// A program with its arguments and environment, as `execve` wants them.
#[derive(Debug)]
pub(crate) struct Program {
    path: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

impl Program {
    pub(crate) fn new(
        path: impl Into<Vec<u8>>,
        arguments: impl IntoIterator<Item = Vec<u8>>,
        environment: &[(String, String)],
    ) -> Result<Self, SpawnError> {
        let c_string = |bytes: Vec<u8>| CString::new(bytes).map_err(|_| SpawnError::NulByte);
        Ok(Self {
            path: c_string(path.into())?,
            arguments: arguments
                .into_iter()
                .map(c_string)
                .collect::<Result<_, _>>()?,
            environment: environment
                .iter()
                .map(|(key, value)| c_string(format!("{key}={value}").into_bytes()))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// Moves a duplicate of `descriptor` above the numbers a child assigns; close-on-exec.
pub(crate) fn stage(descriptor: impl AsFd) -> Result<OwnedFd, Errno> {
    let raw = fcntl(&descriptor, FcntlArg::F_DUPFD_CLOEXEC(STAGING))?;
    // SAFETY: fcntl just made this descriptor; nobody else owns it.
    Ok(unsafe { std::os::fd::FromRawFd::from_raw_fd(raw) })
}

/// Forks; the child runs `prepare` and then executes `program`. Returns when the program runs.
///
/// # Safety
/// `prepare` must use async-signal-safe calls only and must not touch memory another thread may
/// hold locked: it runs between fork and exec.
pub(crate) unsafe fn fork_and_execute(
    program: &Program,
    prepare: impl FnOnce() -> Result<(), Failure>,
) -> Result<Pid, SpawnError> {
    let arguments = pointers(&program.arguments);
    let environment = pointers(&program.environment);
    let (report_read, report_write) = pipe()?;
    let report_write = stage(report_write)?;

    // SAFETY: the child below allocates nothing and ends in execve or _exit; what `prepare` does is
    // the caller's promise.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => {
            let (step, errno) = match prepare() {
                Ok(()) => {
                    // SAFETY: path, argument and environment pointers were made from live CStrings
                    // before the fork, and both lists end in a null pointer.
                    unsafe {
                        libc::execve(
                            program.path.as_ptr(),
                            arguments.as_ptr(),
                            environment.as_ptr(),
                        )
                    };
                    (Stage::Execute, Errno::last())
                }
                Err(failure) => failure,
            };
            let [a, b, c, d] = (errno as i32).to_ne_bytes();
            let report = [step as u8, a, b, c, d];
            // SAFETY: pointer and length are those of `report`, the descriptor is open.
            unsafe {
                libc::write(
                    report_write.as_raw_fd(),
                    report.as_ptr().cast(),
                    report.len(),
                )
            };
            // SAFETY: ends the child without running the parent's exit handlers.
            unsafe { libc::_exit(NEVER_RAN) }
        }
        ForkResult::Parent { child } => {
            drop(report_write);
            match read_report(report_read) {
                Some(failure) => {
                    let _ = nix::sys::wait::waitpid(child, None);
                    Err(failure)
                }
                None => Ok(child),
            }
        }
    }
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings
        .iter()
        .map(|string| CStr::as_ptr(string))
        .chain([std::ptr::null()])
        .collect()
}

/// Nothing in the pipe means that exec closed it: the program runs.
fn read_report(report: OwnedFd) -> Option<SpawnError> {
    let mut bytes = [0_u8; 5];
    std::fs::File::from(report).read_exact(&mut bytes).ok()?;
    let [step, errno @ ..] = bytes;
    let stage = Stage::from_byte(step).unwrap_or(Stage::Execute);
    Some(match (stage, Errno::from_raw(i32::from_ne_bytes(errno))) {
        // A uid beyond its RLIMIT_NPROC is told of it by exec, or by setuid on older kernels.
        (Stage::Execute | Stage::User, Errno::EAGAIN) => SpawnError::TooManyProcesses,
        (stage, errno) => SpawnError::Child { stage, errno },
    })
}
