//! The messages of a copy and their bytes: a kind, a length of four bytes, and the fields. Numbers are big-endian; names
//! and paths are bytes as the file system has them, behind a length of two bytes.
//!
//! Every length is checked before anything is allocated; a name is one component of a path or the message is refused.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use crate::CopyError;
use crate::digest::Digest;

/// The most bytes of a file in one message.
pub(crate) const DATA: usize = 32 * 1024;

/// The longest message of all: many paths in a request.
pub(crate) const LONGEST: usize = 64 * 1024;

/// The only version of these messages so far.
const VERSION: u8 = 1;

/// The system's limits on a name and a path.
const NAME: usize = 255;
const PATH: usize = 4096;

/// The longest cause; a longer one is cut.
const CAUSE: usize = 512;

/// Mode and time of last change, which a copy keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct About {
    /// Permission bits, 0 to 0o777.
    pub(crate) mode: u32,
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    /// To the node: take what follows.
    Store { path: PathBuf, is_directory: bool },
    /// To the node: send these.
    Fetch {
        paths: Vec<PathBuf>,
        recursive: bool,
    },
    /// A directory; what follows is in it. Answered.
    Enter { name: OsString, about: About },
    /// A file that will follow. Answered.
    File {
        name: OsString,
        about: About,
        size: u64,
    },
    /// A symbolic link. Answered.
    Symlink { name: OsString, target: PathBuf },
    /// The first announced file that was not refused, from this byte on.
    From { offset: u64 },
    /// Its next bytes.
    Data(Vec<u8>),
    /// It is whole. Answered.
    End { digest: Digest },
    /// It is given up; the reason has been told.
    GivenUp,
    /// The directory is complete.
    Leave,
    /// The sender cannot read this.
    Unread { path: PathBuf, cause: String },
    /// Everything was sent, or taken.
    Done,
    /// The announced thing is welcome; of a file so many bytes are there already, with this digest.
    Ready { offset: u64, digest: Digest },
    /// The announced or ended thing is not taken.
    Refused { path: PathBuf, cause: String },
    /// The ended file has its name.
    Stored,
    /// The copy ends here.
    Failed { path: PathBuf, cause: String },
}

impl Message {
    /// Kind and fields.
    pub(crate) fn encode(&self) -> (u8, Vec<u8>) {
        let mut fields = Vec::new();
        let kind = match self {
            Self::Store { path, is_directory } => {
                fields.extend([VERSION, u8::from(*is_directory)]);
                put(&mut fields, path.as_os_str());
                1
            }
            Self::Fetch { paths, recursive } => {
                fields.extend([VERSION, u8::from(*recursive)]);
                for path in paths {
                    put(&mut fields, path.as_os_str());
                }
                2
            }
            Self::Enter { name, about } => {
                put(&mut fields, name);
                about.put(&mut fields);
                3
            }
            Self::File { name, about, size } => {
                put(&mut fields, name);
                about.put(&mut fields);
                fields.extend(size.to_be_bytes());
                4
            }
            Self::Symlink { name, target } => {
                put(&mut fields, name);
                put(&mut fields, target.as_os_str());
                5
            }
            Self::From { offset } => {
                fields.extend(offset.to_be_bytes());
                6
            }
            Self::Data(bytes) => {
                fields.extend(bytes);
                7
            }
            Self::End { digest } => {
                fields.extend(digest);
                8
            }
            Self::GivenUp => 9,
            Self::Leave => 10,
            Self::Unread { path, cause } => {
                put_problem(&mut fields, path, cause);
                11
            }
            Self::Done => 12,
            Self::Ready { offset, digest } => {
                fields.extend(offset.to_be_bytes());
                fields.extend(digest);
                13
            }
            Self::Refused { path, cause } => {
                put_problem(&mut fields, path, cause);
                14
            }
            Self::Stored => 15,
            Self::Failed { path, cause } => {
                put_problem(&mut fields, path, cause);
                16
            }
        };
        (kind, fields)
    }

