//! The end that has the files: walks the sources, announces what it finds, and sends what is missing.
//!
//! Files of one directory are announced ahead of their bytes, so that many small ones do not each wait for an answer.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::digest::Sum;
use crate::link::Link;
use crate::message::{About, DATA, Message};
use crate::receive::AHEAD;
use crate::replies::Replies;
use crate::{CopyError, Problem, Side, Watch};

/// Sends the sources to the other end; directories only if `recursive`.
///
/// # Errors
/// [`CopyError`] ends the copy; what cannot be read is left out and told to `watch` at both ends.
pub fn send<R: Read, W: Write>(
    sources: &[PathBuf],
    recursive: bool,
    link: &mut Link<R, W>,
    watch: &mut dyn Watch,
) -> Result<(), CopyError> {
    let mut sender = Sender {
        link,
        watch,
        replies: Replies::default(),
        announced: VecDeque::new(),
    };
    for source in sources {
        sender.source(source, recursive)?;
    }
    sender.link.say(&Message::Done)?;
    match sender.link.next()? {
        Message::Done => Ok(()),
        _ => Err(CopyError::Peer("an answer to nothing")),
    }
}

struct Sender<'a, R: Read, W: Write> {
    link: &'a mut Link<R, W>,
    watch: &'a mut dyn Watch,
    replies: Replies,
    announced: VecDeque<Announced>,
}

/// A file whose bytes have not been sent.
struct Announced {
    path: PathBuf,
    file: File,
    size: u64,
}

