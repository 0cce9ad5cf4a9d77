//! Whole trees: what is kept, what is left out, and where things land.

use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::{Duration, UNIX_EPOCH};

use tempfile::tempdir;
use usher_copy::{CopyError, Destination, Side, fetch};

use super::both_ends::{Told, bytes, copied, names, with_server};

#[test]
fn a_destination_that_is_not_there_ends_the_copy_and_is_named() {
    let folder = tempdir().unwrap();
    let source = folder.path().join("a");
    fs::write(&source, "x").unwrap();
    let (ended, _) = copied(&[source], &folder.path().join("no/such/place"));
    let Err(CopyError::Place { side, path, .. }) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(side, Side::There);
    assert_eq!(path, folder.path().join("no/such/place"));
}

#[test]
fn what_cannot_be_copied_is_told_with_its_side_and_the_rest_is_copied() {
    let folder = tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::create_dir_all(from.join("taken")).unwrap();
    fs::create_dir_all(to.join("from")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        from.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    fs::write(from.join("whole"), "whole").unwrap();
    fs::write(to.join("from/taken"), "a file where a directory goes").unwrap();
    let (ended, told) = copied(std::slice::from_ref(&from), &to);
    assert!(ended.is_ok());
    assert_eq!(fs::read(to.join("from/whole")).unwrap(), b"whole");
    let sides: Vec<_> = told
        .problems
        .iter()
        .map(|problem| (problem.side, problem.path.clone()))
        .collect();
    assert_eq!(
        sides,
        [
            (Side::Here, from.join("pipe")),
            (Side::There, to.join("from/taken"))
        ]
    );
}

#[test]
fn a_directory_is_not_copied_without_being_asked_for() {
    let folder = tempdir().unwrap();
    let from = folder.path().join("from");
    fs::create_dir(&from).unwrap();
    let destination = Destination {
        path: folder.path().join("to"),
        is_directory: false,
    };
    let mut told = Told::default();
    let ended = with_server(|link| fetch(vec![from.clone()], false, &destination, link, &mut told));
    assert!(ended.is_ok());
    assert_eq!(told.problems[0].side, Side::There);
    assert_eq!(told.problems[0].path, from);
    assert!(!destination.path.exists());
}

#[test]
fn a_tree_arrives_with_bytes_modes_times_and_links() {
    let folder = tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::create_dir_all(from.join("deep/er")).unwrap();
    let changed = UNIX_EPOCH + Duration::new(1_234_567_890, 123_456_789);
    for (name, length, mode) in [
        ("empty", 0, 0o400),
        ("deep/one", 1, 0o755),
        ("deep/er/many", 300_001, 0o640),
    ] {
        fs::write(from.join(name), bytes(length)).unwrap();
        let file = File::open(from.join(name)).unwrap();
        file.set_times(FileTimes::new().set_modified(changed))
            .unwrap();
        file.set_permissions(Permissions::from_mode(mode)).unwrap();
    }
    // More than are announced ahead.
    for number in 0..100 {
        fs::write(
            from.join(format!("deep/small{number}")),
            format!("{number}"),
        )
        .unwrap();
        symlink("../empty", from.join(format!("deep/link{number}"))).unwrap();
    }
    File::open(from.join("deep"))
        .unwrap()
        .set_times(FileTimes::new().set_modified(changed))
        .unwrap();
    fs::set_permissions(from.join("deep"), Permissions::from_mode(0o750)).unwrap();

    let (ended, told) = copied(std::slice::from_ref(&from), &to);
    assert!(
        ended.is_ok() && told.problems.is_empty(),
        "{:?}",
        told.problems
    );
    for name in ["empty", "deep", "deep/one", "deep/er/many"] {
        let (was, is) = (
            fs::metadata(from.join(name)).unwrap(),
            fs::metadata(to.join(name)).unwrap(),
        );
        assert_eq!(was.mode(), is.mode(), "{name}");
        assert_eq!(was.modified().unwrap(), is.modified().unwrap(), "{name}");
        if was.is_file() {
            let (was, is) = (fs::read(from.join(name)), fs::read(to.join(name)));
            assert!(was.unwrap() == is.unwrap(), "{name}");
        }
    }
    assert_eq!(names(&from.join("deep")), names(&to.join("deep")));
    assert_eq!(
        fs::read_link(to.join("deep/link7")).unwrap(),
        fs::read_link(from.join("deep/link7")).unwrap()
    );
    assert_eq!(fs::read(to.join("deep/small99")).unwrap(), b"99");

    // And back, into a directory that is there.
    let back = folder.path().join("back");
    fs::create_dir(&back).unwrap();
    let destination = Destination {
        path: back.clone(),
        is_directory: true,
    };
    let mut told = Told::default();
    let ended = with_server(|link| fetch(vec![to.clone()], true, &destination, link, &mut told));
    assert!(ended.is_ok() && told.problems.is_empty());
    assert_eq!(names(&back), ["to"]);
    assert!(fs::read(back.join("to/deep/er/many")).unwrap() == bytes(300_001));
}
