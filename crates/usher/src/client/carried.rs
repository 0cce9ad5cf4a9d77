//! What is at this end of a session in place of standard input and output: a socket pair, whose other end belongs to a
//! forward or a copy.
//!
//! To the conversation it is a source and a sink of bytes. Its room is the back pressure.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::JoinSet;

/// As much as goes into one message between our own programs.
const CHUNK: usize = 32 * 1024;

/// A source like standard input.
#[derive(Debug)]
pub(super) struct CarriedInput {
    from: OwnedReadHalf,
    // Ends with the session.
    _tasks: JoinSet<()>,
}

/// A sink like standard output.
#[derive(Debug)]
pub(super) struct CarriedOutput {
    to: OwnedWriteHalf,
    pending: Bytes,
}

/// Both, with the tasks at the other end, if there are any.
pub(super) fn carried(ours: UnixStream, tasks: JoinSet<()>) -> (CarriedInput, CarriedOutput) {
    let (from, to) = ours.into_split();
    let input = CarriedInput {
        from,
        _tasks: tasks,
    };
    let output = CarriedOutput {
        to,
        pending: Bytes::new(),
    };
    (input, output)
}

impl CarriedInput {
    /// The next bytes, None at the end. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        match self.from.read_buf(&mut chunk).await {
            Ok(1..) => Some(chunk.freeze()),
            Ok(0) | Err(_) => None,
        }
    }
}

impl CarriedOutput {
    /// Whether everything was written.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// Takes a payload; only when idle.
    pub(super) fn take(&mut self, payload: Bytes) {
        self.pending = payload;
    }

    /// Writes what was taken. May be dropped and called again: progress is kept here.
    pub(super) async fn write(&mut self) -> io::Result<()> {
        while !self.pending.is_empty() {
            let written = self.to.write(&self.pending).await?;
            self.pending.advance(written);
        }
        Ok(())
    }
}
