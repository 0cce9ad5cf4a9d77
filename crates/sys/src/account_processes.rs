//! Ending everything that runs as an account which is about to be removed.
//!
//! These are strangers' processes, not children: on Linux each is held by a pidfd while its uid is looked at again, so
//! that a number that was reused meanwhile is never signalled. macOS has no such handle; `process_table` says what it does.

use std::io;

use nix::unistd::Uid;

/// Kills the processes whose real uid is `uid` and waits until they have ended, those they start meanwhile included.
///
/// # Errors
/// Whatever the system answers; `TimedOut` if one of them does not end.
pub fn end_processes_of(uid: Uid) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    linux::end_processes_of(uid)?;
    #[cfg(target_os = "macos")]
    crate::process_table::end(crate::process_table::Of::Account(uid))?;
    Ok(())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::io;
    use std::os::fd::AsFd;
    use std::time::Duration;

    use nix::unistd::Uid;
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    use crate::descriptors::wait_readable;

    /// A killed process ends at once, unless it hangs in the kernel.
    const ENDS_WITHIN: Duration = Duration::from_secs(5);
    /// Turns in which new ones may appear: a parent can start a child between two looks, but is dead after the first.
    const TURNS: u32 = 64;

    pub(super) fn end_processes_of(uid: Uid) -> io::Result<()> {
        for _ in 0..TURNS {
            let found = processes_of(uid)?;
            if found.is_empty() {
                return Ok(());
            }
            for pid in found {
                end(pid, uid)?;
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    fn end(pid: Pid, uid: Uid) -> io::Result<()> {
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else {
            return Ok(());
        };
        if !runs_as(pid, uid) {
            return Ok(());
        }
        // One that ended by itself meanwhile is what we want.
        let _ = pidfd_send_signal(&process, Signal::KILL);
        if wait_readable(&[process.as_fd()], Some(ENDS_WITHIN))? == [true] {
            Ok(())
        } else {
            Err(io::ErrorKind::TimedOut.into())
        }
    }

    fn processes_of(uid: Uid) -> io::Result<Vec<Pid>> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let number = entry?
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            if let Some(pid) = number.and_then(Pid::from_raw)
                && runs_as(pid, uid)
            {
                found.push(pid);
            }
        }
        Ok(found)
    }

    /// Whether it lives and has the real uid; the ended wait for their parents only.
    fn runs_as(pid: Pid, uid: Uid) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero()));
        let Ok(status) = status else { return false };
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name)?.split_whitespace().next())
        };
        field("Uid:") == Some(uid.to_string().as_str())
            && !matches!(field("State:"), Some("Z" | "X"))
    }
}
