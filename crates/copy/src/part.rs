//! A file on its way: kept under a name of its own until it is whole, so that nobody reads half of it and an interrupted
//! copy goes on where it stopped.
//!
//! Owns that the checksum of the whole file, what was there before included, is the sender's before it gets its name, and
//! that of two copies of it the later one wins.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;

use rustix::fs::{FileType, FlockOperation, OFlags, flock, fstat};

use crate::digest::{Digest, Sum};
use crate::folder::{Folder, give, part_name};
use crate::message::About;

/// Less than this is sent again rather than compared.
const WORTH_RESUMING: u64 = 64 * 1024;

/// A file that was announced and is not whole yet.
pub(crate) struct Part {
    name: OsString,
    about: About,
    size: u64,
    file: File,
    sum: Sum,
    /// How many bytes `sum` is of.
    length: u64,
    /// `file` is the destination itself, which may be whole already.
    is_final: bool,
    /// Why the rest is not written; the rest of the copy goes on.
    broken: Option<io::Error>,
}

impl Part {
    /// Takes up what there is of the announced file, or begins it.
    pub(crate) fn open(
        folder: &Folder,
        name: OsString,
        about: About,
        size: u64,
    ) -> io::Result<Self> {
        let whole = match folder.stat(&name)? {
            Some(there) => match FileType::from_raw_mode(there.st_mode) {
                FileType::RegularFile => {
                    there.st_size.cast_unsigned() == size && there.st_mtime == about.seconds
                }
                FileType::Symlink => false,
                FileType::Directory => return Err(io::ErrorKind::IsADirectory.into()),
                _ => return Err(io::Error::other("there is no ordinary file")),
            },
            None => false,
        };
        if whole && let Ok(mut file) = folder.file(&name, OFlags::RDONLY) {
            let found = Sum::of(&mut file, size)?;
            return Ok(Self {
                name,
                about,
                size,
                file,
                length: found.as_ref().map_or(0, |_| size),
                sum: found.unwrap_or_else(Sum::new),
                is_final: true,
                broken: None,
            });
        }
        let mut file = begin(folder, &name)?;
        let there = file.metadata()?.len().min(size);
        let found = match there {
            0..WORTH_RESUMING => None,
            _ => Sum::of(&mut file, there)?,
        };
        Ok(Self {
            name,
            about,
            size,
            file,
            length: found.as_ref().map_or(0, |_| there),
            sum: found.unwrap_or_else(Sum::new),
            is_final: false,
            broken: None,
        })
    }

    /// How much of it is there, and its checksum.
    pub(crate) fn offer(&self) -> (u64, Digest) {
        (self.length, self.sum.digest())
    }

    pub(crate) fn name(&self) -> &OsStr {
        &self.name
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The sender goes on from here: from what was offered, or from the beginning.
    pub(crate) fn begin_at(&mut self, folder: &Folder, offset: u64) -> io::Result<bool> {
        if offset != self.length {
            if offset != 0 {
                return Ok(false);
            }
            (self.sum, self.length) = (Sum::new(), 0);
        }
        if self.is_final && offset < self.size {
            self.file = begin(folder, &self.name)?;
            self.is_final = false;
        }
        if !self.is_final {
            self.file.set_len(offset)?;
            self.file.seek(SeekFrom::Start(offset))?;
        }
        Ok(true)
    }

    /// The next bytes. An error is kept until the end is announced.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        if self.broken.is_some() {
            return;
        }
        self.sum.add(bytes);
        self.length = self.length.saturating_add(bytes.len() as u64);
        if let Err(error) = self.file.write_all(bytes) {
            self.broken = Some(error);
        }
    }

    pub(crate) fn breaks(&mut self, error: io::Error) {
        self.broken.get_or_insert(error);
    }

    /// Gives it its name, if it is what was sent.
    pub(crate) fn finish(self, folder: &Folder, digest: &Digest) -> io::Result<()> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        if self.length != self.size || self.sum.digest() != *digest {
            // Nothing of it can be trusted: the next try begins anew.
            if !self.is_final {
                self.file.set_len(0)?;
            }
            return Err(io::Error::other(
                "its checksum differs from the source's; copy it again",
            ));
        }
        give(&self.file, self.about)?;
        if self.is_final {
            return Ok(());
        }
        let part = part_name(&self.name);
        let _turn = folder.turn()?;
        let ours = fstat(&self.file)?;
        match folder.stat(&part)? {
            Some(there) if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino) => {
                folder.rename(&part, &self.name)
            }
            _ => Err(io::Error::other("a later copy of it has taken its place")),
        }
    }
}

/// The file in which it is gathered. Where an earlier copy of it still holds on, because its client is gone and it was not
/// told, it is left with its own.
fn begin(folder: &Folder, name: &OsStr) -> io::Result<File> {
    let part = part_name(name);
    let _turn = folder.turn()?;
    let file = folder.file(&part, OFlags::RDWR | OFlags::CREATE)?;
    let found = file.metadata()?;
    let ours = rustix::process::geteuid().as_raw();
    if !found.is_file() || found.uid() != ours || found.nlink() != 1 {
        let name = part.display();
        return Err(io::Error::other(format!("{name} is in the way")));
    }
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
        return Ok(file);
    }
    take_over(folder, &part, file)
}

/// A file of our own with the same bytes, in the place of one that somebody else still writes.
fn take_over(folder: &Folder, part: &OsStr, mut theirs: File) -> io::Result<File> {
    let aside = part_name(part);
    folder.remove(&aside)?;
    let mut ours = folder.file(&aside, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)?;
    flock(&ours, FlockOperation::NonBlockingLockExclusive)?;
    io::copy(&mut theirs, &mut ours)?;
    ours.rewind()?;
    folder.rename(&aside, part)?;
    Ok(ours)
}
