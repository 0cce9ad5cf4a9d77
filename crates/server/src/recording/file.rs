//! A recording's file: sealed blocks of records, each bound to all before it.
//!
//! The invariant: a block opens only as the block after exactly those before it in this session's file, so nothing can be
//! changed, left out, moved or brought in from another file. What can be cut is the end; the head that the database keeps
//! of a finished recording finds that. The key of a file is its own, sealed under the root key in its first bytes.
//! It knows no protocol and no limits.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use zeroize::Zeroizing;

use super::record::Record;
use crate::vault::{Vault, VaultError};

const MAGIC: &[u8; 8] = b"USHREC1\n";
const KEY_LEN: usize = 32;
/// Bytes of a sealed block at most; a frame of the gateway is far smaller.
const MOST_BLOCK: usize = 4 * 1024 * 1024;

/// Why a recording cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The system refused.
    #[error("the file cannot be used: {0}")]
    System(#[from] io::Error),
    /// The root key does not open the file's own key.
    #[error("the file's key: {0}")]
    Key(#[from] VaultError),
    /// It is no recording of this session.
    #[error("it does not begin as a recording of this session")]
    NoRecording,
    /// A block is not what was written there.
    #[error(
        "block {index} is not what was written there: it, or something before it, was changed or removed"
    )]
    Damaged {
        /// Blocks before it are good.
        index: u64,
    },
    /// The cryptographic library failed.
    #[error("the cryptographic library refused to work")]
    Cipher,
}

/// A place between two blocks: how much is before it, and its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes of the file before it.
    pub(crate) offset: u64,
    /// Blocks before it.
    pub(crate) index: u64,
    /// Hash over everything before it.
    pub(crate) hash: [u8; 32],
}

/// A file that is read, and what is needed to write on at its end.
pub(crate) struct RecordingFile {
    file: File,
    key: RandomizedNonceKey,
    /// Where the next block is read or written.
    head: Head,
}

impl std::fmt::Debug for RecordingFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordingFile")
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

/// What stands at a place.
#[derive(Debug)]
pub(crate) enum Block {
    /// Records.
    Records(Vec<Record>),
    /// Nothing more.
    End,
    /// Bytes that are less than a block: a write that did not finish, or an end that was cut.
    Torn,
}