impl<R: Read, W: Write> Sender<'_, R, W> {
    /// One source; a link is what it leads to.
    fn source(&mut self, path: &Path, recursive: bool) -> Result<(), CopyError> {
        let found = fs::metadata(path).and_then(|about| Ok((own_name(path)?, about)));
        match found {
            Err(error) => self.leave_out(path, &error.to_string()),
            Ok((_, about)) if about.is_dir() && !recursive => {
                self.leave_out(path, "is a directory; copy it with --recursive")
            }
            Ok((name, about)) if about.is_dir() => self.directory(path, &name, &about),
            Ok((name, _)) => {
                self.announce(path, &name)?;
                self.finish_files()
            }
        }
    }

    fn directory(&mut self, path: &Path, name: &OsStr, about: &Metadata) -> Result<(), CopyError> {
        let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.leave_out(path, &error.to_string()),
        };
        self.link.say(&Message::Enter {
            name: name.to_owned(),
            about: about_of(about),
        })?;
        self.replies.expect_stored();
        self.settle()?;
        if !self.replies.last_stored() {
            return Ok(());
        }
        entries.sort_unstable_by_key(fs::DirEntry::file_name);
        let mut directories = Vec::new();
        for entry in entries {
            let (path, name) = (entry.path(), entry.file_name());
            match entry.metadata() {
                Err(error) => self.leave_out(&path, &error.to_string())?,
                Ok(about) if about.is_dir() => directories.push((path, name, about)),
                Ok(about) if about.is_symlink() => self.symlink(&path, name)?,
                Ok(_) => self.announce(&path, &name)?,
            }
        }
        self.finish_files()?;
        for (path, name, about) in directories {
            self.directory(&path, &name, &about)?;
        }
        self.link.say(&Message::Leave)?;
        self.replies.expect_stored();
        self.settle()
    }

    fn symlink(&mut self, path: &Path, name: OsString) -> Result<(), CopyError> {
        match fs::read_link(path) {
            Err(error) => self.leave_out(path, &error.to_string()),
            Ok(target) => {
                self.link.say(&Message::Symlink { name, target })?;
                self.replies.expect_stored();
                // Answers that nobody reads must not fill the way back.
                while self.replies.are_many() {
                    self.take_reply()?;
                }
                Ok(())
            }
        }
    }

    fn announce(&mut self, path: &Path, name: &OsStr) -> Result<(), CopyError> {
        let (file, about) = match open(path) {
            Ok(opened) => opened,
            Err(error) => return self.leave_out(path, &error.to_string()),
        };
        self.link.say(&Message::File {
            name: name.to_owned(),
            about: about_of(&about),
            size: about.len(),
        })?;
        self.replies.expect_welcome();
        self.announced.push_back(Announced {
            path: path.to_owned(),
            file,
            size: about.len(),
        });
        while self.announced.len() >= AHEAD {
            self.send_first()?;
        }
        Ok(())
    }

    fn finish_files(&mut self) -> Result<(), CopyError> {
        while !self.announced.is_empty() {
            self.send_first()?;
        }
        self.settle()
    }

    /// Sends the first announced file, if it is welcome.
    fn send_first(&mut self) -> Result<(), CopyError> {
        let welcome = loop {
            match self.replies.welcome() {
                Some(welcome) => break welcome,
                None => self.take_reply()?,
            }
        };
        let (Some(mut announced), Some((offered, digest))) = (self.announced.pop_front(), welcome)
        else {
            return Ok(());
        };
        let prepared = Sum::of(&mut announced.file, offered.min(announced.size)).and_then(|sum| {
            match sum.filter(|sum| sum.digest() == digest && offered <= announced.size) {
                Some(sum) => Ok((sum, offered)),
                None => announced
                    .file
                    .seek(SeekFrom::Start(0))
                    .map(|_| (Sum::new(), 0)),
            }
        });
        let (sum, offset) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                self.leave_out(&announced.path, &error.to_string())?;
                return self.link.say(&Message::GivenUp);
            }
        };
        self.watch.begins(&announced.path, announced.size, offset);
        self.link.say(&Message::From { offset })?;
        let sent = self.bytes(announced, sum, offset);
        self.watch.ended();
        sent
    }

    fn bytes(
        &mut self,
        mut announced: Announced,
        mut sum: Sum,
        offset: u64,
    ) -> Result<(), CopyError> {
        let mut left = announced.size.saturating_sub(offset);
        while left > 0 {
            let most = usize::try_from(left).map_or(DATA, |left| left.min(DATA));
            let mut piece = vec![0; most];
            let read = match announced.file.read(&mut piece) {
                Ok(0) => Err(io::Error::other("it became shorter while it was read")),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read,
            };
            match read {
                Ok(read) => piece.truncate(read),
                Err(error) => {
                    self.leave_out(&announced.path, &error.to_string())?;
                    return self.link.say(&Message::GivenUp);
                }
            }
            sum.add(&piece);
            left = left.saturating_sub(piece.len() as u64);
            self.watch.moved(piece.len() as u64);
            self.link.say(&Message::Data(piece))?;
        }
        self.link.say(&Message::End {
            digest: sum.digest(),
        })?;
        self.replies.expect_stored();
        Ok(())
    }

    /// Waits for every answer that is due.
    fn settle(&mut self) -> Result<(), CopyError> {
        while self.replies.are_due() {
            self.take_reply()?;
        }
        Ok(())
    }

    fn take_reply(&mut self) -> Result<(), CopyError> {
        let message = self.link.next()?;
        if let Some(problem) = self.replies.take(message)? {
            self.watch.problem(problem);
        }
        Ok(())
    }

    fn leave_out(&mut self, path: &Path, cause: &str) -> Result<(), CopyError> {
        self.watch.problem(Problem {
            side: Side::Here,
            path: path.to_owned(),
            cause: cause.to_owned(),
        });
        self.link.say(&Message::Unread {
            path: path.to_owned(),
            cause: cause.to_owned(),
        })
    }
}

/// The name a source has where it is, whatever it was called by.
fn own_name(path: &Path) -> io::Result<OsString> {
    let named = path.file_name().map(OsStr::to_owned);
    match named {
        Some(name) => Ok(name),
        None => {
            let whole = fs::canonicalize(path)?;
            let name = whole.file_name().map(OsStr::to_owned);
            name.ok_or_else(|| io::Error::other("it has no name to be copied under"))
        }
    }
}

/// Opens what is an ordinary file, and nothing that would wait.
fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let about = file.metadata()?;
    match about.is_file() {
        true => Ok((file, about)),
        false => Err(io::Error::other("is no ordinary file")),
    }
}

fn about_of(metadata: &Metadata) -> About {
    About {
        mode: metadata.mode() & 0o777,
        seconds: metadata.mtime(),
        nanoseconds: metadata.mtime_nsec().try_into().unwrap_or(0),
    }
}
