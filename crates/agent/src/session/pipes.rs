//! Our ends of the pipes of a command without a terminal.
//!
//! Owns that each stream ends by itself and after its last byte, and that the command's input ends when the person's does.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use bytes::Bytes;
use tokio::net::unix::pipe::{Receiver, Sender};
use usher_sys::set_nonblocking;

use super::line_prefix::LinePrefix;
use super::program::Said;
use super::task::Purpose;
use super::terminal::{read_batch, write_now, write_some};

/// Open pipes; `None` are those that have ended.
#[derive(Debug)]
pub(super) struct Pipes {
    input: Option<Sender>,
    output: Option<Receiver>,
    errors: Option<Receiver>,
    output_prefix: LinePrefix,
    errors_prefix: LinePrefix,
}

/// The descriptors of a command that was started, in our hands.
#[derive(Debug)]
pub(super) struct PipeEnds {
    pub(super) input: OwnedFd,
    pub(super) output: OwnedFd,
    pub(super) errors: Option<OwnedFd>,
}

impl Pipes {
    /// Of a command that was started; `purpose` says what goes before its lines.
    pub(super) fn new(ends: PipeEnds, purpose: &Purpose) -> io::Result<Self> {
        let (output_prefix, errors_prefix) = match purpose {
            Purpose::OnPipes {
                output_prefix,
                errors_prefix,
                ..
            } => (output_prefix.clone(), errors_prefix.clone()),
            Purpose::Shell | Purpose::OnTerminal { .. } | Purpose::Port { .. } | Purpose::Copy => {
                Default::default()
            }
        };
        set_nonblocking(&ends.input)?;
        let reader = |end: OwnedFd| {
            set_nonblocking(&end)?;
            Receiver::from_file_unchecked(File::from(end))
        };
        Ok(Self {
            input: Some(Sender::from_file_unchecked(File::from(ends.input))?),
            output: Some(reader(ends.output)?),
            errors: ends.errors.map(reader).transpose()?,
            output_prefix: LinePrefix::new(output_prefix),
            errors_prefix: LinePrefix::new(errors_prefix),
        })
    }

    /// What either stream says next; an empty payload is its end. May be dropped at any time.
    pub(super) async fn read(&self) -> io::Result<Said> {
        tokio::select! {
            read = read_open(self.output.as_ref()) => Ok(Said::Output(read?)),
            read = read_open(self.errors.as_ref()) => Ok(Said::Errors(read?)),
        }
    }

    /// Takes note of what was read: prefixes lines, and forgets a stream that has ended.
    pub(super) fn on_said(&mut self, said: Said) -> Said {
        match said {
            Said::Output(bytes) if bytes.is_empty() => {
                self.output = None;
                Said::Output(bytes)
            }
            Said::Errors(bytes) if bytes.is_empty() => {
                self.errors = None;
                Said::Errors(bytes)
            }
            Said::Output(bytes) => Said::Output(self.output_prefix.apply(bytes)),
            Said::Errors(bytes) => Said::Errors(self.errors_prefix.apply(bytes)),
            Said::Port(said) => Said::Port(said),
        }
    }

    pub(super) fn have_ended(&self) -> bool {
        self.output.is_none() && self.errors.is_none()
    }

    /// Writes what fits at once and cuts it off `input`; the rest, and any error, is for [`Pipes::write`].
    pub(super) fn write_now(&self, input: &mut Bytes) {
        if let Some(pipe) = &self.input {
            write_now(pipe, input);
        }
    }

    /// Writes what fits and cuts it off `input`; input that nobody can read any more is an error.
    pub(super) async fn write(&self, input: &mut Bytes) -> io::Result<()> {
        match &self.input {
            Some(pipe) => write_some(pipe, input).await,
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// The command reads its end of file.
    pub(super) fn end_input(&mut self) {
        self.input = None;
    }
}

async fn read_open(from: Option<&Receiver>) -> io::Result<Bytes> {
    match from {
        Some(from) => read_batch(from).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn pipes() -> (Pipes, File, File, File) {
        let (its_input, input) = usher_sys::pipe().unwrap();
        let (output, its_output) = usher_sys::pipe().unwrap();
        let (errors, its_errors) = usher_sys::pipe().unwrap();
        let ends = PipeEnds {
            input,
            output,
            errors: Some(errors),
        };
        let purpose = Purpose::OnPipes {
            command: "x".to_owned(),
            separate: true,
            output_prefix: String::new(),
            errors_prefix: "E:".to_owned(),
        };
        let pipes = Pipes::new(ends, &purpose).unwrap();
        (
            pipes,
            File::from(its_input),
            File::from(its_output),
            File::from(its_errors),
        )
    }

    async fn next(pipes: &mut Pipes) -> Said {
        let said = pipes.read().await.unwrap();
        pipes.on_said(said)
    }

    #[tokio::test]
    async fn each_stream_ends_by_itself_and_after_its_last_byte() {
        let (mut pipes, _input, mut output, errors) = pipes();
        output.write_all(b"last\n").unwrap();
        drop(output);
        let mut output = Vec::new();
        while pipes.output.is_some() {
            if let Said::Output(bytes) = next(&mut pipes).await {
                output.extend_from_slice(&bytes);
            }
        }
        assert_eq!(output, b"last\n");
        assert!(!pipes.have_ended());
        (&errors).write_all(b"oh").unwrap();
        assert_eq!(next(&mut pipes).await, Said::Errors(Bytes::from("E:oh")));
        drop(errors);
        assert_eq!(next(&mut pipes).await, Said::Errors(Bytes::new()));
        assert!(pipes.have_ended());
    }

    #[tokio::test]
    async fn input_that_has_ended_reads_as_end_of_file() {
        let (mut pipes, mut its_input, _output, _errors) = pipes();
        pipes.write(&mut Bytes::from("in")).await.unwrap();
        pipes.end_input();
        let mut read = String::new();
        its_input.read_to_string(&mut read).unwrap();
        assert_eq!(read, "in");
        assert!(pipes.write(&mut Bytes::from("more")).await.is_err());
    }
}
