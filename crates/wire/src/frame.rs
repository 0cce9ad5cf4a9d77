//! The binary frame of the message gateway: what AWS calls AgentMessage on one side and ClientMessage on the other.
//!
//! Invariant: a decoded [`Frame`] had a consistent length and, where there was one to compare, a matching digest; decoding
//! shares the received bytes, encoding copies the payload once. What a payload means is not known here.

mod header;
mod kind;
#[cfg(test)]
mod tests;

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use thiserror::Error;
use uuid::Uuid;

pub use header::FrameHeader;
pub use kind::{MessageType, PayloadType};

/// The longest frame we make or accept, in bytes. Start tasks carry a session document inside JSON inside JSON; stream
/// frames are far smaller.
pub const MAX_FRAME: usize = 256 * 1024;
/// Bytes before the payload in every frame we make.
pub const HEADER_BYTES: usize = header::PAYLOAD_OFFSET;
/// Flag: first of a stream. Acknowledgements and session states carry it together with [`FLAG_FIN`].
pub const FLAG_SYN: u64 = 1;
/// Flag: last of a stream.
pub const FLAG_FIN: u64 = 2;
/// Flag, ours: this stream message holds a sentence that the service asked for, so the service counts it as nobody's
/// activity. AWS's clients read no flags of stream messages.
pub const FLAG_NOTICE: u64 = 4;

/// Why bytes are not a frame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Shorter than a header.
    #[error("frame of {0} bytes is shorter than its header")]
    TooShort(usize),
    /// Longer than [`MAX_FRAME`].
    #[error("frame of {0} bytes is longer than {MAX_FRAME}")]
    TooLong(usize),
    /// The header length field is below the fixed fields or points past the end.
    #[error("header length {0} does not fit the frame")]
    BadHeaderLength(u32),
    /// The payload length field disagrees with the bytes received.
    #[error("payload length says {claimed}, {actual} bytes follow")]
    BadPayloadLength {
        /// What the header says.
        claimed: u32,
        /// What follows the header.
        actual: usize,
    },
    /// A message type that is not in [`MessageType`].
    #[error("unknown message type")]
    UnknownMessageType,
    /// The creation time is 0, which AWS's peers refuse as well.
    #[error("frame without a creation time")]
    NoCreationTime,
    /// SHA-256 of the payload differs from the header's.
    #[error("payload digest does not match")]
    DigestMismatch,
}

/// One message of a control or data channel.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// What kind of message this is.
    pub message_type: MessageType,
    /// When it was made, in milliseconds since the epoch; never 0.
    pub created_ms: u64,
    /// Its number in its stream; 0 for messages outside a stream.
    pub sequence: i64,
    /// [`FLAG_SYN`], [`FLAG_FIN`] and [`FLAG_NOTICE`].
    pub flags: u64,
    /// Unique per message; a retransmission keeps it.
    pub message_id: Uuid,
    /// What the payload of a stream message is.
    pub payload_type: PayloadType,
    /// The body, as carried.
    pub payload: Bytes,
}

impl Frame {
    /// A message outside the numbered streams: sequence 0, no payload type. `flags` is 0 on the control channel and
    /// `FLAG_SYN | FLAG_FIN` for session states.
    pub fn unsequenced(
        message_type: MessageType,
        flags: u64,
        message_id: Uuid,
        created_ms: u64,
        payload: impl Into<Bytes>,
    ) -> Self {
        let payload = payload.into();
        Self {
            message_type,
            created_ms,
            sequence: 0,
            flags,
            message_id,
            payload_type: PayloadType::Undefined,
            payload,
        }
    }

    /// Reads one whole WebSocket message. The payload shares `message`'s memory.
    ///
    /// Digest and length are verified although AWS's agent does neither; an empty payload has nothing to verify and
    /// AWS's plugin checks none either. Nor is there anything to verify where hexadecimal digits stand in the digest's
    /// place, as clients in JavaScript write them (npm's ssm-session, `generateDigest`), of whatever they took for the
    /// payload; no SHA-256 looks like that. Extra header bytes are skipped, as both of AWS's programs do.
    pub fn decode(mut message: Bytes) -> Result<Self, FrameError> {
        let header = FrameHeader::parse(&message)?;
        message.advance(header.payload_offset);
        let payload = message;
        if !payload.is_empty()
            && digest(&SHA256, &payload).as_ref() != header.payload_digest.as_slice()
            && !header.payload_digest.iter().all(u8::is_ascii_hexdigit)
        {
            return Err(FrameError::DigestMismatch);
        }
        Ok(Self {
            message_type: header.message_type,
            created_ms: header.created_ms,
            sequence: header.sequence,
            flags: header.flags,
            message_id: header.message_id,
            payload_type: header.payload_type,
            payload,
        })
    }

    /// The frame's bytes, ready to be sent as one binary WebSocket message.
    pub fn encode(&self) -> Bytes {
        let envelope = Envelope {
            message_type: self.message_type,
            created_ms: self.created_ms,
            sequence: self.sequence,
            flags: self.flags,
            message_id: self.message_id,
            payload_type: self.payload_type,
        };
        envelope.seal(&self.payload)
    }
}

/// A frame's fields before it has a payload; saves the sender an owned payload where it only has a slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope {
    pub(crate) message_type: MessageType,
    pub(crate) created_ms: u64,
    pub(crate) sequence: i64,
    pub(crate) flags: u64,
    pub(crate) message_id: Uuid,
    pub(crate) payload_type: PayloadType,
}

impl Envelope {
    /// The whole frame around `payload`: one allocation, one copy.
    pub(crate) fn seal(&self, payload: &[u8]) -> Bytes {
        let mut buffer = BytesMut::with_capacity(HEADER_BYTES + payload.len());
        let header = FrameHeader {
            message_type: self.message_type,
            created_ms: self.created_ms,
            sequence: self.sequence,
            flags: self.flags,
            message_id: self.message_id,
            payload_digest: payload_digest(payload),
            payload_type: self.payload_type,
            payload_length: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            payload_offset: HEADER_BYTES,
        };
        header.write(&mut buffer);
        buffer.put_slice(payload);
        buffer.freeze()
    }
}

impl fmt::Debug for Frame {
    /// Leaves the payload out: it is what people type and see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("message_type", &self.message_type)
            .field("sequence", &self.sequence)
            .field("flags", &self.flags)
            .field("message_id", &self.message_id)
            .field("payload_type", &self.payload_type)
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

fn payload_digest(payload: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(digest(&SHA256, payload).as_ref()) {
        *to = *from;
    }
    bytes
}
