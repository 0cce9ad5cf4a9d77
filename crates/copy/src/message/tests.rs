//! What is a message and what is none.

use super::*;

const ABOUT: About = About {
    mode: 0o640,
    seconds: -1,
    nanoseconds: 5,
};

fn enter(name: &[u8]) -> Message {
    Message::Enter {
        name: OsString::from_vec(name.to_vec()),
        about: ABOUT,
    }
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    for name in [
        &b""[..],
        b".",
        b"..",
        b"/",
        b"/etc",
        b"a/b",
        b"../x",
        b"a\0b",
        &[b'x'; 256],
    ] {
        let (kind, fields) = enter(name).encode();
        assert!(Message::decode(kind, fields).is_err(), "{name:?}");
    }
}

#[test]
fn bytes_that_are_no_message_are_refused() {
    let (kind, whole) = enter(b"x").encode();
    for length in 0..whole.len() {
        assert!(Message::decode(kind, whole[..length].to_vec()).is_err());
    }
    let longer = [whole, vec![0]].concat();
    assert!(Message::decode(kind, longer).is_err());
    assert!(Message::decode(0, Vec::new()).is_err());
    assert!(Message::decode(17, Vec::new()).is_err());
    assert!(Message::decode(7, Vec::new()).is_err());
    assert!(Message::decode(7, vec![0; DATA + 1]).is_err());
    assert!(Message::decode(1, vec![2, 0, 0, 0]).is_err(), "a version");
    let setuid = Message::Enter {
        name: "x".into(),
        about: About {
            mode: 0o4755,
            ..ABOUT
        },
    };
    let (kind, fields) = setuid.encode();
    assert!(Message::decode(kind, fields).is_err());
}

#[test]
fn every_message_is_read_as_it_was_written() {
    let path = || PathBuf::from("/srv/\u{e9}");
    let cause = || "No space left".to_owned();
    let name = || OsString::from_vec(b"\xff\n".to_vec());
    for message in [
        Message::Store {
            path: PathBuf::new(),
            is_directory: true,
        },
        Message::Fetch {
            paths: vec![path(), "a".into()],
            recursive: false,
        },
        enter(b"\xff\n"),
        Message::File {
            name: name(),
            about: ABOUT,
            size: u64::MAX,
        },
        Message::Symlink {
            name: name(),
            target: "../x".into(),
        },
        Message::From { offset: 7 },
        Message::Data(vec![1; DATA]),
        Message::End { digest: [3; 32] },
        Message::GivenUp,
        Message::Leave,
        Message::Unread {
            path: path(),
            cause: cause(),
        },
        Message::Done,
        Message::Ready {
            offset: 1,
            digest: [4; 32],
        },
        Message::Refused {
            path: path(),
            cause: cause(),
        },
        Message::Stored,
        Message::Failed {
            path: path(),
            cause: cause(),
        },
    ] {
        let (kind, fields) = message.encode();
        assert_eq!(Message::decode(kind, fields).unwrap(), message);
    }
}
