//! Where the session's output goes. One payload at a time: the next event is taken, and thereby acknowledged, when
//! this one is written, so a person who does not read slows the program on the node.

use std::fs::File;
use std::io::{self, Write};

use bytes::{Buf, Bytes};
use rustix::fs::OFlags;
use tokio::io::{AsyncWrite, AsyncWriteExt, Stderr, Stdout};
use tokio::net::unix::pipe::Sender;

use super::screen;

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
    /// Standard output where it is a terminal: what it takes at once needs no turn of the loop.
    terminal: Option<File>,
    /// Waits for room on the terminal; there only while something is pending, because the runtime wakes us for every
    /// byte that a terminal shows.
    room: Option<Sender>,
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
            terminal: screen::reopened(&out, OFlags::WRONLY),
            room: None,
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
        let (Some(terminal), Stream::Out) = (&self.terminal, stream) else {
            return;
        };
        // What is not taken, for whatever reason, is left to `write`.
        while !self.pending.is_empty()
            && let Ok(written @ 1..) = (&*terminal).write(&self.pending)
        {
            self.pending.advance(written);
        }
    }

    /// Writes what was taken. May be dropped and called again: progress is kept here.
    pub(super) async fn write(&mut self) -> io::Result<()> {
        if let (Some(terminal), None, Stream::Out) = (&self.terminal, &self.room, self.stream) {
            self.room = Some(Sender::from_file_unchecked(terminal.try_clone()?)?);
        }
        let sink: &mut (dyn AsyncWrite + Unpin + Send) = match (self.stream, &mut self.room) {
            (Stream::Out, Some(terminal)) => terminal,
            (Stream::Out, None) => &mut self.out,
            (Stream::Err, _) => &mut self.err,
        };
        while !self.pending.is_empty() {
            let written = sink.write(&self.pending).await?;
            self.pending.advance(written);
            self.unflushed = true;
        }
        // Where the library hands writes to a thread, only the flush says that they happened.
        sink.flush().await?;
        self.unflushed = false;
        self.room = None;
        Ok(())
    }
}
