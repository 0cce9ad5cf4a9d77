//! Destinations that somebody else had a hand in, and peers that do not keep to the rules.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::thread;

use tempfile::tempdir;
use usher_copy::{CopyError, Destination, Side, Unwatched, receive};

use super::both_ends::{copied, link};

#[test]
fn no_link_below_the_destination_is_followed() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("from/sub")).unwrap();
    fs::write(path("from/sub/x"), "new").unwrap();
    fs::write(path("from/y"), "new").unwrap();
    fs::create_dir_all(path("to/from")).unwrap();
    fs::create_dir(path("elsewhere")).unwrap();
    fs::write(path("victim"), "old").unwrap();
    symlink(path("elsewhere"), path("to/from/sub")).unwrap();
    symlink(path("victim"), path("to/from/y")).unwrap();
    let (ended, told) = copied(&[path("from")], &path("to"));
    assert!(ended.is_ok());
    assert_eq!(told.problems.len(), 1);
    assert_eq!(told.problems[0].path, path("to/from/sub"));
    assert_eq!(told.problems[0].side, Side::There);
    assert!(fs::read_dir(path("elsewhere")).unwrap().next().is_none());
    assert_eq!(fs::read(path("victim")).unwrap(), b"old");
    assert_eq!(fs::read(path("to/from/y")).unwrap(), b"new");
}

#[test]
fn a_part_that_is_a_link_to_elsewhere_is_not_written_to() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("from"), "new").unwrap();
    fs::write(path("victim"), "old").unwrap();
    for make in [
        &(|| symlink(path("victim"), path(".to.usher-part"))) as &dyn Fn() -> std::io::Result<()>,
        &|| fs::hard_link(path("victim"), path(".to.usher-part")),
    ] {
        make().unwrap();
        let (ended, told) = copied(&[path("from")], &path("to"));
        assert!(ended.is_ok());
        assert_eq!(told.problems.len(), 1, "{:?}", told.problems);
        assert_eq!(fs::read(path("victim")).unwrap(), b"old");
        assert!(!path("to").exists());
        fs::remove_file(path(".to.usher-part")).unwrap();
    }
}

/// What a receiver makes of these bytes.
fn received(bytes: &[u8]) -> Result<(), CopyError> {
    let folder = tempdir().unwrap();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let path = folder.path().to_owned();
    let receiver = thread::spawn(move || {
        let destination = Destination {
            path,
            is_directory: true,
        };
        receive(&destination, &mut link(ours), &mut Unwatched)
    });
    theirs.write_all(bytes).unwrap();
    drop(theirs);
    receiver.join().unwrap()
}

#[test]
fn a_peer_that_breaks_the_rules_ends_the_copy_and_nothing_else() {
    let data = [7, 0, 0, 0, 1, b'x'];
    let leave = [10, 0, 0, 0, 0];
    let endless = [7, 0xff, 0xff, 0xff, 0xff];
    let about = [0; 16];
    let parent = [&[3, 0, 0, 0, 20, 0, 2][..], b"..", &about].concat();
    for bytes in [&data[..], &leave, &endless, &parent, &[200, 0, 0, 0, 0]] {
        let ended = received(bytes);
        assert!(
            matches!(ended, Err(CopyError::Peer(_))),
            "{bytes:?}: {ended:?}"
        );
    }
    assert!(matches!(received(&[3, 0]), Err(CopyError::Gone)));
}
