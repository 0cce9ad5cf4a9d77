//! What may pass, what a kill leaves behind, and what a full disk does.

use super::super::order::{Event, Order};
use super::super::space::{Limits, Space};
use super::*;
use crate::vault::Vault;

struct Scene {
    folder: tempfile::TempDir,
    shared: Arc<Shared>,
}

const WIDE: Limits = Limits {
    session: 1024 * 1024,
    owner: 1024 * 1024,
    reserve: 0,
};

impl Scene {
    fn new(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(&folder.path().join("root.key"), false).unwrap();
        let shared = Arc::new(Shared {
            folder: folder.path().to_owned(),
            vault: Arc::new(vault),
            space: Space::new(limits),
            written: tokio::sync::Notify::new(),
        });
        let scene = Self { folder, shared };
        RecordingFile::create(&scene.path(), "s", &scene.shared.vault).unwrap();
        scene
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("s.rec")
    }

    /// A recorder as each process of the server has its own.
    fn tape(&self, on_loss: LogFailure) -> Tape {
        Tape::new(
            "s".to_owned(),
            "alice".to_owned(),
            self.path(),
            on_loss,
            Arc::clone(&self.shared),
        )
    }

    /// What a person who saw the recording saw.
    fn seen(&self) -> Vec<u8> {
        let mut file = RecordingFile::open(&self.path(), "s", &self.shared.vault).unwrap();
        let (mut order, mut events) = (Order::default(), Vec::new());
        loop {
            let place = file.head();
            let Block::Records(records) = file.read().unwrap() else {
                break;
            };
            for record in records {
                order.take(place, record, &mut events);
            }
        }
        let bytes = events.into_iter().filter_map(|(_, event)| match event {
            Event::Output(bytes) => Some(bytes),
            _ => None,
        });
        bytes.collect::<Vec<_>>().concat()
    }
}

fn output(sequence: i64, payload: &[u8]) -> Heard {
    Heard::Output {
        sequence,
        payload: Bytes::copy_from_slice(payload),
        digest: sha256(payload),
        is_shown: true,
        kind: 1,
    }
}

fn passes(tape: &Tape, heard: Heard) -> bool {
    tape.keep(1, &[heard]).passes == [true]
}

#[test]
fn what_no_client_would_take_and_what_contradicts_does_not_pass() {
    let scene = Scene::new(WIDE);
    let tape = scene.tape(LogFailure::Continue);
    assert!(passes(&tape, output(0, b"seen")));
    assert!(!passes(&tape, output(0, b"another story")));
    let lie = Heard::Output {
        sequence: 1,
        payload: Bytes::from_static(b"lie"),
        digest: [0; 32],
        is_shown: true,
        kind: 1,
    };
    assert!(!passes(&tape, lie));
    assert!(passes(&tape, output(0, b"seen")));
    assert!(passes(&tape, output(1, b" and heard")));
    assert_eq!(scene.seen(), b"seen and heard");
}

#[test]
fn every_cut_of_the_file_is_a_place_from_which_the_next_process_goes_on() {
    let scene = Scene::new(WIDE);
    let tape = scene.tape(LogFailure::Continue);
    let begin = std::fs::metadata(scene.path()).unwrap().len();
    for (number, text) in [(0, "one "), (2, "three "), (1, "two ")] {
        assert!(passes(&tape, output(number, text.as_bytes())));
    }
    drop(tape);
    let whole = std::fs::read(scene.path()).unwrap();
    for cut in usize::try_from(begin).unwrap()..=whole.len() {
        std::fs::write(scene.path(), &whole[..cut]).unwrap();
        // What was not written was not delivered, so the node sends it again, and may send all of it.
        let next = scene.tape(LogFailure::Continue);
        for (number, text) in [(0, "one "), (1, "two "), (2, "three "), (3, "four")] {
            assert!(
                passes(&next, output(number, text.as_bytes())),
                "cut at {cut}"
            );
        }
        assert_eq!(next.close(2).lost, None);
        assert_eq!(scene.seen(), b"one two three four", "cut at {cut}");
    }
}

