//! Copies that were interrupted, or had been complete already.

use std::fs;
use std::io::Read;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::{self, JoinHandle};

use tempfile::tempdir;
use usher_copy::{CopyError, Destination, serve, store};

use super::both_ends::{Told, bytes, copied, link, names};

const SIZE: usize = 3_000_000;

/// A copy over a line that does not carry everything by itself.
struct Line {
    near: UnixStream,
    far: UnixStream,
    asks: JoinHandle<(Result<(), CopyError>, Told)>,
    /// What is waited for beside it.
    others: Vec<JoinHandle<()>>,
}

impl Line {
    /// Begins a copy and carries this many bytes of it; all answers get through.
    fn carrying(limit: u64, from: &Path, to: &Path) -> Self {
        let (ours, near) = UnixStream::pair().unwrap();
        let (far, theirs) = UnixStream::pair().unwrap();
        let serves = thread::spawn(move || {
            let _ = serve(&mut link(theirs));
        });
        let (mut answers, mut back) = (far.try_clone().unwrap(), near.try_clone().unwrap());
        let returns = thread::spawn(move || {
            let _ = std::io::copy(&mut answers, &mut back);
        });
        let (source, destination) = (from.to_owned(), to.to_owned());
        let asks = thread::spawn(move || {
            let mut told = Told::default();
            let destination = Destination {
                path: destination,
                is_directory: false,
            };
            let ended = store(&[source], true, &destination, &mut link(ours), &mut told);
            (ended, told)
        });
        std::io::copy(&mut (&near).take(limit), &mut (&far)).unwrap();
        Self {
            near,
            far,
            asks,
            others: vec![serves, returns],
        }
    }

    fn cut(self) -> Result<(), CopyError> {
        for end in [&self.near, &self.far] {
            end.shutdown(Shutdown::Both).unwrap();
        }
        self.others
            .into_iter()
            .for_each(|other| other.join().unwrap());
        self.asks.join().unwrap().0
    }

    fn mend(self) -> (Result<(), CopyError>, Told) {
        let (near, far) = (self.near, self.far);
        thread::spawn(move || std::io::copy(&mut (&near), &mut (&far)));
        let ended = self.asks.join().unwrap();
        self.others
            .into_iter()
            .for_each(|other| other.join().unwrap());
        ended
    }
}

#[test]
fn a_part_that_is_not_of_this_source_is_not_taken_up() {
    let folder = tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::write(&from, bytes(SIZE)).unwrap();
    fs::write(folder.path().join(".to.usher-part"), vec![7; SIZE / 2]).unwrap();
    let (ended, told) = copied(&[from], &to);
    assert!(ended.is_ok() && told.problems.is_empty());
    assert_eq!(told.moved, SIZE as u64);
    assert!(fs::read(&to).unwrap() == bytes(SIZE));
}

#[test]
fn an_interrupted_copy_has_no_name_yet_and_goes_on_where_it_stopped() {
    let folder = tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::write(&from, bytes(SIZE)).unwrap();
    let ended = Line::carrying(2_000_000, &from, &to).cut();
    assert!(matches!(ended, Err(CopyError::Gone)), "{ended:?}");
    assert_eq!(names(folder.path()), [".to.usher-part", "from"]);
    let (ended, told) = copied(&[from], &to);
    assert!(ended.is_ok() && told.problems.is_empty());
    assert!(told.moved < 1_200_000, "{} bytes went again", told.moved);
    assert!(fs::read(&to).unwrap() == bytes(SIZE));
    assert_eq!(names(folder.path()), ["from", "to"]);
}

#[test]
fn a_copy_left_hanging_is_taken_over_and_cannot_come_back() {
    let folder = tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::write(&from, bytes(SIZE)).unwrap();
    let hanging = Line::carrying(2_000_000, &from, &to);
    let part = folder.path().join(".to.usher-part");
    while !part.exists() {
        thread::yield_now();
    }
    let (ended, told) = copied(std::slice::from_ref(&from), &to);
    assert!(
        ended.is_ok() && told.problems.is_empty(),
        "{:?}",
        told.problems
    );
    assert!(fs::read(&to).unwrap() == bytes(SIZE));

    let (ended, told) = hanging.mend();
    assert!(ended.is_ok());
    let [problem] = told.problems.as_slice() else {
        panic!("{:?}", told.problems);
    };
    assert!(problem.cause.contains("a later copy"), "{problem:?}");
    assert!(fs::read(&to).unwrap() == bytes(SIZE));
    assert_eq!(names(folder.path()), ["from", "to"]);
}

#[test]
fn what_is_there_already_is_not_copied_again_unless_its_bytes_differ() {
    let folder = tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::write(&from, bytes(SIZE)).unwrap();
    copied(std::slice::from_ref(&from), &to).0.unwrap();
    let (ended, told) = copied(std::slice::from_ref(&from), &to);
    assert!(ended.is_ok());
    assert_eq!(told.moved, 0);
    // As long and as old, and yet another file.
    let when = fs::metadata(&from).unwrap().modified().unwrap();
    let mut other = bytes(SIZE);
    other[SIZE / 2] ^= 1;
    fs::write(&to, other).unwrap();
    let file = fs::File::options().write(true).open(&to).unwrap();
    file.set_modified(when).unwrap();
    let (ended, told) = copied(&[from], &to);
    assert!(ended.is_ok());
    assert_eq!(told.moved, SIZE as u64);
    assert!(fs::read(&to).unwrap() == bytes(SIZE));
}
