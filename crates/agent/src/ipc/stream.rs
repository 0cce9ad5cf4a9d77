//! A link inside tokio, for the workers that wait for a network as well.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::net::UnixStream;

use super::{Link, LinkError, Message};

/// A [`Link`] whose socket does not block; `next` may be dropped at any time without loss.
#[derive(Debug)]
pub(crate) struct AsyncLink {
    link: Link,
    /// A duplicate of the link's socket: the runtime watches it, and only the link reads.
    readiness: UnixStream,
}

impl AsyncLink {
    /// Takes over a socket; call it inside a runtime.
    pub(crate) fn new(socket: OwnedFd) -> Result<Self, LinkError> {
        usher_sys::set_nonblocking(&socket)?;
        let duplicate = std::os::unix::net::UnixStream::from(socket.try_clone()?);
        Ok(Self {
            link: Link::new(socket),
            readiness: UnixStream::from_std(duplicate)?,
        })
    }

    /// Sends a whole message or finds the peer stuck.
    pub(crate) fn send(&self, message: &impl Message) -> Result<(), LinkError> {
        self.link.send(message)
    }

    /// Sends a whole message, and waits for room where there is none. Once begun it is not to be dropped.
    pub(crate) async fn send_when_room(&self, message: &impl Message) -> Result<(), LinkError> {
        loop {
            self.readiness.writable().await?;
            let sent = self.readiness.try_io(Interest::WRITABLE, || {
                match self.link.send(message) {
                    // The runtime forgets this readiness.
                    Err(LinkError::Full) => Err(io::ErrorKind::WouldBlock.into()),
                    sent => Ok(sent),
                }
            });
            match sent {
                Ok(sent) => return sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The next message.
    pub(crate) async fn next<M: Message>(&mut self) -> Result<M, LinkError> {
        loop {
            if let Some(message) = self.link.take()? {
                return Ok(message);
            }
            self.readiness.readable().await?;
            let link = &mut self.link;
            let filled = self.readiness.try_io(Interest::READABLE, || {
                match link.fill() {
                    // Nothing to read after all; the runtime forgets this readiness.
                    Err(LinkError::Stuck) => Err(io::ErrorKind::WouldBlock.into()),
                    filled => Ok(filled),
                }
            });
            match filled {
                Ok(filled) => filled?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
