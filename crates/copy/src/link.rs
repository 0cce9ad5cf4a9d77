//! The two pipes between the ends of a copy, as messages.
//!
//! What is said is gathered until an answer is waited for or the buffer is full: many small files are few writes.

use std::io::{BufReader, BufWriter, Read, Write};

use crate::CopyError;
use crate::message::{LONGEST, Message};

/// Several messages of data, so that the stream under it gets long writes.
const BUFFER: usize = 128 * 1024;

/// One end.
#[derive(Debug)]
pub struct Link<R: Read, W: Write> {
    from: BufReader<R>,
    to: BufWriter<W>,
}

impl<R: Read, W: Write> Link<R, W> {
    /// Over blocking pipes, sockets or files.
    pub fn new(from: R, to: W) -> Self {
        Self {
            from: BufReader::with_capacity(BUFFER, from),
            to: BufWriter::with_capacity(BUFFER, to),
        }
    }

    pub(crate) fn say(&mut self, message: &Message) -> Result<(), CopyError> {
        let (kind, fields) = message.encode();
        let length = u32::try_from(fields.len())
            .ok()
            .filter(|_| fields.len() <= LONGEST)
            .ok_or(CopyError::Peer("more paths than one request can hold"))?;
        let header = [&[kind][..], &length.to_be_bytes()].concat();
        let said = self
            .to
            .write_all(&header)
            .and_then(|()| self.to.write_all(&fields));
        said.map_err(CopyError::of_stream)
    }

    pub(crate) fn flush(&mut self) -> Result<(), CopyError> {
        self.to.flush().map_err(CopyError::of_stream)
    }

    /// The next message, waiting for it. What was said goes out before there is nothing left to read: the peer always sends
    /// whole messages before it waits itself.
    pub(crate) fn next(&mut self) -> Result<Message, CopyError> {
        if self.from.buffer().is_empty() {
            self.flush()?;
        }
        let mut kind = [0];
        let mut length = [0; 4];
        self.read(&mut kind)?;
        self.read(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > LONGEST {
            return Err(CopyError::Peer("a message longer than any"));
        }
        let mut fields = vec![0; length];
        self.read(&mut fields)?;
        let [kind] = kind;
        match Message::decode(kind, fields)? {
            Message::Failed { path, cause } => Err(CopyError::Place {
                side: crate::Side::There,
                path,
                cause,
            }),
            message => Ok(message),
        }
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), CopyError> {
        self.from.read_exact(into).map_err(CopyError::of_stream)
    }
}
