//! Children: who they are, how they ended, how they are killed.
//!
//! Everything here names direct children of this process. Their ids cannot be reused before
//! [`reap`] takes them, so a signal never reaches a stranger. With [`adopt_orphans`] the children of
//! a dead child become our own, and killing all children again and again empties the whole tree,
//! background jobs and new sessions included. macOS has no adoption: there it is the terminal session that is emptied.

use std::io;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill as send_signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, Uid};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

/// A child that has ended and was taken from the process table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exited {
    /// Its process id, free for reuse from now on.
    pub pid: Pid,
    /// How it ended.
    pub status: ExitStatus,
}

/// The machine's host name; empty if it has none that is text.
pub fn host_name() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .unwrap_or_default()
}

/// Whether the effective uid of this process is 0.
pub fn running_as_root() -> bool {
    Uid::effective().is_root()
}

/// Sets the umask that a login starts with, 022, whatever this process was started with.
pub fn reset_umask() {
    use nix::sys::stat::{Mode, umask};
    umask(Mode::S_IWGRP | Mode::S_IWOTH);
}

/// Sets the scheduling priority of programs that nobody favours, 0, whatever this process was started with.
///
/// # Errors
/// Whatever the system answers.
pub fn set_usual_priority() -> io::Result<()> {
    // SAFETY: setpriority takes integers; 0 stands for this process.
    Errno::result(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 0) })?;
    Ok(())
}

/// Makes `uid` the one that the kernel's audit holds accountable for what this process and its children do, whoever
/// they become. Does nothing where there is no audit, and elsewhere than on Linux.
///
/// # Errors
/// Whatever the system answers, for instance that another one was set before and cannot be changed.
pub fn set_audit_user(uid: Uid) -> io::Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    match std::fs::write("/proc/self/loginuid", uid.to_string()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        written => written,
    }
}

/// Takes one ended child from the process table; `None` when none has ended, or there is none.
pub fn reap() -> Option<Exited> {
    loop {
        match waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) => {
                let status = ExitStatus::Code(code);
                return Some(Exited { pid, status });
            }
            Ok(WaitStatus::Signaled(pid, signal, _)) => {
                let status = ExitStatus::Signal(signal as i32);
                return Some(Exited { pid, status });
            }
            Ok(WaitStatus::StillAlive) => return None,
            // A stop or a trace event is no end; a signal only interrupts.
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return None,
        }
    }
}

/// Ends a child at once. A child that has already ended is no error.
pub fn kill(child: Pid) {
    let _ = send_signal(child, Signal::SIGKILL);
}

/// Hangs up on the process group a child leads, as a closed terminal does.
pub fn hang_up(leader: Pid) {
    let _ = killpg(leader, Signal::SIGHUP);
}

/// Sends a signal to the process group that a child leads. A group that is gone is no error.
pub fn signal_group(leader: Pid, signal: Signal) {
    let _ = killpg(leader, signal);
}

/// Kills every direct child but `spared`, and says whether there was any. Called again after each
/// [`reap`] until there is none, it empties the whole tree of a process that adopts orphans. Where
/// there is no adoption, on macOS, it kills those in the terminal session that `leader` leads or led: what has made a
/// session of its own is not found, nor is anything without a leader.
///
/// # Errors
/// Whatever listing the processes answers; on macOS also `TimedOut` if one of them does not end.
pub fn kill_children(leader: Option<Pid>, spared: &[Pid]) -> io::Result<bool> {
    #[cfg(target_os = "linux")]
    {
        let _ = leader;
        kill_own_children(spared)
    }
    #[cfg(target_os = "macos")]
    {
        let _ = spared;
        leader.map_or(Ok(false), |leader| {
            crate::process_table::end(crate::process_table::Of::Session(leader))
        })
    }
}

#[cfg(target_os = "linux")]
fn kill_own_children(spared: &[Pid]) -> io::Result<bool> {
    let mut found = false;
    for child in children()? {
        if !spared.contains(&child) {
            kill(child);
            found = true;
        }
    }
    Ok(found)
}

/// Ends this process by SIGALRM unless it is called again within `seconds`; 0 calls the end off.
/// A last resort against name services and file systems that never answer.
pub fn deadline(seconds: u32) {
    if seconds == 0 {
        nix::unistd::alarm::cancel();
    } else {
        nix::unistd::alarm::set(seconds);
    }
}

/// Makes this process the parent of every descendant whose own parent ends (Linux; elsewhere they
/// go to the first process and a process group is all there is).
///
/// # Errors
/// Whatever the system answers.
pub fn adopt_orphans() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_child_subreaper(true)?;
    Ok(())
}

/// Has this process sent SIGTERM when the one that started it ends, however it ends.
///
/// # Errors
/// Whatever the system answers.
pub fn end_with_parent() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(Signal::SIGTERM)?;
    #[cfg(target_os = "macos")]
    crate::process_table::terminate_with(nix::unistd::getppid())?;
    Ok(())
}

/// Forbids other processes of the same uid to trace this one; on Linux also to read its memory or its core.
///
/// # Errors
/// Whatever the system answers.
pub fn forbid_tracing() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_dumpable(false)?;
    #[cfg(target_os = "macos")]
    // SAFETY: this request reads neither the process, the address nor the data.
    Errno::result(unsafe { libc::ptrace(libc::PT_DENY_ATTACH, 0, std::ptr::null_mut(), 0) })?;
    Ok(())
}

/// The direct children of this process, ended ones included until they are reaped.
#[cfg(target_os = "linux")]
fn children() -> io::Result<Vec<Pid>> {
    let own = std::process::id();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // A process may end between the listing and the reading.
        let Ok(stat) = std::fs::read(entry.path().join("stat")) else {
            continue;
        };
        if parent_of(&stat) == Some(own) {
            found.push(Pid::from_raw(pid));
        }
    }
    Ok(found)
}

/// The fourth field of /proc/PID/stat. The second, the command in parentheses, may hold anything,
/// parentheses and blanks included, so fields are counted from its last closing one.
#[cfg(target_os = "linux")]
fn parent_of(stat: &[u8]) -> Option<u32> {
    let end_of_command = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(end_of_command + 1..)?).ok()?;
    rest.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_imitates_fields_does_not_hide_its_parent() {
        assert_eq!(parent_of(b"7 (x) S 1 (y) S 42 7 7 0"), Some(42));
        assert_eq!(parent_of(b"7 (plain) R 9 7 7"), Some(9));
        assert_eq!(parent_of(b"7 plain R 9"), None);
        assert_eq!(parent_of(b""), None);
    }
}
