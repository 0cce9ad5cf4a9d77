//! Signals as bytes in a pipe, so that a poll loop sees them like any other input.
//!
//! Owns the process's handlers for the signals it was asked for. The handler does nothing but one
//! `write`, which is async-signal-safe; a full pipe loses nothing, for a wake-up is already in it.

use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicI32, Ordering};

pub use nix::sys::signal::Signal;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, sigaction};

use crate::descriptors::{pipe, set_nonblocking};

/// The pipe's write end; -1 until installed. It is never closed: a handler may run at any time.
static WRITE_END: AtomicI32 = AtomicI32::new(-1);

extern "C" fn forward(signal: libc::c_int) {
    let errno = nix::errno::Errno::last();
    let byte = [u8::try_from(signal).unwrap_or(0)];
    // SAFETY: write is async-signal-safe; pointer and length are those of `byte`. The descriptor is
    // the pipe's, or -1, which the call refuses.
    unsafe { libc::write(WRITE_END.load(Ordering::Relaxed), byte.as_ptr().cast(), 1) };
    errno.set();
}

/// The readable end: each byte in it is a signal that arrived.
#[derive(Debug)]
pub struct SignalPipe {
    read_end: std::fs::File,
}

impl SignalPipe {
    /// Installs the handlers for `signals`. Call it once in a process.
    ///
    /// # Errors
    /// Whatever the system answers.
    pub fn install(signals: &[Signal]) -> io::Result<Self> {
        let (read_end, write_end) = pipe()?;
        set_nonblocking(&read_end)?;
        set_nonblocking(&write_end)?;
        WRITE_END.store(write_end.as_raw_fd(), Ordering::Relaxed);
        // The handlers below keep using it for the rest of the process's life.
        std::mem::forget(write_end);
        let action = SigAction::new(
            SigHandler::Handler(forward),
            SaFlags::SA_RESTART,
            SigSet::empty(),
        );
        for signal in signals {
            // SAFETY: the handler only writes to a pipe and restores errno.
            unsafe { sigaction(*signal, &action) }?;
        }
        Ok(Self {
            read_end: read_end.into(),
        })
    }

    /// The signals that arrived since the last call, repeats possible.
    pub fn arrived(&mut self) -> Vec<Signal> {
        let mut bytes = [0_u8; 64];
        let mut signals = Vec::new();
        while let Ok(count @ 1..) = self.read_end.read(&mut bytes) {
            let arrived = bytes.iter().take(count);
            signals.extend(arrived.filter_map(|byte| Signal::try_from(i32::from(*byte)).ok()));
        }
        signals
    }
}

impl AsFd for SignalPipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read_end.as_fd()
    }
}
