//! The bytes of a grant, version 1. Every field has its place; texts are padded with zeros, numbers are big-endian.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 1 | version |
//! | 1 | 1 | kind: 0 shell, 1 command, 2 port, 3 files |
//! | 2 | 1 | login: 0 `ssm-user`, 1 OS user |
//! | 3 | 1 | length of the session id |
//! | 4 | 2 | length of the OS user name, 0 for `ssm-user` |
//! | 6 | 16 | grant id |
//! | 22 | 20 | node id |
//! | 42 | 96 | session id |
//! | 138 | 256 | OS user name |
//! | 394 | 32 | subject digest |
//! | 426 | 8 | issued |
//! | 434 | 8 | expires |
//!
//! Invariant: `decode(encode(grant))` is the grant, and bytes that decode are the bytes that encode makes; padding that is
//! not zero is refused.

use super::{Grant, GrantError, GrantedLogin, SessionKind};
use crate::ids::{NodeId, OsUserName, SessionId};

pub(super) const VERSION: u8 = 1;
pub(super) const BYTES: usize = 442;

const NODE: usize = 20;
const SESSION: usize = 96;
const USER: usize = 256;

pub(super) fn encode(grant: &Grant) -> [u8; BYTES] {
    let kind = match grant.kind {
        SessionKind::Shell => 0,
        SessionKind::Command => 1,
        SessionKind::Port => 2,
        SessionKind::Copy => 3,
    };
    let (login, user) = match &grant.login {
        GrantedLogin::SsmUser => (0, ""),
        GrantedLogin::OsUser(name) => (1, name.as_str()),
    };
    let session = grant.session.as_str();
    // The types keep session ids within 96 bytes and names within 256, so neither conversion cuts anything off.
    let session_length = session.len() as u8;
    let user_length = (user.len() as u16).to_be_bytes();
    let mut bytes = [0; BYTES];
    let fields: [&[u8]; 9] = [
        &[VERSION, kind, login, session_length],
        &user_length,
        &grant.id,
        &padded::<NODE>(grant.node.as_str()),
        &padded::<SESSION>(session),
        &padded::<USER>(user),
        &grant.subject_digest,
        &grant.issued_ms.to_be_bytes(),
        &grant.expires_ms.to_be_bytes(),
    ];
    fill(&mut bytes, fields.into_iter().flatten());
    bytes
}

pub(super) fn decode(bytes: &[u8; BYTES]) -> Result<Grant, GrantError> {
    let mut rest: &[u8] = bytes;
    let [version, kind, login, session_length] = take(&mut rest)?;
    if version != VERSION {
        return Err(GrantError::UnknownVersion(version));
    }
    let user_length = u16::from_be_bytes(take(&mut rest)?);
    let id = take(&mut rest)?;
    let node = take::<NODE>(&mut rest)?;
    let session = take::<SESSION>(&mut rest)?;
    let user = take::<USER>(&mut rest)?;
    let kind = match kind {
        0 => SessionKind::Shell,
        1 => SessionKind::Command,
        2 => SessionKind::Port,
        3 => SessionKind::Copy,
        _ => return Err(GrantError::Malformed),
    };
    let user = unpadded(&user, user_length.into())?;
    let login = match login {
        0 if user.is_empty() => GrantedLogin::SsmUser,
        1 => GrantedLogin::OsUser(OsUserName::parse(user).map_err(|_| GrantError::Malformed)?),
        _ => return Err(GrantError::Malformed),
    };
    let session = unpadded(&session, session_length.into())?;
    Ok(Grant {
        id,
        session: SessionId::parse(session).map_err(|_| GrantError::Malformed)?,
        node: NodeId::parse(unpadded(&node, NODE)?).map_err(|_| GrantError::Malformed)?,
        kind,
        login,
        subject_digest: take(&mut rest)?,
        issued_ms: u64::from_be_bytes(take(&mut rest)?),
        expires_ms: u64::from_be_bytes(take(&mut rest)?),
    })
}

/// Copies as far as both reach; the lengths are constants that agree.
pub(super) fn fill<'a>(to: &mut [u8], from: impl Iterator<Item = &'a u8>) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes, text.as_bytes().iter());
    bytes
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], GrantError> {
    let (field, tail) = rest.split_first_chunk().ok_or(GrantError::Malformed)?;
    *rest = tail;
    Ok(*field)
}

fn unpadded(field: &[u8], length: usize) -> Result<&str, GrantError> {
    let (text, padding) = field
        .split_at_checked(length)
        .ok_or(GrantError::Malformed)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(GrantError::Malformed);
    }
    std::str::from_utf8(text).map_err(|_| GrantError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        Grant {
            id: [1; 16],
            session: SessionId::parse("alice-0abc").unwrap(),
            node: NodeId::parse("mi-0123456789abcdef0").unwrap(),
            kind: SessionKind::Shell,
            login: GrantedLogin::OsUser(OsUserName::parse("alice").unwrap()),
            subject_digest: [2; 32],
            issued_ms: 3,
            expires_ms: 4,
        }
    }

    #[test]
    fn bytes_that_encode_would_not_make_are_refused() {
        for (offset, byte, what) in [
            (0, 2, "version"),
            (1, 4, "kind"),
            (2, 0, "a name beside ssm-user"),
            (2, 2, "login"),
            (3, 0, "an empty session id"),
            (3, 97, "a session id longer than its field"),
            (3, 9, "a session id that is cut"),
            (5, 0, "an empty OS user name"),
            (4, 2, "a name longer than its field"),
            (22, b'x', "a node id that is none"),
            (137, 1, "padding after the session id"),
            (393, 1, "padding after the name"),
            (138, b'-', "a name that is none"),
        ] {
            let mut bytes = encode(&grant());
            bytes[offset] = byte;
            assert!(decode(&bytes).is_err(), "{what}");
        }
    }

    #[test]
    fn every_field_comes_back_and_stands_at_its_offset() {
        let bytes = encode(&grant());
        assert_eq!(decode(&bytes), Ok(grant()));
        assert_eq!(bytes[..6], [1, 0, 1, 10, 0, 5]);
        assert_eq!(bytes[22..42], *b"mi-0123456789abcdef0");
        assert_eq!(bytes[42..52], *b"alice-0abc");
        assert_eq!(bytes[138..143], *b"alice");
        assert_eq!(
            bytes[426..],
            [0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4]
        );
    }
}
