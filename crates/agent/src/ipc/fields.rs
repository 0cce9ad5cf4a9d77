//! The fields of a message: integers big-endian, texts and bytes with a length before them.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{HEADER, IpcError, MAX_MESSAGE, Message, VERSION};

/// Collects the fields of one message, header first.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    bytes: Vec<u8>,
    descriptors: Vec<BorrowedFd<'a>>,
}

impl<'a> Writer<'a> {
    /// The whole message with its header, and the descriptors that go with it.
    pub(super) fn write(
        message: &'a impl Message,
    ) -> Result<(Vec<u8>, Vec<BorrowedFd<'a>>), IpcError> {
        let mut writer = Self {
            bytes: vec![0; HEADER],
            descriptors: Vec::new(),
        };
        message.encode(&mut writer);
        let length = writer.bytes.len() - HEADER;
        if length > MAX_MESSAGE {
            return Err(IpcError::TooLong);
        }
        let length = u32::try_from(length).map_err(|_| IpcError::TooLong)?;
        if let Some((header, _)) = writer.bytes.split_first_chunk_mut::<HEADER>() {
            let [a, b, c, d] = length.to_be_bytes();
            *header = [a, b, c, d, VERSION];
        }
        Ok((writer.bytes, writer.descriptors))
    }

    pub(super) fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(super) fn short(&mut self, value: u16) {
        self.bytes.extend(value.to_be_bytes());
    }

    pub(super) fn int(&mut self, value: i32) {
        self.bytes.extend(value.to_be_bytes());
    }

    /// Longer than a message can be, `write` refuses it.
    pub(super) fn slice(&mut self, value: &[u8]) {
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.bytes.extend(length.to_be_bytes());
        self.bytes.extend(value);
    }

    pub(super) fn text(&mut self, value: &str) {
        self.slice(value.as_bytes());
    }

    pub(super) fn descriptor(&mut self, descriptor: &'a OwnedFd) {
        self.descriptors.push(descriptor.as_fd());
    }
}

/// Takes the fields of one message in order.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    descriptors: &'a mut VecDeque<OwnedFd>,
}

impl<'a> Reader<'a> {
    /// Reads the one message that `body` is.
    pub(super) fn read<M: Message>(
        body: &'a [u8],
        descriptors: &'a mut VecDeque<OwnedFd>,
    ) -> Result<M, IpcError> {
        let mut reader = Self {
            rest: body,
            descriptors,
        };
        let message = M::decode(&mut reader)?;
        if reader.rest.is_empty() {
            Ok(message)
        } else {
            Err(IpcError::Trailing)
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], IpcError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(IpcError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, IpcError> {
        self.array().map(|[byte]: [u8; 1]| byte)
    }

    pub(super) fn short(&mut self) -> Result<u16, IpcError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn int(&mut self) -> Result<i32, IpcError> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn slice(&mut self) -> Result<&'a [u8], IpcError> {
        let length =
            usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| IpcError::Truncated)?;
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(IpcError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, IpcError> {
        std::str::from_utf8(self.slice()?).map_err(|_| IpcError::InvalidField)
    }

    pub(super) fn descriptor(&mut self) -> Result<OwnedFd, IpcError> {
        self.descriptors
            .pop_front()
            .ok_or(IpcError::MissingDescriptor)
    }
}
