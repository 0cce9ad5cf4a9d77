//! Encrypted payloads: what a hostile relay cannot do to them, and known answers.
//!
//! The known answers were computed with Go's `crypto/cipher` and `crypto/hmac`, which AWS's own programs use, from the
//! data key 00 01 02 … 3f.

#![expect(
    clippy::unwrap_used,
    reason = "a bad case should end the run where it is"
)]

use usher_wire::data_channel::Role;
use usher_wire::encryption::{
    Binding, CHALLENGE_LEN, ChallengeError, EncryptionError, OVERHEAD, Peer, SessionKeys,
    answer_matches, challenge, judge_challenge,
};
use usher_wire::frame::PayloadType;

const REQUEST: &[u8] = br#"{"AgentVersion":"3.3","Usher":{}}"#;

fn data_key() -> [u8; 64] {
    std::array::from_fn(|place| u8::try_from(place).unwrap())
}

fn keys(role: Role, first_nonce: u8) -> SessionKeys {
    SessionKeys::new(role, &data_key(), [first_nonce; 12]).unwrap()
}

fn ends() -> (SessionKeys, SessionKeys) {
    (keys(Role::Agent, 0), keys(Role::Client, 9))
}

fn output(sequence: i64) -> Option<Binding> {
    Some(Binding {
        payload_type: PayloadType::Output,
        sequence,
    })
}

#[test]
fn a_data_key_of_another_length_is_refused() {
    for length in [0, 32, 63, 65, 128] {
        let refused = SessionKeys::new(Role::Agent, &vec![7; length], [0; 12]).map(drop);
        assert_eq!(refused, Err(EncryptionError::DataKeyLength(length)));
    }
}

#[test]
fn a_payload_that_was_cut_or_changed_does_not_open() {
    let (mut agent, _) = ends();
    let sealed = agent.sealer.seal(b"screen", None).unwrap();
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert_eq!(
            ends().1.opener.open(&changed, None),
            Err(EncryptionError::Forged),
            "{place}"
        );
        let refused = ends().1.opener.open(&sealed[..place], None).unwrap_err();
        assert!(
            matches!(refused, EncryptionError::Cut | EncryptionError::Forged),
            "{place}"
        );
    }
    assert_eq!(ends().1.opener.open(&sealed, None).unwrap(), b"screen");
}

#[test]
fn a_payload_opens_in_its_own_direction_only() {
    let (mut agent, mut client) = ends();
    let from_agent = agent.sealer.seal(b"screen", None).unwrap();
    let from_client = client.sealer.seal(b"keys", None).unwrap();
    assert_eq!(
        agent.opener.open(&from_agent, None),
        Err(EncryptionError::Forged)
    );
    assert_eq!(
        client.opener.open(&from_client, None),
        Err(EncryptionError::Forged)
    );
}

#[test]
fn a_payload_that_comes_twice_is_refused() {
    let (mut agent, mut client) = ends();
    let [first, second] = ["a", "b"].map(|text| agent.sealer.seal(text.as_bytes(), None).unwrap());
    for sealed in [&second, &first] {
        client.opener.open(sealed, None).unwrap();
    }
    for sealed in [&second, &first] {
        assert_eq!(
            client.opener.open(sealed, None),
            Err(EncryptionError::Repeated)
        );
    }
}

#[test]
fn what_does_not_open_uses_up_no_nonce() {
    let (mut agent, mut client) = ends();
    let sealed = agent.sealer.seal(b"a", None).unwrap();
    let mut forged = sealed.clone();
    forged[12] ^= 1;
    client.opener.open(&forged, None).unwrap_err();
    client.opener.open(&sealed, None).unwrap();
}

#[test]
fn between_our_ends_a_payload_opens_only_as_what_it_was_sent_as() {
    let (mut agent, _) = ends();
    let sealed = agent.sealer.seal(b"screen", output(7)).unwrap();
    let standard_error = Binding {
        payload_type: PayloadType::StdErr,
        sequence: 7,
    };
    for wrong in [None, output(8), output(-7), Some(standard_error)] {
        assert_eq!(
            ends().1.opener.open(&sealed, wrong),
            Err(EncryptionError::Forged),
            "{wrong:?}"
        );
    }
    assert_eq!(ends().1.opener.open(&sealed, output(7)).unwrap(), b"screen");
}

#[test]
fn a_handshake_that_was_changed_on_its_way_is_found_out() {
    let (agent, client) = ends();
    let made = challenge(&agent, &[5; 16], REQUEST);
    let stripped = br#"{"AgentVersion":"3.3"}"#;
    let changed = br#"{"AgentVersion":"9.9","Usher":{}}"#;
    let judge = |challenge: &[u8], request: &[u8], announced| {
        judge_challenge(&client, challenge, request, announced)
    };
    assert_eq!(judge(&made, stripped, false), Err(ChallengeError::Changed));
    assert_eq!(judge(&made, changed, true), Err(ChallengeError::Changed));
    assert_eq!(judge(&made, REQUEST, false), Err(ChallengeError::Changed));
    // An agent of AWS's that somebody announces as ours.
    assert_eq!(
        judge(&[5; CHALLENGE_LEN], REQUEST, true),
        Err(ChallengeError::Unsigned)
    );
    assert_eq!(
        judge(&made[..40], REQUEST, true),
        Err(ChallengeError::Changed)
    );
    assert_eq!(judge(&[5; CHALLENGE_LEN], stripped, false), Ok(Peer::Aws));
    assert_eq!(judge(&made, REQUEST, true), Ok(Peer::Usher));
}

#[test]
fn another_sessions_key_signs_nothing() {
    let (agent, _) = ends();
    let made = challenge(&agent, &[5; 16], REQUEST);
    let stranger = SessionKeys::new(Role::Client, &[1; 64], [0; 12]).unwrap();
    assert_eq!(
        judge_challenge(&stranger, &made, REQUEST, true),
        Err(ChallengeError::Unsigned)
    );
}

#[test]
fn an_answer_that_is_not_the_challenge_does_not_match() {
    assert!(!answer_matches(b"", b""));
    assert!(!answer_matches(b"abc", b"abd"));
    assert!(!answer_matches(b"abc", b"ab"));
    assert!(answer_matches(b"abc", b"abc"));
}

#[test]
fn known_answers() {
    let (mut agent, mut client) = (keys(Role::Agent, 0xff), keys(Role::Client, 0xff));
    let sealed = agent.sealer.seal(b"screen", None).unwrap();
    assert_eq!(
        hex::encode(&sealed),
        "ffffffffffffffffffffffff49e29dac05d5226eebb24ea1f8c07c4ff66bcb875eed"
    );
    assert_eq!(sealed.len(), b"screen".len() + OVERHEAD);
    let sealed = client.sealer.seal(b"keys", None).unwrap();
    assert_eq!(
        hex::encode(sealed),
        "ffffffffffffffffffffffffda6a0a6b3fa33aa4e674ee16bf9895bbb5bf774b"
    );
    // The nonce wraps: the next is all zeros, here with additional data.
    let sealed = agent.sealer.seal(b"screen", output(7)).unwrap();
    assert_eq!(
        hex::encode(sealed),
        "0000000000000000000000007ddfc7bbd042facf13bc49427112d6f2e517a03d60f0"
    );
}

#[test]
fn nothing_of_a_key_is_shown_by_debug() {
    let shown = format!("{:?}", keys(Role::Agent, 0));
    assert_eq!(shown, "SessionKeys(…)");
}
