//! A serving end in a thread, and what is told of a copy with it.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;

use usher_copy::{CopyError, Destination, Link, Problem, Watch, serve, store};

/// What was told of a copy.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) problems: Vec<Problem>,
    pub(crate) moved: u64,
}

impl Watch for Told {
    fn begins(&mut self, _: &Path, _: u64, _: u64) {}
    fn moved(&mut self, bytes: u64) {
        self.moved += bytes;
    }
    fn ended(&mut self) {}
    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

pub(crate) fn link(socket: UnixStream) -> Link<UnixStream, UnixStream> {
    let to = socket.try_clone().unwrap();
    Link::new(socket, to)
}

/// Runs `ask` against a serving end.
pub(crate) fn with_server<T>(ask: impl FnOnce(&mut Link<UnixStream, UnixStream>) -> T) -> T {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let server = thread::spawn(move || serve(&mut link(theirs)));
    let asked = ask(&mut link(ours));
    let _ = server.join().unwrap();
    asked
}

/// Copies `sources` to `path` at a serving end.
pub(crate) fn copied(sources: &[PathBuf], path: &Path) -> (Result<(), CopyError>, Told) {
    let destination = Destination {
        path: path.to_owned(),
        is_directory: false,
    };
    let mut told = Told::default();
    let ended = with_server(|link| store(sources, true, &destination, link, &mut told));
    (ended, told)
}

/// Bytes that repeat nowhere near.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    (0..length).map(next).collect()
}

/// Names in a directory, sorted.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
