//! Grants as the node sees them: signed by the pinned key, within their minute, whole, or refused.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use proptest::prelude::*;
use usher_wire::grant::{
    Grant, GrantError, GrantKey, GrantPublicKey, GrantedLogin, LIFETIME_MS, SKEW_MS, SessionKind,
    SignedGrant,
};
use usher_wire::ids::{NodeId, OsUserName, SessionId};

const NOW: u64 = 1_800_000_000_000;

fn key() -> GrantKey {
    GrantKey::from_seed(&[7; 32]).unwrap()
}

fn grant() -> Grant {
    Grant {
        id: [9; 16],
        session: SessionId::parse("alice-0abcdef0123456789").unwrap(),
        node: NodeId::parse("mi-0123456789abcdef0").unwrap(),
        kind: SessionKind::Command,
        login: GrantedLogin::OsUser(OsUserName::parse("alice").unwrap()),
        subject_digest: [5; 32],
        issued_ms: NOW,
        expires_ms: NOW + LIFETIME_MS,
    }
}

fn verify_at(grant: &Grant, now_ms: u64) -> Result<Grant, GrantError> {
    SignedGrant::from_bytes(grant.sign(&key()).as_bytes())?.verify(&key().public_key(), now_ms)
}

#[test]
fn a_grant_with_any_bit_of_any_byte_flipped_is_refused() {
    let bytes = grant().sign(&key()).as_bytes().to_vec();
    for offset in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[offset] ^= 1 << bit;
            let refused = SignedGrant::from_bytes(&changed)
                .and_then(|grant| grant.verify(&key().public_key(), NOW));
            let expected = if offset == 0 {
                GrantError::UnknownVersion(changed[0])
            } else {
                GrantError::BadSignature
            };
            assert_eq!(refused, Err(expected), "byte {offset}, bit {bit}");
        }
    }
}

#[test]
fn a_grant_of_another_key_is_refused() {
    let other = GrantKey::from_seed(&[8; 32]).unwrap();
    let refused = grant().sign(&other).verify(&key().public_key(), NOW);
    assert_eq!(refused, Err(GrantError::BadSignature));
}

#[test]
fn truncated_grants_and_trailing_bytes_are_refused() {
    let bytes = grant().sign(&key()).as_bytes().to_vec();
    for length in 0..bytes.len() {
        assert_eq!(
            SignedGrant::from_bytes(&bytes[..length]),
            Err(GrantError::Malformed),
            "{length}"
        );
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(SignedGrant::from_bytes(&longer), Err(GrantError::Malformed));
}

#[test]
fn a_grant_is_refused_after_its_minute_and_the_skew() {
    let last = NOW + LIFETIME_MS + SKEW_MS;
    assert_eq!(verify_at(&grant(), last + 1), Err(GrantError::Expired));
    assert_eq!(verify_at(&grant(), last), Ok(grant()));
}

#[test]
fn a_grant_is_refused_before_its_issue_and_the_skew() {
    let first = NOW - SKEW_MS;
    assert_eq!(verify_at(&grant(), first - 1), Err(GrantError::NotYetValid));
    assert_eq!(verify_at(&grant(), first), Ok(grant()));
}

#[test]
fn a_lifetime_longer_than_a_minute_or_less_than_nothing_is_refused_even_when_signed() {
    for expires_ms in [NOW + LIFETIME_MS + 1, NOW - 1, 0, u64::MAX] {
        let grant = Grant {
            expires_ms,
            ..grant()
        };
        assert_eq!(
            verify_at(&grant, NOW),
            Err(GrantError::BadLifetime),
            "{expires_ms}"
        );
    }
}

#[test]
fn texts_that_are_no_key_are_refused() {
    for text in [
        "",
        "not base64!",
        "AAAA",
        &"A".repeat(44),
        &format!("{} ", key().public_key()),
    ] {
        assert_eq!(
            text.parse::<GrantPublicKey>(),
            Err(GrantError::BadKey),
            "{text:?}"
        );
    }
    let text = key().public_key().to_string();
    assert_eq!(text.parse(), Ok(key().public_key()));
    assert_eq!(text.len(), 44);
}

#[test]
fn the_key_does_not_show_in_debug_output() {
    assert_eq!(format!("{:?}", key()), "GrantKey(..)");
}

proptest! {
    #[test]
    fn every_grant_comes_back_as_it_was_signed(
        id in any::<[u8; 16]>(),
        session in "[A-Za-z0-9+=,@_-]{1,96}",
        node in "mi-[0-9a-f]{17}",
        kind in prop::sample::select(vec![SessionKind::Shell, SessionKind::Command, SessionKind::Port, SessionKind::Copy]),
        user in proptest::option::of("[a-z_][a-z0-9_.@-]{0,254}\\$?"),
        subject_digest in any::<[u8; 32]>(),
        issued_ms in 0..u64::MAX - LIFETIME_MS,
        lifetime in 0..=LIFETIME_MS,
    ) {
        let grant = Grant {
            id,
            session: SessionId::parse(&session).unwrap(),
            node: NodeId::parse(&node).unwrap(),
            kind,
            login: user.map_or(GrantedLogin::SsmUser, |name| GrantedLogin::OsUser(OsUserName::parse(&name).unwrap())),
            subject_digest,
            issued_ms,
            expires_ms: issued_ms + lifetime,
        };
        prop_assert_eq!(verify_at(&grant, issued_ms), Ok(grant));
    }

    #[test]
    fn arbitrary_bytes_are_refused_and_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let verified = SignedGrant::from_bytes(&bytes).and_then(|grant| grant.verify(&key().public_key(), NOW));
        prop_assert!(verified.is_err());
    }
}
