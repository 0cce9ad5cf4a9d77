//! Files that were changed, cut, mixed and torn, and whole ones.

use std::path::PathBuf;

use super::super::record::{What, sha256};
use super::*;

struct Scene {
    folder: tempfile::TempDir,
    vault: Vault,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(&folder.path().join("root.key"), false).unwrap();
        Self { folder, vault }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn written(&self, session: &str, blocks: &[&'static [u8]]) -> Vec<u8> {
        let path = self.path(session);
        let mut file = RecordingFile::create(&path, session, &self.vault).unwrap();
        for (block, sequence) in blocks.iter().zip(0..) {
            file.append(&[shown(sequence, block)]).unwrap();
        }
        std::fs::read(path).unwrap()
    }

    /// How many blocks open, and what stops the reading.
    fn read(&self, session: &str) -> (usize, Result<Block, FileError>) {
        let mut file = match RecordingFile::open(&self.path(session), session, &self.vault) {
            Ok(file) => file,
            Err(error) => return (0, Err(error)),
        };
        let mut count = 0;
        loop {
            match file.read() {
                Ok(Block::Records(_)) => count += 1,
                end => return (count, end),
            }
        }
    }
}

fn shown(sequence: i64, bytes: &'static [u8]) -> Record {
    Record {
        at: 1,
        what: What::Shown {
            sequence,
            bytes: Bytes::from_static(bytes),
            digest: sha256(bytes),
        },
    }
}

#[test]
fn a_changed_byte_anywhere_is_found() {
    let scene = Scene::new();
    let whole = scene.written("s", &[b"one", b"two"]);
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        std::fs::write(scene.path("s"), &changed).unwrap();
        let (read, end) = scene.read("s");
        assert!(
            read < 2 && !matches!(end, Ok(Block::End)),
            "byte {place}: {end:?}"
        );
    }
}

#[test]
fn blocks_cannot_be_left_out_moved_or_brought_from_elsewhere() {
    let scene = Scene::new();
    let other = scene.written("other", &[b"one", b"two"]);
    let whole = scene.written("s", &[b"one", b"two", b"end"]);
    let block = 4 + NONCE_LEN + 53 + 3 + 16;
    let start = whole.len() - 3 * block;
    let cases = [
        [&whole[..start], &whole[start + block..]].concat(),
        [
            &whole[..start],
            &whole[start + block..start + 2 * block],
            &whole[start..start + block],
        ]
        .concat(),
        [&whole[..start], &other[start..]].concat(),
    ];
    for changed in cases {
        std::fs::write(scene.path("s"), changed).unwrap();
        assert!(matches!(
            scene.read("s"),
            (0, Err(FileError::Damaged { index: 0 }))
        ));
    }
    std::fs::write(scene.path("s"), other).unwrap();
    assert!(matches!(scene.read("s"), (0, Err(FileError::Key(_)))));
}

#[test]
fn a_torn_end_is_cut_off_and_written_on() {
    let scene = Scene::new();
    let whole = scene.written("s", &[b"one", b"two"]);
    std::fs::write(scene.path("s"), &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(scene.read("s"), (1, Ok(Block::Torn))));
    let mut file = RecordingFile::open(&scene.path("s"), "s", &scene.vault).unwrap();
    assert!(matches!(file.read(), Ok(Block::Records(_))));
    file.cut().unwrap();
    file.append(&[shown(1, b"again")]).unwrap();
    assert!(matches!(scene.read("s"), (2, Ok(Block::End))));
}

#[test]
fn what_was_shown_is_not_on_the_disk_in_the_clear() {
    let scene = Scene::new();
    let whole = scene.written("s", &[b"a-marker-on-the-screen"]);
    let found = |bytes: &[u8]| {
        bytes
            .windows(22)
            .any(|window| window == b"a-marker-on-the-screen")
    };
    assert!(!found(&whole));
    let mut file = RecordingFile::open(&scene.path("s"), "s", &scene.vault).unwrap();
    let Ok(Block::Records(records)) = file.read() else {
        panic!("the block does not open");
    };
    assert_eq!(records, [shown(0, b"a-marker-on-the-screen")]);
}
