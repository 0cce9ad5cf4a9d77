//! A file that is being written: encrypted as it comes, whole on the disk before anything names it.
//!
//! Owns one invariant: what `finish` returns is on the disk under its final name, synced. A draft that is dropped leaves
//! nothing behind.

use std::path::PathBuf;

use s3s::crypto::{Checksum, Md5};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;

use super::sealed_file::{FRAME, FileKey, SEALED_FRAME};
use super::{Folder, ObjectError};
use crate::context::Context;
use crate::limits;
use crate::store::PartRow;

/// A file being written.
pub(crate) struct Draft {
    name: String,
    folder: Folder,
    file: File,
    key: FileKey,
    sealed_key: Vec<u8>,
    waiting: Vec<u8>,
    frames: u64,
    size: u64,
    md5: Md5,
    _unfinished: Unfinished,
}

/// Removes the file that is not finished. Once it has its final name there is nothing at this one.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Draft({}, {} bytes)", self.name, self.size)
    }
}

impl Draft {
    /// An empty one.
    pub(crate) async fn begin(context: &Context) -> Result<Self, ObjectError> {
        let name = Folder::fresh_name();
        let (key, sealed_key) = FileKey::fresh(&context.vault, &name)?;
        let path = context.objects.draft(&name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .await?;
        Ok(Self {
            name,
            folder: context.objects.clone(),
            file,
            key,
            sealed_key,
            waiting: Vec::with_capacity(SEALED_FRAME),
            frames: 0,
            size: 0,
            md5: Md5::new(),
            _unfinished: Unfinished(path),
        })
    }

    /// Appends.
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), ObjectError> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > limits::OBJECT_PUT {
            return Err(ObjectError::TooLarge);
        }
        self.md5.update(bytes);
        while !bytes.is_empty() {
            let room = FRAME.saturating_sub(self.waiting.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.waiting.extend_from_slice(now);
            bytes = later;
            if self.waiting.len() == FRAME {
                self.write_frame().await?;
            }
        }
        Ok(())
    }

    /// Puts it on the disk to stay. The row's number is 1 and its time 0: they are the caller's to set.
    pub(crate) async fn finish(mut self) -> Result<PartRow, ObjectError> {
        if !self.waiting.is_empty() {
            self.write_frame().await?;
        }
        self.file.flush().await?;
        self.file.sync_all().await?;
        self.folder.settle(&self.name).await?;
        Ok(PartRow {
            number: 1,
            size: i64::try_from(self.size).unwrap_or(i64::MAX),
            etag: hex::encode(self.md5.finalize()),
            modified: 0,
            sealed_key: self.sealed_key,
            file: self.name,
        })
    }

    async fn write_frame(&mut self) -> Result<(), ObjectError> {
        self.key.seal(self.frames, &mut self.waiting)?;
        self.file.write_all(&self.waiting).await?;
        self.waiting.clear();
        self.frames += 1;
        Ok(())
    }
}
