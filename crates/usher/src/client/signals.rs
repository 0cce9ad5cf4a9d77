//! The signals a session answers to. They are caught first thing: the `aws` command sets those of the keyboard to
//! ignored, and what is ignored at the start stays so unless a handler is installed.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal means to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caught {
    /// A key that belongs to the program on the node: its control character.
    Key(u8),
    /// The window has another size.
    Resized,
    /// We are to end: the signal's number.
    End(i32),
}

/// Handlers for every signal that concerns a session.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    quit: Signal,
    stop: Signal,
    resize: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Catches them from now on.
    pub(crate) fn install() -> io::Result<Self> {
        // SIGTSTP has the same number on Linux, macOS differs: the system's constant decides.
        let stop = SignalKind::from_raw(usher_sys::Signal::SIGTSTP as i32);
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            stop: signal(stop)?,
            resize: signal(SignalKind::window_change())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next one. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Caught {
        tokio::select! {
            _ = self.interrupt.recv() => Caught::Key(0x03),
            _ = self.quit.recv() => Caught::Key(0x1c),
            _ = self.stop.recv() => Caught::Key(0x1a),
            _ = self.resize.recv() => Caught::Resized,
            _ = self.terminate.recv() => Caught::End(SignalKind::terminate().as_raw_value()),
            _ = self.hang_up.recv() => Caught::End(SignalKind::hangup().as_raw_value()),
        }
    }

    /// A request to end: keys of the terminal are for whoever has it.
    pub(crate) async fn end(&mut self) {
        while !matches!(self.next().await, Caught::End(_)) {}
    }

    /// While there is no session to pass keys to, Ctrl-C means us. The signal's number.
    pub(crate) async fn end_or_interrupt(&mut self) -> i32 {
        loop {
            match self.next().await {
                Caught::Key(0x03) => return SignalKind::interrupt().as_raw_value(),
                Caught::Key(0x1c) => return SignalKind::quit().as_raw_value(),
                Caught::End(signal) => return signal,
                Caught::Key(_) | Caught::Resized => {}
            }
        }
    }
}
