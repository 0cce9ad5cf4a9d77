//! The fixed layout before the payload: all integers big-endian, offsets as in AWS's programs.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | header length, 116: the offset of the payload length |
//! | 4 | 32 | message type, ASCII padded with spaces (readers also strip NUL) |
//! | 36, 40, 48, 56 | 4, 8, 8, 8 | schema version 1, created (ms), sequence, flags |
//! | 64 | 16 | message id: a UUID with its two halves swapped |
//! | 80 | 32 | SHA-256 of the payload |
//! | 112, 116 | 4, 4 | payload type, payload length |

use bytes::{Buf, BufMut, BytesMut};
use uuid::Uuid;

use super::{FrameError, MAX_FRAME, MessageType, PayloadType};

/// Where the payload begins in a frame without extra header bytes.
pub(super) const PAYLOAD_OFFSET: usize = 120;
const HEADER_LENGTH: u32 = 116;
const SCHEMA_VERSION: u32 = 1;
const TYPE_BYTES: usize = 32;

/// A frame's fields without its payload. The gateway relays by these alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameHeader {
    /// What kind of message this is.
    pub message_type: MessageType,
    /// When it was made, in milliseconds since the epoch.
    pub created_ms: u64,
    /// Its number in its stream.
    pub sequence: i64,
    /// SYN and FIN bits.
    pub flags: u64,
    /// The message's id.
    pub message_id: Uuid,
    /// What SHA-256 of the payload should be; not verified here.
    pub payload_digest: [u8; 32],
    /// What the payload is.
    pub payload_type: PayloadType,
    /// The payload's length in bytes; agrees with the frame's length.
    pub payload_length: u32,
    /// Where the payload begins in the frame.
    pub payload_offset: usize,
}

impl FrameHeader {
    /// Reads the header of the whole frame `message`. Every length is checked; the digest is not.
    pub fn parse(message: &[u8]) -> Result<Self, FrameError> {
        if message.len() > MAX_FRAME {
            return Err(FrameError::TooLong(message.len()));
        }
        let mut fields = message
            .get(..PAYLOAD_OFFSET)
            .ok_or(FrameError::TooShort(message.len()))?;
        let header_length = fields.get_u32();
        let mut name = [0; TYPE_BYTES];
        fields.copy_to_slice(&mut name);
        fields.advance(4); // the schema version, which AWS's programs do not check either
        let created_ms = fields.get_u64();
        let sequence = fields.get_i64();
        let flags = fields.get_u64();
        let (low, high) = (fields.get_u64(), fields.get_u64());
        let mut payload_digest = [0; 32];
        fields.copy_to_slice(&mut payload_digest);
        let payload_type = PayloadType::from_number(fields.get_u32());
        let payload_length = fields.get_u32();

        let message_type =
            MessageType::from_name(trim(&name)).ok_or(FrameError::UnknownMessageType)?;
        if created_ms == 0 && !is_publication(message_type) {
            return Err(FrameError::NoCreationTime);
        }
        let payload_offset = payload_offset(header_length, message.len())?;
        let actual = message.len() - payload_offset;
        if usize::try_from(payload_length) != Ok(actual) {
            return Err(FrameError::BadPayloadLength {
                claimed: payload_length,
                actual,
            });
        }
        let message_id = Uuid::from_u64_pair(high, low);
        Ok(Self {
            message_type,
            created_ms,
            sequence,
            flags,
            message_id,
            payload_digest,
            payload_type,
            payload_length,
            payload_offset,
        })
    }

    /// Appends the 120 bytes of this header, without extra header bytes whatever `payload_offset` says.
    pub(super) fn write(&self, buffer: &mut BytesMut) {
        buffer.put_u32(HEADER_LENGTH);
        let name = self.message_type.name().as_bytes();
        buffer.put_slice(name);
        buffer.put_bytes(b' ', TYPE_BYTES.saturating_sub(name.len()));
        buffer.put_u32(SCHEMA_VERSION);
        buffer.put_u64(self.created_ms);
        buffer.put_i64(self.sequence);
        buffer.put_u64(self.flags);
        let (high, low) = self.message_id.as_u64_pair();
        buffer.put_u64(low);
        buffer.put_u64(high);
        buffer.put_slice(&self.payload_digest);
        buffer.put_u32(self.payload_type.number());
        buffer.put_u32(self.payload_length);
    }
}

/// AWS's plugin takes these two without looking at any other field.
fn is_publication(message_type: MessageType) -> bool {
    matches!(
        message_type,
        MessageType::StartPublication | MessageType::PausePublication
    )
}

/// The payload follows the header and its 4-byte length field; a longer header is skipped, a shorter one is nonsense.
fn payload_offset(header_length: u32, message_length: usize) -> Result<usize, FrameError> {
    let bad = FrameError::BadHeaderLength(header_length);
    if header_length < HEADER_LENGTH {
        return Err(bad);
    }
    let offset = usize::try_from(header_length)
        .ok()
        .and_then(|length| length.checked_add(4));
    offset.filter(|offset| *offset <= message_length).ok_or(bad)
}

fn trim(name: &[u8]) -> &[u8] {
    let padding = |b: &u8| *b == 0 || b.is_ascii_whitespace();
    let start = name.iter().take_while(|b| padding(b)).count();
    let end = name.len() - name.iter().rev().take_while(|b| padding(b)).count();
    name.get(start..end).unwrap_or_default()
}
