//! The person's own terminal in raw mode, given back whatever happens.
//!
//! Owns the saved settings: they are restored exactly once, by drop or by [`restore_terminal`],
//! which a panic hook or signal handler may call at any moment.

use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

struct Saved {
    descriptor: RawFd,
    settings: Termios,
}

/// The settings to give back, or null. Whoever swaps it out owns it.
static SAVED: AtomicPtr<Saved> = AtomicPtr::new(ptr::null_mut());

/// A terminal in raw mode; dropping it restores what was before.
#[derive(Debug)]
pub struct RawTerminal {
    _made_by_enter: (),
}

impl RawTerminal {
    /// Puts the terminal behind `descriptor` into full raw mode: no echo, no line editing, no
    /// signals from keys, no rewriting of line ends. One terminal of the process at a time; the
    /// descriptor must stay open until the mode is left.
    ///
    /// # Errors
    /// `AlreadyExists` when one is in raw mode; else whatever the system answers, for instance that
    /// it is no terminal.
    pub fn enter(descriptor: impl AsFd) -> io::Result<Self> {
        let settings = tcgetattr(&descriptor)?;
        let mut raw = settings.clone();
        raw.make_raw();
        let saved = Box::into_raw(Box::new(Saved {
            descriptor: descriptor.as_fd().as_raw_fd(),
            settings,
        }));
        let entered =
            SAVED.compare_exchange(ptr::null_mut(), saved, Ordering::AcqRel, Ordering::Acquire);
        if entered.is_err() {
            // SAFETY: `saved` came from Box::into_raw above and was not published.
            drop(unsafe { Box::from_raw(saved) });
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let guard = Self { _made_by_enter: () };
        tcsetattr(&descriptor, OptionalActions::Now, &raw)?;
        Ok(guard)
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        if let Some(saved) = restore() {
            // SAFETY: `restore` swapped the pointer out, so it is ours alone; it came from
            // Box::into_raw.
            drop(unsafe { Box::from_raw(saved) });
        }
    }
}

/// Gives the terminal its settings back, if it is in raw mode. Safe in a signal handler and in a
/// panic hook: it neither allocates nor frees nor locks.
pub fn restore_terminal() {
    // The settings stay allocated: freeing is not allowed in a signal handler.
    let _ = restore();
}

fn restore() -> Option<*mut Saved> {
    let saved = SAVED.swap(ptr::null_mut(), Ordering::AcqRel);
    // SAFETY: a non-null pointer came from Box::into_raw and the swap made it ours alone.
    let settings = unsafe { saved.as_ref() }?;
    // SAFETY: `enter`'s caller keeps the descriptor open while the mode lasts.
    let descriptor = unsafe { std::os::fd::BorrowedFd::borrow_raw(settings.descriptor) };
    let _ = tcsetattr(descriptor, OptionalActions::Now, &settings.settings);
    Some(saved)
}
