//! Files as a stream of messages and back: what both ends of `usher cp` do, over any two pipes.
//!
//! Owns that a file has its name only when it is whole and its checksum was compared, that what was interrupted goes on
//! where it stopped, and that nothing a peer says leads out of the directory it was given. It reads and writes as whoever
//! runs it. It must not know sessions, accounts or terminals.
#![forbid(unsafe_code)]

mod digest;
mod error;
mod folder;
mod link;
mod message;
mod part;
mod receive;
mod replies;
mod send;
mod serve;

use std::path::{Path, PathBuf};

pub use error::CopyError;
pub use link::Link;
pub use receive::receive;
pub use send::send;
pub use serve::{fetch, serve, store};

/// At which end something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// At the end that is asked.
    Here,
    /// At the peer's.
    There,
}

/// A file or directory that was left out. The rest is copied all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where `path` is.
    pub side: Side,
    /// What was left out, as its own end names it.
    pub path: PathBuf,
    /// Why.
    pub cause: String,
}

/// Where the destination of a copy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// An existing directory, or the name that a single source gets. Empty: where the process is.
    pub path: PathBuf,
    /// It must be a directory, because there are several sources.
    pub is_directory: bool,
}

/// Who watches a copy.
pub trait Watch {
    /// A file of `size` bytes begins, of which `done` need not be copied.
    fn begins(&mut self, path: &Path, size: u64, done: u64);
    /// So many more bytes of it were copied.
    fn moved(&mut self, bytes: u64);
    /// It is whole, or was given up.
    fn ended(&mut self);
    /// Something was left out.
    fn problem(&mut self, problem: Problem);
}

/// Nobody does.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn begins(&mut self, _: &Path, _: u64, _: u64) {}
    fn moved(&mut self, _: u64) {}
    fn ended(&mut self) {}
    fn problem(&mut self, _: Problem) {}
}
