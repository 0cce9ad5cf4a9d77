//! What runs in the session, behind one face for the worker's loop: a terminal, or the pipes of a command.

use std::io;

use bytes::Bytes;
use usher_sys::WindowSize;
use usher_wire::frame::PayloadType;

use super::pipes::Pipes;
use super::terminal::Terminal;

/// A running program.
#[derive(Debug)]
pub(super) enum Program {
    OnTerminal(Terminal),
    OnPipes(Pipes),
}

/// What a program said; empty bytes are the end of that stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Output(Bytes),
    Errors(Bytes),
}

impl Said {
    /// The payload for the person, if there is one.
    pub(super) fn payload(self) -> Option<(PayloadType, Bytes)> {
        let (payload_type, bytes) = match self {
            Self::Output(bytes) => (PayloadType::Output, bytes),
            Self::Errors(bytes) => (PayloadType::StdErr, bytes),
        };
        (!bytes.is_empty()).then_some((payload_type, bytes))
    }
}

impl Program {
    /// Waits for what it says next. May be dropped at any time.
    pub(super) async fn read(&self) -> io::Result<Said> {
        match self {
            Self::OnTerminal(terminal) => terminal.read().await.map(Said::Output),
            Self::OnPipes(pipes) => pipes.read().await,
        }
    }

    /// Takes note of what was read; true when it was the last.
    pub(super) fn on_said(&mut self, said: Said) -> (Option<(PayloadType, Bytes)>, bool) {
        match self {
            Self::OnTerminal(_) => {
                let payload = said.payload();
                let is_end = payload.is_none();
                (payload, is_end)
            }
            Self::OnPipes(pipes) => {
                let payload = pipes.on_said(said).payload();
                (payload, pipes.have_ended())
            }
        }
    }

    /// Writes what fits at once and cuts it off `input`; the rest, and any error, is for [`Program::write`].
    pub(super) fn write_now(&self, input: &mut Bytes) {
        match self {
            Self::OnTerminal(terminal) => terminal.write_now(input),
            Self::OnPipes(pipes) => pipes.write_now(input),
        }
    }

    /// Writes what fits and cuts it off `input`. Waits until something fits.
    pub(super) async fn write(&self, input: &mut Bytes) -> io::Result<()> {
        match self {
            Self::OnTerminal(terminal) => terminal.write(input).await,
            Self::OnPipes(pipes) => pipes.write(input).await,
        }
    }

    /// A terminal has no lasting end of input; the client types one.
    pub(super) fn end_input(&mut self) {
        if let Self::OnPipes(pipes) = self {
            pipes.end_input();
        }
    }

    pub(super) fn resize(&self, size: WindowSize) {
        if let Self::OnTerminal(terminal) = self {
            terminal.resize(size);
        }
    }
}
