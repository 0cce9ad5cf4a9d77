//! Copies that were interrupted, or had been complete already.

use std::fs;
use std::io::Read;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;

use tempfile::tempdir;
use usher_copy::{CopyError, Destination, serve, store};

use super::both_ends::{Told, bytes, copied, link, names};

const SIZE: usize = 3_000_000;

/// A copy whose line is cut after this many bytes.
fn cut_after(limit: u64, sources: &[PathBuf], path: &std::path::Path) -> Result<(), CopyError> {
    let (ours, near) = UnixStream::pair().unwrap();
    let (far, theirs) = UnixStream::pair().unwrap();
    let server = thread::spawn(move || serve(&mut link(theirs)));
    let back = thread::spawn({
        let (mut from, mut to) = (far.try_clone().unwrap(), near.try_clone().unwrap());
        move || {
            let _ = std::io::copy(&mut from, &mut to);
        }
    });
    let line = thread::spawn(move || {
        let _ = std::io::copy(&mut (&near).take(limit), &mut (&far));
        let _ = near.shutdown(Shutdown::Both);
        let _ = far.shutdown(Shutdown::Both);
    });
    let destination = Destination {
        path: path.to_owned(),
        is_directory: false,
    };
    let ended = store(
        sources,
        true,
        &destination,
        &mut link(ours),
        &mut Told::default(),
    );
    line.join().unwrap();
    back.join().unwrap();
    let _ = server.join().unwrap();
    ended
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
    let ended = cut_after(2_000_000, std::slice::from_ref(&from), &to);
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
    let (ours, near) = UnixStream::pair().unwrap();
    let (far, theirs) = UnixStream::pair().unwrap();
    let server = thread::spawn(move || serve(&mut link(theirs)));
    let back = thread::spawn({
        let (mut from, mut to) = (far.try_clone().unwrap(), near.try_clone().unwrap());
        move || {
            let _ = std::io::copy(&mut from, &mut to);
        }
    });
    let hanging = thread::spawn({
        let (from, to) = (from.clone(), to.clone());
        move || {
            let mut told = Told::default();
            let destination = Destination {
                path: to,
                is_directory: false,
            };
            let ended = store(&[from], true, &destination, &mut link(ours), &mut told);
            (ended, told)
        }
    });
    std::io::copy(&mut (&near).take(2_000_000), &mut (&far)).unwrap();
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

    // The first one's line is mended.
    thread::spawn(move || std::io::copy(&mut (&near), &mut (&far)));
    let (ended, told) = hanging.join().unwrap();
    assert!(ended.is_ok());
    assert!(
        told.problems[0].cause.contains("a later copy"),
        "{:?}",
        told.problems
    );
    let _ = server.join().unwrap();
    back.join().unwrap();
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