#[test]
fn a_full_recording_says_so_once_and_the_session_goes_on() {
    let scene = Scene::new(Limits {
        session: 600,
        ..WIDE
    });
    let tape = scene.tape(LogFailure::Continue);
    assert_eq!(tape.keep(1, &[output(0, b"short")]).lost, None);
    let kept = tape.keep(1, &[output(1, &[b'x'; 600])]);
    assert_eq!(kept.passes, [true]);
    let why = kept.lost.unwrap();
    assert!(why.contains("600 bytes"), "{why}");
    assert_eq!(
        tape.keep(1, &[output(2, b"more")]),
        Kept {
            passes: vec![true],
            lost: None
        }
    );
    assert_eq!(tape.close(2).lost, Some(why.clone()));
    assert_eq!(scene.seen(), b"short");
    // The mark is in the file, so the next process knows it too.
    assert_eq!(scene.tape(LogFailure::Continue).close(3).lost, Some(why));
}

#[test]
fn where_the_preferences_say_so_nothing_passes_that_is_not_recorded() {
    let scene = Scene::new(Limits {
        reserve: u64::MAX,
        ..WIDE
    });
    let tape = scene.tape(LogFailure::End);
    let kept = tape.keep(1, &[output(0, b"secret")]);
    assert_eq!(kept.passes, [false]);
    assert!(kept.lost.is_some());
    assert!(!passes(&tape, output(1, b"more")));
}

#[test]
fn a_damaged_recording_is_not_written_on() {
    let scene = Scene::new(WIDE);
    let tape = scene.tape(LogFailure::Continue);
    assert!(passes(&tape, output(0, b"seen")));
    let mut bytes = std::fs::read(scene.path()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(scene.path(), &bytes).unwrap();
    let next = scene.tape(LogFailure::End);
    let kept = next.keep(1, &[output(1, b"more")]);
    assert_eq!(kept.passes, [false]);
    assert!(kept.lost.unwrap().contains("block 0"));
    assert_eq!(std::fs::read(scene.path()).unwrap(), bytes);
}

#[test]
fn a_size_is_recorded_when_it_changes_and_nothing_after_the_end() {
    let scene = Scene::new(WIDE);
    let tape = scene.tape(LogFailure::Continue);
    let size = Heard::Size {
        columns: 80,
        rows: 24,
    };
    tape.keep(1, &[size.clone(), size.clone()]);
    tape.keep(1, &[size]);
    let closed = tape.close(2);
    assert_eq!(closed.head.unwrap().index, 2);
    assert!(!passes(&tape, output(0, b"late")));
    assert_eq!(scene.seen(), b"");
}

#[test]
fn a_sealed_recording_keeps_each_message_with_its_type_and_what_the_client_told_once() {
    let scene = Scene::new(WIDE);
    let told = |sequence, payload: &'static [u8]| Heard::Told {
        sequence,
        kind: 3,
        payload: Bytes::from_static(payload),
    };
    let tape = scene.tape(LogFailure::Continue).with_sealed(true);
    for heard in [told(0, b"key"), output(0, b"sealed"), told(0, b"again")] {
        assert!(passes(&tape, heard));
    }
    let mut relabelled = output(0, b"sealed");
    if let Heard::Output { kind, .. } = &mut relabelled {
        *kind = 2;
    }
    assert!(!passes(&tape, relabelled));
    drop(tape);
    let next = scene.tape(LogFailure::Continue).with_sealed(true);
    for heard in [
        told(0, b"again"),
        output(0, b"sealed"),
        told(1, b"size"),
        output(1, b""),
    ] {
        assert!(passes(&next, heard));
    }
    assert_eq!(next.close(2).lost, None);
    assert_eq!(scene.seen(), b"\0\0\0\x01sealed\0\0\0\x01");
    let mut file = RecordingFile::open(&scene.path(), "s", &scene.shared.vault).unwrap();
    let mut told = Vec::new();
    while let Block::Records(records) = file.read().unwrap() {
        for record in records {
            if let What::Told { bytes, .. } = record.what {
                told.push(bytes);
            }
        }
    }
    assert_eq!(told, [&b"\0\0\0\x03key"[..], b"\0\0\0\x03size"]);
}
