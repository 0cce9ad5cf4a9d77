//! Standard input as chunks. A terminal is read by the loop that serves the session; anything else by a thread of its
//! own: making a descriptor non-blocking would change it for every process that shares it, the person's shell among
//! them.
//!
//! The thread reads one chunk ahead and no further, so what is not taken stays with whoever writes it.

use std::io::{self, Read};

use bytes::Bytes;
use rustix::fs::OFlags;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::mpsc;

use super::screen;

/// As much as goes into one message between our own programs.
const CHUNK: usize = 32 * 1024;

/// What the person types, or what a pipe holds.
#[derive(Debug)]
pub(super) enum Input {
    /// The runtime's end of a pipe does for a terminal what it does for a pipe.
    Terminal {
        keys: Receiver,
        buffer: Vec<u8>,
    },
    Other {
        chunks: mpsc::Receiver<Bytes>,
    },
}

impl Input {
    /// Starts reading. The thread, if there is one, ends with the input or with the process.
    pub(super) fn start() -> io::Result<Self> {
        if let Some(terminal) = screen::reopened(io::stdin(), OFlags::RDONLY) {
            return Ok(Self::Terminal {
                keys: Receiver::from_file_unchecked(terminal)?,
                buffer: vec![0; CHUNK],
            });
        }
        let (sender, chunks) = mpsc::channel(1);
        std::thread::Builder::new()
            .name("stdin".to_owned())
            .spawn(move || read(&sender))?;
        Ok(Self::Other { chunks })
    }

    /// The next chunk, None at the end. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        match self {
            Self::Terminal { keys, buffer } => typed(keys, buffer).await,
            Self::Other { chunks } => chunks.recv().await,
        }
    }
}

/// An error is an end: a terminal that is gone reads as EIO, and its signal says the rest.
async fn typed(keys: &Receiver, buffer: &mut [u8]) -> Option<Bytes> {
    loop {
        keys.readable().await.ok()?;
        match keys.try_read(buffer) {
            Ok(0) => return None,
            Ok(length) => return buffer.get(..length).map(Bytes::copy_from_slice),
            Err(error) if is_passing(&error) => {}
            Err(_) => return None,
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

fn read(sender: &mpsc::Sender<Bytes>) {
    let mut stdin = io::stdin().lock();
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = match stdin.read(&mut buffer) {
            Ok(0) => return,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let chunk = Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default());
        if sender.blocking_send(chunk).is_err() {
            return;
        }
    }
}
