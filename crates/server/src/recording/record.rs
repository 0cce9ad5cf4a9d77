//! One thing that happened in a recorded session, and its bytes.
//!
//! The invariant: the header of a record names its body by SHA-256, so whoever chains the headers has chained
//! everything. It knows neither files nor keys nor terminals.

use aws_lc_rs::digest::{SHA256, digest};
use bytes::{Buf, BufMut, Bytes};

/// Bytes of a record before its body: kind, time, sequence number, digest, length.
const HEADER: usize = 1 + 8 + 8 + 32 + 4;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A numbered message of the node whose bytes the person saw, or that had none.
    Shown {
        /// Its number in the node's stream.
        sequence: i64,
        /// What it showed; empty for a message that shows nothing, such as a handshake. In a sealed recording the payload of
        /// any message as it travelled, behind four bytes of its type.
        bytes: Bytes,
        /// SHA-256 of the message's payload, shown or not.
        digest: [u8; 32],
    },
    /// What the person's client said that is needed to decrypt a sealed recording, or is a terminal's size there: the payload
    /// behind four bytes of its type.
    Told {
        /// Its number in the client's stream.
        sequence: i64,
        /// Type and payload.
        bytes: Bytes,
    },
    /// The person's terminal has this size from here on.
    Size {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// From here on nothing is recorded, for this reason.
    Lost(String),
    /// The session is over.
    End,
}

/// One thing that happened, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// Milliseconds since the epoch, by the server's clock.
    pub(crate) at: u64,
    /// What.
    pub(crate) what: What,
}

/// The bytes are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record cannot be read")]
pub(crate) struct NoRecord;

/// Kinds of records on the disk.
const SHOWN: u8 = 1;
const HIDDEN: u8 = 2;
const SIZE: u8 = 3;
const LOST: u8 = 4;
const END: u8 = 5;
const TOLD: u8 = 6;

impl Record {
    /// Bytes of the body.
    pub(crate) fn length(&self) -> usize {
        match &self.what {
            What::Shown { bytes, .. } | What::Told { bytes, .. } => bytes.len(),
            What::Size { .. } => 4,
            What::Lost(why) => why.len(),
            What::End => 0,
        }
    }

    /// Appends the record's bytes, and returns those that a chain must hold.
    pub(crate) fn encode(&self, into: &mut Vec<u8>) -> [u8; HEADER] {
        let (kind, sequence, body, known) = match &self.what {
            What::Shown {
                sequence,
                bytes,
                digest,
            } => {
                let kind = if bytes.is_empty() { HIDDEN } else { SHOWN };
                (kind, *sequence, bytes.clone(), Some(*digest))
            }
            What::Told { sequence, bytes } => (TOLD, *sequence, bytes.clone(), None),
            What::Size { columns, rows } => {
                let [a, b] = columns.to_be_bytes();
                let [c, d] = rows.to_be_bytes();
                (SIZE, 0, Bytes::copy_from_slice(&[a, b, c, d]), None)
            }
            What::Lost(why) => (LOST, 0, Bytes::copy_from_slice(why.as_bytes()), None),
            What::End => (END, 0, Bytes::new(), None),
        };
        let mut header = [0; HEADER];
        let mut fields = header.as_mut_slice();
        fields.put_u8(kind);
        fields.put_u64(self.at);
        fields.put_i64(sequence);
        fields.put_slice(&known.unwrap_or_else(|| sha256(&body)));
        fields.put_u32(u32::try_from(body.len()).unwrap_or(u32::MAX));
        into.extend_from_slice(&header);
        into.extend_from_slice(&body);
        header
    }

    /// Takes the next record off `bytes`, with the bytes that the chain holds. What a message showed must be what its
    /// digest says.
    pub(crate) fn decode(bytes: &mut Bytes) -> Result<(Self, [u8; HEADER]), NoRecord> {
        let header: [u8; HEADER] = bytes
            .get(..HEADER)
            .and_then(|header| header.try_into().ok())
            .ok_or(NoRecord)?;
        bytes.advance(HEADER);
        let mut fields = header.as_slice();
        let (kind, at, sequence) = (fields.get_u8(), fields.get_u64(), fields.get_i64());
        let mut digest = [0; 32];
        fields.copy_to_slice(&mut digest);
        let length = usize::try_from(fields.get_u32()).map_err(|_| NoRecord)?;
        if length > bytes.len() {
            return Err(NoRecord);
        }
        let mut body = bytes.split_to(length);
        if kind != HIDDEN && sha256(&body) != digest {
            return Err(NoRecord);
        }
        let what = match kind {
            SHOWN | HIDDEN => What::Shown {
                sequence,
                bytes: body,
                digest,
            },
            SIZE if body.len() == 4 => What::Size {
                columns: body.get_u16(),
                rows: body.get_u16(),
            },
            TOLD => What::Told {
                sequence,
                bytes: body,
            },
            LOST => What::Lost(String::from_utf8_lossy(&body).into_owned()),
            END => What::End,
            _ => return Err(NoRecord),
        };
        Ok((Self { at, what }, header))
    }
}

/// SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    // SHA-256 has exactly these 32 bytes.
    digest(&SHA256, bytes)
        .as_ref()
        .try_into()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &'static [u8]) -> Record {
        Record {
            at: 7,
            what: What::Shown {
                sequence: 3,
                bytes: Bytes::from_static(bytes),
                digest: sha256(bytes),
            },
        }
    }

    #[test]
    fn a_record_that_was_cut_or_changed_is_none() {
        let mut bytes = Vec::new();
        shown(b"hello").encode(&mut bytes);
        for end in 0..bytes.len() {
            let mut cut = Bytes::copy_from_slice(&bytes[..end]);
            assert_eq!(Record::decode(&mut cut), Err(NoRecord), "cut at {end}");
        }
        *bytes.last_mut().unwrap() ^= 1;
        assert_eq!(Record::decode(&mut Bytes::from(bytes)), Err(NoRecord));
    }

    #[test]
    fn what_was_written_is_read_again_in_its_order() {
        let handshake = What::Shown {
            sequence: 0,
            bytes: Bytes::new(),
            digest: [9; 32],
        };
        let of = |what| Record { at: 1, what };
        let records = [
            of(handshake),
            of(What::Size {
                columns: 80,
                rows: 24,
            }),
            shown("wörter".as_bytes()),
            of(What::Told {
                sequence: 4,
                bytes: Bytes::from_static(b"told"),
            }),
            of(What::Lost("full".to_owned())),
            of(What::End),
        ];
        let mut bytes = Vec::new();
        for record in &records {
            record.encode(&mut bytes);
        }
        let mut bytes = Bytes::from(bytes);
        for record in records {
            assert_eq!(Record::decode(&mut bytes).unwrap().0, record);
        }
        assert!(bytes.is_empty());
    }
}