impl RecordingFile {
    /// Makes the file, which must not exist, of mode 0600.
    pub(crate) fn create(path: &Path, session: &str, vault: &Vault) -> Result<Self, FileError> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        aws_lc_rs::rand::fill(&mut *key).map_err(|_| FileError::Cipher)?;
        let sealed = vault.seal(&key_name(session), &*key)?;
        let length = u16::try_from(sealed.len()).map_err(|_| FileError::Cipher)?;
        let mut beginning = MAGIC.to_vec();
        beginning.extend_from_slice(&length.to_be_bytes());
        beginning.extend_from_slice(&sealed);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(&beginning)?;
        Ok(Self {
            file,
            key: cipher(&*key)?,
            head: first_head(session, &beginning),
        })
    }

    /// Opens the file at its first block.
    pub(crate) fn open(path: &Path, session: &str, vault: &Vault) -> Result<Self, FileError> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut beginning = vec![0; MAGIC.len() + 2];
        read_exactly(&mut file, &mut beginning)?;
        let length = match beginning.strip_prefix(MAGIC) {
            Some([high, low]) => usize::from(u16::from_be_bytes([*high, *low])),
            _ => return Err(FileError::NoRecording),
        };
        let mut sealed = vec![0; length];
        read_exactly(&mut file, &mut sealed)?;
        let key = vault.unseal(&key_name(session), &sealed)?;
        beginning.extend_from_slice(&sealed);
        Ok(Self {
            file,
            key: cipher(&key)?,
            head: first_head(session, &beginning),
        })
    }

    /// The place of the next block.
    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// Goes to a place that was given out for this file before; another one opens no block.
    pub(crate) fn go_to(&mut self, head: Head) -> Result<(), FileError> {
        self.file.seek(SeekFrom::Start(head.offset))?;
        self.head = head;
        Ok(())
    }

    /// Reads the next block.
    pub(crate) fn read(&mut self) -> Result<Block, FileError> {
        let damaged = FileError::Damaged {
            index: self.head.index,
        };
        let mut length = [0; 4];
        match fill(&mut self.file, &mut length)? {
            0 => return Ok(Block::End),
            4 => {}
            _ => return Ok(Block::Torn),
        }
        let count = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if count > MOST_BLOCK {
            return Err(damaged);
        }
        let mut sealed = vec![0; count];
        if fill(&mut self.file, &mut sealed)? < count {
            return Ok(Block::Torn);
        }
        let Some((nonce, text)) = sealed.split_at_mut_checked(NONCE_LEN) else {
            return Err(damaged);
        };
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| FileError::Cipher)?;
        let aad = Aad::from(self.head.hash);
        let Ok(plain) = self.key.open_in_place(nonce, aad, text) else {
            return Err(damaged);
        };
        let mut plain = Bytes::copy_from_slice(plain);
        let mut hash = chained(&self.head);
        let mut records = Vec::new();
        while !plain.is_empty() {
            let Ok((record, header)) = Record::decode(&mut plain) else {
                return Err(damaged);
            };
            hash.update(&header);
            records.push(record);
        }
        self.pass(count, hash);
        Ok(Block::Records(records))
    }

    /// Writes a block at the present place, which must be the end. It is in the system's hands when this returns, so it
    /// survives this process.
    pub(crate) fn append(&mut self, records: &[Record]) -> Result<(), FileError> {
        let mut hash = chained(&self.head);
        let mut plain = Vec::new();
        for record in records {
            hash.update(&record.encode(&mut plain));
        }
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(self.head.hash), &mut plain)
            .map_err(|_| FileError::Cipher)?;
        let count = NONCE_LEN + plain.len();
        let length = u32::try_from(count).map_err(|_| FileError::Cipher)?;
        let mut block = Vec::with_capacity(4 + count);
        block.extend_from_slice(&length.to_be_bytes());
        block.extend_from_slice(nonce.as_ref());
        block.extend_from_slice(&plain);
        if let Err(error) = self.file.write_all(&block) {
            // Half a block would be in the way of the next one.
            self.cut()?;
            return Err(error.into());
        }
        self.pass(count, hash);
        Ok(())
    }

    /// Cuts off what is after the present place: what a process that was killed had not finished.
    pub(crate) fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.head.offset)?;
        self.file
            .seek(SeekFrom::Start(self.head.offset))
            .map(|_| ())
    }

    /// Waits until everything written survives the machine.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn pass(&mut self, sealed: usize, hash: Context) {
        let length = u64::try_from(sealed).unwrap_or(u64::MAX).saturating_add(4);
        self.head = Head {
            offset: self.head.offset.saturating_add(length),
            index: self.head.index.saturating_add(1),
            hash: finished(hash),
        };
    }
}

/// Under which name the vault seals a file's key.
fn key_name(session: &str) -> String {
    format!("recording/{session}")
}

fn cipher(key: &[u8]) -> Result<RandomizedNonceKey, FileError> {
    RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| FileError::Cipher)
}

fn first_head(session: &str, beginning: &[u8]) -> Head {
    let mut hash = Context::new(&SHA256);
    hash.update(session.as_bytes());
    hash.update(beginning);
    Head {
        offset: u64::try_from(beginning.len()).unwrap_or(u64::MAX),
        index: 0,
        hash: finished(hash),
    }
}

/// The hash of what comes after a place, begun.
fn chained(head: &Head) -> Context {
    let mut hash = Context::new(&SHA256);
    hash.update(&head.hash);
    hash.update(&head.index.to_be_bytes());
    hash
}

fn finished(hash: Context) -> [u8; 32] {
    // SHA-256 has exactly these 32 bytes.
    hash.finish().as_ref().try_into().unwrap_or_default()
}

/// Reads as much as there is, up to the length of `into`.
fn fill(file: &mut File, into: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = into.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn read_exactly(file: &mut File, into: &mut [u8]) -> Result<(), FileError> {
    if fill(file, into)? < into.len() {
        return Err(FileError::NoRecording);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
