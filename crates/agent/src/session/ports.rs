//! A port session at the node: the bytes of the data channel on one side, connections made by the dialer on the other.
//!
//! Owns which of AWS's two framings is spoken: one plain connection, as for SSH and for old clients, or many in a smux
//! session. The bytes between go through a socket pair, whose room is the back pressure.

mod carry;
mod dials;
#[cfg(test)]
mod tests;

use std::io;
use std::mem;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use tokio::net::UnixStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use usher_wire::message::Flag;

use carry::Ends;
pub(super) use dials::Dials;

/// As much as goes into one payload between our own programs.
const BATCH: usize = 32 * 1024;

/// How the connections of a session are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// One connection, and the session ends with it: `AWS-StartSSHSession`.
    One,
    /// One connection after another: clients older than 1.1.70.
    OneByOne,
    /// smux version 1.
    Many,
}

/// What a port session says next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PortSaid {
    Bytes(Bytes),
    Flag(Flag),
    /// Nothing more comes: the one connection has ended, or was never made (a sentence for the person).
    End(Option<String>),
}

/// The connections of a session, and our end of what carries their bytes.
#[derive(Debug)]
pub(super) struct Ports {
    framing: Framing,
    /// Whether the client knows the end of one direction from the end of both.
    half_close: bool,
    dials: Dials,
    /// Whether the next connection waits for something to send.
    waits: bool,
    carrier: UnixStream,
    answers: Arc<AtomicBool>,
    failed: Arc<Notify>,
    refusal: Arc<Mutex<Option<String>>>,
    // Ends with the session.
    tasks: JoinSet<()>,
}

impl Ports {
    pub(super) fn start(dials: Dials, framing: Framing, half_close: bool) -> io::Result<Self> {
        let (carrier, far) = UnixStream::pair()?;
        let mut ports = Self {
            framing,
            half_close: half_close || framing == Framing::One,
            dials,
            waits: false,
            carrier,
            answers: Arc::default(),
            failed: Arc::default(),
            refusal: Arc::default(),
            tasks: JoinSet::new(),
        };
        ports.begin(far);
        Ok(ports)
    }

    /// Something new at the far end of the carrier.
    fn begin(&mut self, far: UnixStream) {
        let ends = Ends {
            dials: self.dials.clone(),
            waits: self.waits,
            half_close: self.half_close,
            answers: Arc::clone(&self.answers),
            failed: Arc::clone(&self.failed),
            refusal: Arc::clone(&self.refusal),
        };
        match self.framing {
            Framing::Many => self.tasks.spawn(carry::many(far, ends)),
            Framing::One | Framing::OneByOne => self.tasks.spawn(carry::one(far, ends)),
        };
    }

    /// What comes next from the node's side. May be dropped at any time.
    pub(super) async fn read(&self) -> io::Result<PortSaid> {
        let mut batch = BytesMut::zeroed(BATCH);
        loop {
            tokio::select! {
                () = self.failed.notified() => return Ok(PortSaid::Flag(Flag::ConnectToPortError)),
                ready = self.carrier.readable() => ready?,
            }
            match self.carrier.try_read(&mut batch) {
                Ok(0) => return Ok(PortSaid::End(self.refusal())),
                Ok(count) => {
                    batch.truncate(count);
                    return Ok(PortSaid::Bytes(batch.freeze()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Ok(PortSaid::End(self.refusal())),
            }
        }
    }

    /// Takes note of what was read; an end is only the last word of a session with one connection.
    pub(super) fn on_said(&mut self, said: PortSaid) -> io::Result<PortSaid> {
        match (said, self.framing) {
            (PortSaid::End(refusal), Framing::OneByOne) => {
                self.begin_again()?;
                Ok(PortSaid::Flag(match refusal {
                    Some(_) => Flag::ConnectToPortError,
                    None => Flag::DisconnectToPort,
                }))
            }
            (said, _) => Ok(said),
        }
    }

    /// The client wants to hear of each connection how it was made.
    pub(super) fn answer_dials(&self) {
        self.answers.store(true, Ordering::Relaxed);
    }

    /// The client's connection has ended; with the next byte there is another.
    pub(super) fn disconnect(&mut self) -> io::Result<()> {
        match self.framing {
            Framing::OneByOne => self.begin_again(),
            Framing::One | Framing::Many => Ok(()),
        }
    }

    /// As AWS's agent, which dials again with the next byte. What was already sent still reaches the old connection.
    fn begin_again(&mut self) -> io::Result<()> {
        self.waits = true;
        let (carrier, far) = UnixStream::pair()?;
        let old = mem::replace(&mut self.carrier, carrier);
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(carry::let_go(old));
        self.begin(far);
        Ok(())
    }

    /// Writes what fits at once and cuts it off `input`; an error is left to the next write.
    pub(super) fn write_now(&self, input: &mut Bytes) {
        if let Ok(written) = self.carrier.try_write(input) {
            let _ = input.split_to(written.min(input.len()));
        }
    }

    /// Writes what fits and cuts it off `input`. Waits until something fits.
    pub(super) async fn write(&self, input: &mut Bytes) -> io::Result<()> {
        loop {
            self.carrier.writable().await?;
            match self.carrier.try_write(input) {
                Ok(written) => {
                    let _ = input.split_to(written.min(input.len()));
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The client says nothing more on its one connection, and goes on listening.
    pub(super) fn end_input(&mut self) {
        if self.framing == Framing::One {
            let ended = self.carrier.as_fd().try_clone_to_owned().and_then(|copy| {
                std::os::unix::net::UnixStream::from(copy).shutdown(Shutdown::Write)
            });
            if let Err(error) = ended {
                tracing::debug!("the connection was not told the end of input: {error}");
            }
        }
    }

    fn refusal(&self) -> Option<String> {
        match self.refusal.lock() {
            Ok(mut refusal) => refusal.take(),
            Err(poisoned) => poisoned.into_inner().take(),
        }
    }
}
