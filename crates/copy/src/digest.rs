//! The checksum of a file, SHA-256, kept while its bytes pass.

use std::io::{self, Read};

use aws_lc_rs::digest::{Context, SHA256};

use crate::message::DATA;

/// SHA-256 of some bytes.
pub(crate) type Digest = [u8; 32];

/// The checksum of what has passed so far.
#[derive(Clone)]
pub(crate) struct Sum(Context);

impl Sum {
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Of everything so far; more may follow.
    pub(crate) fn digest(&self) -> Digest {
        // SHA-256 has exactly these 32 bytes.
        let digest = self.0.clone().finish();
        digest.as_ref().try_into().unwrap_or_default()
    }

    /// Of the next `length` bytes of `file`; None if there are fewer.
    pub(crate) fn of(file: &mut impl Read, mut length: u64) -> io::Result<Option<Self>> {
        let mut sum = Self::new();
        let mut buffer = vec![0; DATA];
        while length > 0 {
            let most = usize::try_from(length).map_or(DATA, |left| left.min(DATA));
            let room = buffer.get_mut(..most).unwrap_or_default();
            let read = match file.read(room) {
                Ok(0) => return Ok(None),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            sum.add(room.get(..read).unwrap_or_default());
            length = length.saturating_sub(read as u64);
        }
        Ok(Some(sum))
    }
}
