//! The form of an object's bytes on the disk: frames of 64 KiB, each encrypted and authenticated.
//!
//! Owns two invariants. Each file has a key of its own and each frame its number as nonce, so none is used twice and no
//! frame opens in another's place. A file that is shorter than its row says never reads as a shorter object.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::ObjectError;
use crate::error::ApiError;
use crate::vault::Vault;

/// Bytes of a frame before it is encrypted; only the last has fewer.
pub(super) const FRAME: usize = 64 * 1024;
/// What encryption adds to a frame.
const TAG: usize = 16;
/// Bytes of a frame on the disk.
pub(super) const SEALED_FRAME: usize = FRAME + TAG;
const KEY: usize = 32;

/// The key of one file.
pub(super) struct FileKey(LessSafeKey);

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileKey")
    }
}

impl FileKey {
    /// A new key for the file of that name, and the same sealed under the root key.
    pub(super) fn fresh(vault: &Vault, file: &str) -> Result<(Self, Vec<u8>), ObjectError> {
        let mut bytes = Zeroizing::new([0u8; KEY]);
        rand::fill(&mut *bytes).map_err(|_| refused())?;
        let sealed = vault.seal(&place(file), &*bytes)?;
        Ok((Self::of(&*bytes)?, sealed))
    }

    /// The key of the file of that name.
    pub(super) fn open(vault: &Vault, file: &str, sealed: &[u8]) -> Result<Self, ObjectError> {
        Self::of(&vault.unseal(&place(file), sealed)?)
    }

    fn of(bytes: &[u8]) -> Result<Self, ObjectError> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| ObjectError::Damaged)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Encrypts a frame in its place.
    pub(super) fn seal(&self, number: u64, frame: &mut Vec<u8>) -> Result<(), ObjectError> {
        self.0
            .seal_in_place_append_tag(nonce(number), Aad::empty(), frame)
            .map_err(|_| refused())
    }

    /// Decrypts a frame in its place.
    pub(super) fn open_frame(&self, number: u64, frame: &mut Vec<u8>) -> Result<(), ObjectError> {
        let opened = self.0.open_in_place(nonce(number), Aad::empty(), frame);
        let length = opened.map_err(|_| ObjectError::Damaged)?.len();
        frame.truncate(length);
        Ok(())
    }
}

/// Bytes of the frame `number` of a file of `size` bytes, on the disk.
pub(super) fn sealed_length(size: u64, number: u64) -> usize {
    let left = size.saturating_sub(number.saturating_mul(FRAME as u64));
    usize::try_from(left).unwrap_or(FRAME).min(FRAME) + TAG
}

fn nonce(number: u64) -> Nonce {
    let mut bytes = [0u8; 12];
    for (byte, digit) in bytes.iter_mut().rev().zip(number.to_le_bytes()) {
        *byte = digit;
    }
    Nonce::assume_unique_for_key(bytes)
}

fn place(file: &str) -> String {
    format!("objects/{file}")
}

fn refused() -> ObjectError {
    ObjectError::Internal(ApiError::internal(
        "the cryptographic library refused to work",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> FileKey {
        FileKey::of(&[7; KEY]).unwrap()
    }

    #[test]
    fn a_frame_does_not_open_in_anothers_place() {
        let mut frame = b"frame".to_vec();
        key().seal(1, &mut frame).unwrap();
        assert!(key().open_frame(0, &mut frame.clone()).is_err());
        assert!(key().open_frame(1 << 40, &mut frame.clone()).is_err());
        key().open_frame(1, &mut frame).unwrap();
        assert_eq!(frame, b"frame");
    }

    #[test]
    fn a_changed_or_cut_frame_does_not_open() {
        let mut sealed = b"frame".to_vec();
        key().seal(0, &mut sealed).unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(key().open_frame(0, &mut changed).is_err(), "byte {place}");
            let mut cut = sealed[..place].to_vec();
            assert!(key().open_frame(0, &mut cut).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn only_the_last_frame_is_shorter() {
        let size = 2 * FRAME as u64 + 5;
        assert_eq!(sealed_length(size, 0), SEALED_FRAME);
        assert_eq!(sealed_length(size, 1), SEALED_FRAME);
        assert_eq!(sealed_length(size, 2), 5 + TAG);
    }
}
