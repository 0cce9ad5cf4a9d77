//! Where the session's output goes. One payload at a time: the next event is taken, and thereby acknowledged, when
//! this one is written, so a person who does not read slows the program on the node.

use std::io;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt, Stderr, Stdout};

/// Which of our outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Standard output and standard error with what is not written yet.
#[derive(Debug)]
pub(super) struct Output {
    out: Stdout,
    err: Stderr,
    stream: Stream,
    pending: Bytes,
    unflushed: bool,
}

impl Output {
    pub(super) fn new() -> Self {
        let (out, err) = (tokio::io::stdout(), tokio::io::stderr());
        Self {
            out,
            err,
            stream: Stream::Out,
            pending: Bytes::new(),
            unflushed: false,
        }
    }

    /// Whether everything was written.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty() && !self.unflushed
    }

    /// Takes a payload; only when [`Output::is_idle`].
    pub(super) fn take(&mut self, stream: Stream, payload: Bytes) {
        self.stream = stream;
        self.pending = payload;
    }

    /// Writes what was taken. May be dropped and called again: progress is kept here.
    pub(super) async fn write(&mut self) -> io::Result<()> {
        let sink: &mut (dyn AsyncWrite + Unpin + Send) = match self.stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        };
        while !self.pending.is_empty() {
            let written = sink.write(&self.pending).await?;
            self.pending.advance(written);
            self.unflushed = true;
        }
        // The library hands writes to a thread; only the flush says that they happened.
        sink.flush().await?;
        self.unflushed = false;
        Ok(())
    }
}