    /// The message of these bytes, if they are those of one.
    pub(crate) fn decode(kind: u8, fields: Vec<u8>) -> Result<Self, CopyError> {
        if kind == 7 {
            return match fields.len() {
                1..=DATA => Ok(Self::Data(fields)),
                _ => Err(CopyError::Peer(
                    "a piece of a file is too short or too long",
                )),
            };
        }
        let mut fields = Fields(&fields);
        let message = match kind {
            1 => Self::Store {
                is_directory: fields.versioned()?,
                path: fields.path()?,
            },
            2 => Self::Fetch {
                recursive: fields.versioned()?,
                paths: fields.paths()?,
            },
            3 => Self::Enter {
                name: fields.name()?,
                about: fields.about()?,
            },
            4 => Self::File {
                name: fields.name()?,
                about: fields.about()?,
                size: u64::from_be_bytes(fields.take()?),
            },
            5 => Self::Symlink {
                name: fields.name()?,
                target: fields.path()?,
            },
            6 => Self::From {
                offset: u64::from_be_bytes(fields.take()?),
            },
            8 => Self::End {
                digest: fields.take()?,
            },
            9 => Self::GivenUp,
            10 => Self::Leave,
            11 => {
                let (path, cause) = fields.problem()?;
                Self::Unread { path, cause }
            }
            12 => Self::Done,
            13 => Self::Ready {
                offset: u64::from_be_bytes(fields.take()?),
                digest: fields.take()?,
            },
            14 => {
                let (path, cause) = fields.problem()?;
                Self::Refused { path, cause }
            }
            15 => Self::Stored,
            16 => {
                let (path, cause) = fields.problem()?;
                Self::Failed { path, cause }
            }
            _ => return Err(CopyError::Peer("a message of an unknown kind")),
        };
        match fields.0 {
            [] => Ok(message),
            _ => Err(CopyError::Peer("a message is longer than it says")),
        }
    }
}

impl About {
    fn put(self, fields: &mut Vec<u8>) {
        fields.extend(self.mode.to_be_bytes());
        fields.extend(self.seconds.to_be_bytes());
        fields.extend(self.nanoseconds.to_be_bytes());
    }
}

fn put(fields: &mut Vec<u8>, text: &OsStr) {
    let bytes = text.as_bytes();
    // The system lets no path be longer than two bytes can say; one that is would be refused at the other end.
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    fields.extend(length.to_be_bytes());
    fields.extend(bytes.iter().take(usize::from(length)));
}

fn put_problem(fields: &mut Vec<u8>, path: &std::path::Path, cause: &str) {
    put(fields, path.as_os_str());
    let cut = cause.floor_char_boundary(CAUSE);
    put(fields, OsStr::new(cause.get(..cut).unwrap_or_default()));
}

/// What is left of a message.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], CopyError> {
        let (field, rest) = self.0.split_first_chunk().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*field)
    }

    fn text(&mut self, longest: usize) -> Result<Vec<u8>, CopyError> {
        let length = usize::from(u16::from_be_bytes(self.take()?));
        let (text, rest) = self.0.split_at_checked(length).ok_or(SHORT)?;
        if length > longest || text.contains(&0) {
            return Err(CopyError::Peer("a name or path that can be none"));
        }
        self.0 = rest;
        Ok(text.to_owned())
    }

    fn versioned(&mut self) -> Result<bool, CopyError> {
        let [version, flag] = self.take()?;
        match (version, flag) {
            (VERSION, 0 | 1) => Ok(flag == 1),
            (VERSION, _) => Err(CopyError::Peer("a flag that is neither set nor clear")),
            _ => Err(CopyError::Peer("it speaks another version of a copy")),
        }
    }

    fn path(&mut self) -> Result<PathBuf, CopyError> {
        Ok(OsString::from_vec(self.text(PATH)?).into())
    }

    fn paths(&mut self) -> Result<Vec<PathBuf>, CopyError> {
        let mut paths = Vec::new();
        while !self.0.is_empty() {
            paths.push(self.path()?);
        }
        Ok(paths)
    }

    /// One component: what is made by it is in the directory in which it is made.
    fn name(&mut self) -> Result<OsString, CopyError> {
        let name = self.text(NAME)?;
        match name.as_slice() {
            b"" | b"." | b".." => Err(CopyError::Peer("a name that names nothing")),
            name if name.contains(&b'/') => Err(CopyError::Peer("a name that is a path")),
            _ => Ok(OsString::from_vec(name)),
        }
    }

    fn about(&mut self) -> Result<About, CopyError> {
        let about = About {
            mode: u32::from_be_bytes(self.take()?),
            seconds: i64::from_be_bytes(self.take()?),
            nanoseconds: u32::from_be_bytes(self.take()?),
        };
        if about.mode > 0o777 || about.nanoseconds > 999_999_999 {
            return Err(CopyError::Peer("a mode or a time that can be none"));
        }
        Ok(about)
    }

    fn problem(&mut self) -> Result<(PathBuf, String), CopyError> {
        let path = self.path()?;
        let cause = self.text(CAUSE)?;
        Ok((path, String::from_utf8_lossy(&cause).into_owned()))
    }
}

const SHORT: CopyError = CopyError::Peer("a message is shorter than it says");

#[cfg(test)]
mod tests;
