//! macOS's process table: who is in a terminal session, who runs as an account, and ending all of them.
//!
//! There are neither cgroups nor adoption of orphans nor handles of processes there. What XNU has is the number of each
//! process's session, which only the process itself can leave, and word of a process's end by kqueue. Owns that a process
//! is looked at again after its end is watched and before it is killed.

use std::io;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, getpid, getsid};

/// A killed process ends at once, unless it hangs in the kernel.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// Turns in which new ones may appear: a parent can start a child between two looks, but is dead after the first.
const TURNS: u32 = 64;

/// More processes than this no Mac has.
const MAX_PROCESSES: usize = 1 << 20;

/// Which processes are meant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of {
    /// Those of the session that this process leads or led, whoever they run as.
    Session(Pid),
    /// Those whose real uid is this one.
    Account(Uid),
}

impl Of {
    /// Whether it lives and is one of them; never ourselves.
    fn holds(self, pid: Pid) -> bool {
        let Some(uid) = real_uid(pid) else {
            return false;
        };
        pid != getpid()
            && match self {
                Self::Session(leader) => getsid(Some(pid)) == Ok(leader),
                Self::Account(account) => uid == account,
            }
    }
}

/// Kills all of them and waits until they have ended, those they start meanwhile included. Says whether there was any.
///
/// # Errors
/// Whatever the system answers; `TimedOut` if one of them does not end.
pub(crate) fn end(of: Of) -> io::Result<bool> {
    for turn in 0..TURNS {
        let found: Vec<Pid> = all()?.into_iter().filter(|pid| of.holds(*pid)).collect();
        if found.is_empty() {
            return Ok(turn > 0);
        }
        let queue = Kqueue::new()?;
        let mut awaited = 0_usize;
        for pid in found {
            // It may have ended meanwhile and its number be another's; one that we may not kill is not waited for.
            if watch(&queue, pid)? && of.holds(pid) && kill(pid, Signal::SIGKILL).is_ok() {
                awaited += 1;
            }
        }
        await_ends(&queue, awaited, Some(ENDS_WITHIN))?;
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// Has this process sent SIGTERM when `other` ends. A thread waits for that and holds no lock meanwhile, so that forking
/// stays sound.
///
/// # Errors
/// Whatever the system answers.
pub(crate) fn terminate_with(other: Pid) -> io::Result<()> {
    let queue = Kqueue::new()?;
    let lives = watch(&queue, other)?;
    std::thread::Builder::new().spawn(move || {
        if lives {
            let _ = await_ends(&queue, 1, None);
        }
        let _ = kill(getpid(), Signal::SIGTERM);
    })?;
    Ok(())
}

/// Has the queue tell of the process's end; false if it is gone.
fn watch(queue: &Kqueue, pid: Pid) -> io::Result<bool> {
    let end = KEvent::new(
        usize::try_from(pid.as_raw()).unwrap_or_default(),
        EventFilter::EVFILT_PROC,
        EvFlags::EV_ADD | EvFlags::EV_ONESHOT,
        FilterFlag::NOTE_EXIT,
        0,
        0,
    );
    match queue.kevent(&[end], &mut [], Some(timespec(Duration::ZERO))) {
        Ok(_) => Ok(true),
        Err(Errno::ESRCH) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Waits for so many ends, at most `within` (`None`: for ever).
fn await_ends(queue: &Kqueue, awaited: usize, within: Option<Duration>) -> io::Result<()> {
    let until = within.map(|within| Instant::now() + within);
    let mut told = [KEvent::new(
        0,
        EventFilter::EVFILT_PROC,
        EvFlags::empty(),
        FilterFlag::empty(),
        0,
        0,
    )];
    let mut ended = 0;
    while ended < awaited {
        let left = until.map(|until| timespec(until.saturating_duration_since(Instant::now())));
        match queue.kevent(&[], &mut told, left) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => ended += 1,
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

fn timespec(duration: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: duration.as_secs() as libc::time_t,
        tv_nsec: libc::c_long::from(duration.subsec_nanos() as i32),
    }
}

/// All process ids there are.
fn all() -> io::Result<Vec<Pid>> {
    let mut room = 1024;
    while room <= MAX_PROCESSES {
        let mut pids: Vec<libc::pid_t> = vec![0; room];
        let bytes = libc::c_int::try_from(size_of_val(pids.as_slice()))
            .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        // SAFETY: the buffer holds `bytes` bytes; the call writes at most that many and answers how many ids they are.
        let count = unsafe { libc::proc_listallpids(pids.as_mut_ptr().cast(), bytes) };
        let count = usize::try_from(Errno::result(count)?).unwrap_or_default();
        if count < room {
            pids.truncate(count);
            return Ok(pids.into_iter().map(Pid::from_raw).collect());
        }
        room *= 2;
    }
    Err(io::ErrorKind::OutOfMemory.into())
}

/// The real uid of a process; `None` when it has ended.
fn real_uid(pid: Pid) -> Option<Uid> {
    let size = size_of::<libc::proc_bsdinfo>();
    // SAFETY: the structure holds integers and arrays of them only, for which zero is a value.
    let mut told: libc::proc_bsdinfo = unsafe { std::mem::zeroed() };
    // SAFETY: `told` holds `size` bytes, which is what this flavour writes.
    let written = unsafe {
        libc::proc_pidinfo(
            pid.as_raw(),
            libc::PROC_PIDTBSDINFO,
            0,
            (&raw mut told).cast(),
            libc::c_int::try_from(size).ok()?,
        )
    };
    (usize::try_from(written) == Ok(size)).then(|| Uid::from_raw(told.pbi_ruid))
}
