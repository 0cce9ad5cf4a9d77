//! The ciphertext blob: which key and material made it, and what only they open.
//!
//! ```text
//! byte 0        format, 1
//! bytes 1-16    key id, the UUID's 16 bytes
//! bytes 17-20   version of the key material, big endian
//! bytes 21-52   salt, random
//! bytes 53-     AES-256-GCM ciphertext with its 16-byte tag
//! ```
//!
//! Everything before the salt and the encryption context are the cipher's additional data, so that no blob can be passed
//! off as another key's. Cipher key and nonce are derived from material and salt: no nonce is ever used twice.

use uuid::Uuid;

/// The format's number, and how long its parts are.
const FORMAT: u8 = 1;
pub(super) const HEADER: usize = 21;
pub(super) const SALT: usize = 32;
const TAG: usize = 16;

/// Why bytes are no ciphertext of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BlobError {
    /// Too short for the format.
    #[error("the ciphertext is cut")]
    Cut,
    /// A format that this server does not make.
    #[error("the ciphertext has another format")]
    UnknownFormat,
    /// The tag does not fit: other material, another context, or changed bytes.
    #[error("the ciphertext does not open")]
    DoesNotOpen,
}

/// A ciphertext, its header read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blob<'a> {
    /// The key that made it.
    pub(crate) key_id: Uuid,
    /// Which of the key's materials.
    pub(crate) version: u32,
    pub(super) header: &'a [u8],
    pub(super) salt: &'a [u8],
    pub(super) sealed: &'a [u8],
}

impl<'a> Blob<'a> {
    /// Reads the header; nothing is opened.
    ///
    /// # Errors
    /// If the bytes are too short or of another format.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, BlobError> {
        if bytes.first().is_some_and(|format| *format != FORMAT) {
            return Err(BlobError::UnknownFormat);
        }
        let (header, rest) = bytes.split_at_checked(HEADER).ok_or(BlobError::Cut)?;
        let (salt, sealed) = rest.split_at_checked(SALT).ok_or(BlobError::Cut)?;
        let (_, key_and_version) = header.split_first().ok_or(BlobError::Cut)?;
        let (key_id, version) = key_and_version
            .split_first_chunk::<16>()
            .ok_or(BlobError::Cut)?;
        let version = version.try_into().map_err(|_| BlobError::Cut)?;
        if sealed.len() < TAG {
            return Err(BlobError::Cut);
        }
        Ok(Self {
            key_id: Uuid::from_bytes(*key_id),
            version: u32::from_be_bytes(version),
            header,
            salt,
            sealed,
        })
    }
}

/// The header of a blob that is about to be made.
pub(super) fn header(key_id: Uuid, version: u32) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER);
    header.push(FORMAT);
    header.extend_from_slice(key_id.as_bytes());
    header.extend_from_slice(&version.to_be_bytes());
    header
}
