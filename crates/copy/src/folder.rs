//! A directory that is copied into, held open: what is made is made in it, whatever becomes of its path meanwhile.
//!
//! Owns that no symbolic link is followed below the destination.

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, FileType, FlockOperation, Mode, OFlags, RawMode, Stat, Timespec, Timestamps, fchmod,
    flock, futimens, mkdirat, openat, readlinkat, renameat, statat, symlinkat, unlinkat,
};

use crate::message::About;

const DIRECTORY: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::RDONLY)
    .union(OFlags::CLOEXEC);

/// An open directory.
#[derive(Debug)]
pub(crate) struct Folder {
    directory: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// The destination itself, through whatever links lead to it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            directory: File::open(path.join("."))?.into(),
            path: path.to_owned(),
        })
    }

    /// A directory in this one, made if it is not there.
    pub(crate) fn enter(&self, name: &OsStr) -> io::Result<Self> {
        match mkdirat(&self.directory, name, Mode::RWXU) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Self {
            directory: openat(&self.directory, name, DIRECTORY, Mode::empty())?,
            path: self.path_of(name),
        })
    }

    /// For people.
    pub(crate) fn path_of(&self, name: &OsStr) -> PathBuf {
        self.path.join(name)
    }

    /// What is there under this name, if anything; a link is the link itself.
    pub(crate) fn stat(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        match statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a file that is no link and no special one. `flags` say how.
    pub(crate) fn file(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&self.directory, name, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(File::from(file))
    }

    /// Keeps other copies from renaming anything here until it is dropped. Where the file system has no locks, two copies
    /// of one file at once are not told apart.
    pub(crate) fn turn(&self) -> io::Result<OwnedFd> {
        let turn = openat(&self.directory, ".", DIRECTORY, Mode::empty())?;
        let _ = flock(&turn, FlockOperation::LockExclusive);
        Ok(turn)
    }

    /// Removes a file if it is there.
    pub(crate) fn remove(&self, name: &OsStr) -> io::Result<()> {
        match unlinkat(&self.directory, name, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.directory, from, &self.directory, to)?)
    }

    /// Makes a link, in place of another link at most.
    pub(crate) fn symlink(&self, name: &OsStr, target: &Path) -> io::Result<()> {
        if let Some(there) = self.stat(name)? {
            if FileType::from_raw_mode(there.st_mode) != FileType::Symlink {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let leads = readlinkat(&self.directory, name, Vec::new())?;
            if OsString::from_vec(CString::into_bytes(leads)) == target {
                return Ok(());
            }
            unlinkat(&self.directory, name, AtFlags::empty())?;
        }
        Ok(symlinkat(target, &self.directory, name)?)
    }

    /// Gives the directory what its source has; call it when everything in it is there.
    pub(crate) fn finish(&self, about: About) -> io::Result<()> {
        give(&self.directory, about)
    }
}

/// Gives an open file or directory mode and time.
pub(crate) fn give(file: impl AsFd, about: About) -> io::Result<()> {
    fchmod(&file, Mode::from_raw_mode(about.mode as RawMode))?;
    let changed = Timespec {
        tv_sec: about.seconds,
        tv_nsec: about.nanoseconds.into(),
    };
    let times = Timestamps {
        last_access: changed,
        last_modification: changed,
    };
    Ok(futimens(&file, &times)?)
}

/// The name under which a file is kept until it is whole.
pub(crate) fn part_name(name: &OsStr) -> OsString {
    let bytes = [b".", name.as_bytes(), b".usher-part"].concat();
    OsString::from_vec(bytes)
}
