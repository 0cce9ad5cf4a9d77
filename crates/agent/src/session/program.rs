//! What runs in the session, behind one face for the worker's loop: a terminal, the pipes of a command, or connections to
//! a port.

use std::io;

use bytes::Bytes;
use usher_sys::WindowSize;
use usher_wire::frame::PayloadType;

use super::pipes::Pipes;
use super::ports::{PortSaid, Ports};
use super::terminal::Terminal;

/// A running program.
#[derive(Debug)]
pub(super) enum Program {
    Terminal(Terminal),
    Pipes(Pipes),
    Ports(Ports),
}

/// What a program said; empty bytes are the end of that stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Output(Bytes),
    Errors(Bytes),
    Port(PortSaid),
}

/// What follows from it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// For the person.
    Payload(PayloadType, Bytes),
    /// One of several streams has ended.
    Nothing,
    /// It was the last.
    End,
    /// It never began; a sentence for the person.
    Refused(String),
}

impl Program {
    /// Waits for what it says next. May be dropped at any time.
    pub(super) async fn read(&self) -> io::Result<Said> {
        match self {
            Self::Terminal(terminal) => terminal.read().await.map(Said::Output),
            Self::Pipes(pipes) => pipes.read().await,
            Self::Ports(ports) => ports.read().await.map(Said::Port),
        }
    }

    /// Takes note of what was read.
    pub(super) fn on_said(&mut self, said: Said) -> io::Result<Heard> {
        let (said, is_last) = match (self, said) {
            (Self::Pipes(pipes), said) => (pipes.on_said(said), pipes.have_ended()),
            (Self::Ports(ports), Said::Port(said)) => (Said::Port(ports.on_said(said)?), false),
            (_, said) => (said, true),
        };
        Ok(match said {
            Said::Output(bytes) if !bytes.is_empty() => Heard::Payload(PayloadType::Output, bytes),
            Said::Errors(bytes) if !bytes.is_empty() => Heard::Payload(PayloadType::StdErr, bytes),
            Said::Port(PortSaid::Bytes(bytes)) => Heard::Payload(PayloadType::Output, bytes),
            Said::Port(PortSaid::Flag(flag)) => {
                Heard::Payload(PayloadType::Flag, flag.to_payload())
            }
            Said::Port(PortSaid::End(Some(refusal))) => Heard::Refused(refusal),
            Said::Port(PortSaid::End(None)) => Heard::End,
            Said::Output(_) | Said::Errors(_) if is_last => Heard::End,
            Said::Output(_) | Said::Errors(_) => Heard::Nothing,
        })
    }

    /// Writes what fits at once and cuts it off `input`; the rest, and any error, is for [`Program::write`].
    pub(super) fn write_now(&self, input: &mut Bytes) {
        match self {
            Self::Terminal(terminal) => terminal.write_now(input),
            Self::Pipes(pipes) => pipes.write_now(input),
            Self::Ports(ports) => ports.write_now(input),
        }
    }

    /// Writes what fits and cuts it off `input`. Waits until something fits.
    pub(super) async fn write(&self, input: &mut Bytes) -> io::Result<()> {
        match self {
            Self::Terminal(terminal) => terminal.write(input).await,
            Self::Pipes(pipes) => pipes.write(input).await,
            Self::Ports(ports) => ports.write(input).await,
        }
    }

    /// A terminal has no lasting end of input; the client types one.
    pub(super) fn end_input(&mut self) {
        match self {
            Self::Terminal(_) => {}
            Self::Pipes(pipes) => pipes.end_input(),
            Self::Ports(ports) => ports.end_input(),
        }
    }

    /// The client's connection has ended, and another may follow.
    pub(super) fn disconnect(&mut self) -> io::Result<()> {
        match self {
            Self::Ports(ports) => ports.disconnect(),
            Self::Terminal(_) | Self::Pipes(_) => Ok(()),
        }
    }

    pub(super) fn resize(&self, size: WindowSize) {
        if let Self::Terminal(terminal) = self {
            terminal.resize(size);
        }
    }
}
