//! The end that takes files: makes what is announced, and answers each thing once.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::folder::Folder;
use crate::link::Link;
use crate::message::{About, Message};
use crate::part::Part;
use crate::{CopyError, Destination, Problem, Side, Watch};

/// Directories within directories; each is held open.
const DEEPEST: usize = 256;

/// Files announced ahead of their bytes; each is held open.
pub(crate) const AHEAD: usize = 32;

/// Takes what the other end sends, until that is done.
///
/// # Errors
/// [`CopyError`] ends the copy; what cannot be written is left out and told to `watch` at both ends.
pub fn receive<R: Read, W: Write>(
    destination: &Destination,
    link: &mut Link<R, W>,
    watch: &mut dyn Watch,
) -> Result<(), CopyError> {
    let (folder, name) = match place(destination) {
        Ok(found) => found,
        Err(error) => {
            let cause = error.to_string();
            let path = destination.path.clone();
            link.say(&Message::Failed {
                path: path.clone(),
                cause: cause.clone(),
            })?;
            link.flush()?;
            return Err(CopyError::Place {
                side: Side::Here,
                path,
                cause,
            });
        }
    };
    Receiver {
        root: folder,
        name,
        entered: Vec::new(),
        parts: VecDeque::new(),
        link,
        watch,
    }
    .until_done()
}

/// The directory to copy into, and the name there if the source is not to keep its own.
fn place(destination: &Destination) -> io::Result<(Folder, Option<OsString>)> {
    let path = match destination.path.as_os_str().is_empty() {
        true => Path::new("."),
        false => &destination.path,
    };
    if destination.is_directory || path.is_dir() {
        return Ok((Folder::open(path)?, None));
    }
    let name = path.file_name().ok_or(io::ErrorKind::NotFound)?;
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    Ok((Folder::open(parent)?, Some(name.to_owned())))
}

struct Receiver<'a, R: Read, W: Write> {
    root: Folder,
    /// For what comes first, in place of its own.
    name: Option<OsString>,
    entered: Vec<(Folder, About)>,
    /// Announced files of the innermost directory; the first is the one whose bytes come.
    parts: VecDeque<Part>,
    link: &'a mut Link<R, W>,
    watch: &'a mut dyn Watch,
}

impl<R: Read, W: Write> Receiver<'_, R, W> {
    fn until_done(mut self) -> Result<(), CopyError> {
        loop {
            match self.link.next()? {
                Message::Enter { name, about } => self.enter(name, about)?,
                Message::File { name, about, size } => self.announce(name, about, size)?,
                Message::Symlink { name, target } => {
                    let name = self.named(name);
                    let made = self.folder().symlink(&name, &target);
                    let path = self.folder().path_of(&name);
                    self.answer(made, path)?;
                }
                Message::From { offset } => self.begin(offset)?,
                Message::Data(bytes) => {
                    self.watch.moved(bytes.len() as u64);
                    self.first()?.add(&bytes);
                }
                Message::End { digest } => {
                    let part = self.parts.pop_front().ok_or(NO_FILE)?;
                    let path = self.folder().path_of(part.name());
                    let finished = part.finish(self.folder(), &digest);
                    self.watch.ended();
                    self.answer(finished, path)?;
                }
                Message::GivenUp => {
                    self.parts.pop_front().ok_or(NO_FILE)?;
                    self.watch.ended();
                }
                Message::Leave => self.leave()?,
                Message::Unread { path, cause } => self.watch.problem(Problem {
                    side: Side::There,
                    path,
                    cause,
                }),
                Message::Done if self.entered.is_empty() && self.parts.is_empty() => {
                    self.link.say(&Message::Done)?;
                    return self.link.flush();
                }
                _ => return Err(CopyError::Peer("a message out of turn")),
            }
        }
    }

    fn folder(&self) -> &Folder {
        self.entered.last().map_or(&self.root, |(folder, _)| folder)
    }

    fn named(&mut self, name: OsString) -> OsString {
        match self.entered.is_empty() {
            true => self.name.take().unwrap_or(name),
            false => name,
        }
    }

    fn enter(&mut self, name: OsString, about: About) -> Result<(), CopyError> {
        if !self.parts.is_empty() || self.entered.len() >= DEEPEST {
            return Err(CopyError::Peer("directories too deep or out of turn"));
        }
        let name = self.named(name);
        let path = self.folder().path_of(&name);
        match self.folder().enter(&name) {
            Ok(folder) => {
                self.entered.push((folder, about));
                self.link.say(&Message::Stored)
            }
            Err(error) => self.answer(Err(error), path),
        }
    }

    fn leave(&mut self) -> Result<(), CopyError> {
        let (folder, about) = self
            .entered
            .pop()
            .filter(|_| self.parts.is_empty())
            .ok_or(CopyError::Peer("a directory is left that was not entered"))?;
        let path = folder.path_of("".as_ref());
        let finished = folder.finish(about);
        self.answer(finished, path)
    }

    fn announce(&mut self, name: OsString, about: About, size: u64) -> Result<(), CopyError> {
        if self.parts.len() >= AHEAD {
            return Err(CopyError::Peer("too many files are announced ahead"));
        }
        let name = self.named(name);
        let path = self.folder().path_of(&name);
        match Part::open(self.folder(), name, about, size) {
            Ok(part) => {
                let (offset, digest) = part.offer();
                self.parts.push_back(part);
                self.link.say(&Message::Ready { offset, digest })
            }
            Err(error) => self.answer(Err(error), path),
        }
    }

    fn begin(&mut self, offset: u64) -> Result<(), CopyError> {
        let mut part = self.parts.pop_front().ok_or(NO_FILE)?;
        let path = self.folder().path_of(part.name());
        self.watch.begins(&path, part.size(), offset);
        match part.begin_at(self.folder(), offset) {
            Ok(true) => {}
            Ok(false) => return Err(CopyError::Peer("a file goes on where it did not stop")),
            Err(error) => part.breaks(error),
        }
        self.parts.push_front(part);
        Ok(())
    }

    fn first(&mut self) -> Result<&mut Part, CopyError> {
        self.parts.front_mut().ok_or(NO_FILE)
    }

    fn answer(&mut self, done: io::Result<()>, path: PathBuf) -> Result<(), CopyError> {
        let Err(error) = done else {
            return self.link.say(&Message::Stored);
        };
        let cause = error.to_string();
        self.watch.problem(Problem {
            side: Side::Here,
            path: path.clone(),
            cause: cause.clone(),
        });
        self.link.say(&Message::Refused { path, cause })
    }
}

const NO_FILE: CopyError = CopyError::Peer("bytes of a file that was not announced");
