//! What a hostile relay tries with an encrypted session: each attempt ends it with a reason, and nothing is shown or
//! typed that the other end did not send.

use bytes::Bytes;
use usher_wire::data_channel::{DataChannel, HOLE_MENDED_WITHIN, KEYS_WITHIN, PeerError};
use usher_wire::encryption::{ChallengeError, EncryptionError, SessionKeys};
use usher_wire::frame::{Frame, PayloadType};
use usher_wire::message::{EncryptionChallenge, HandshakeRequest, HandshakeResponse, SessionType};
use usher_wire::message::{Terminal, to_json};

use super::peer::Bench;
use super::relay::{DATA_KEY, Relay, honest, is_stream, renumbered};

const FORGED: PeerError = PeerError::Encryption(EncryptionError::Forged);
const REPEATED: PeerError = PeerError::Encryption(EncryptionError::Repeated);

/// Changes the handshake message of one type by its JSON.
fn rewrite<T: serde::de::DeserializeOwned + serde::Serialize>(
    payload_type: PayloadType,
    change: impl Fn(&mut T),
) -> impl FnMut(Frame) -> Vec<Frame> {
    move |mut frame| {
        if is_stream(&frame) && frame.payload_type == payload_type {
            let mut message = serde_json::from_slice(&frame.payload).unwrap();
            change(&mut message);
            frame.payload = to_json(&message);
        }
        vec![frame]
    }
}

/// What becomes of a handshake that is changed so.
fn handshake(meddle: impl FnMut(Frame) -> Vec<Frame>) -> PeerError {
    let mut meddle = meddle;
    let mut relay = Relay::new(true);
    let breach = relay.run(&mut meddle).unwrap_err();
    assert!(relay.shown.is_empty() && relay.typed.is_empty());
    breach
}

#[test]
fn a_handshake_without_the_member_usher_is_found_out() {
    let stripped = rewrite(
        PayloadType::HandshakeRequest,
        |request: &mut HandshakeRequest| request.usher = None,
    );
    assert_eq!(
        handshake(stripped),
        PeerError::Challenge(ChallengeError::Changed)
    );
}

#[test]
fn a_handshake_that_asks_for_something_else_is_found_out() {
    let changed = rewrite(
        PayloadType::HandshakeRequest,
        |request: &mut HandshakeRequest| request.agent_version = "3.0.0.0".to_owned(),
    );
    assert_eq!(
        handshake(changed),
        PeerError::Challenge(ChallengeError::Changed)
    );
}

#[test]
fn a_handshake_that_asks_for_no_key_opens_nothing() {
    let downgraded = || {
        rewrite(
            PayloadType::HandshakeRequest,
            |request: &mut HandshakeRequest| {
                request
                    .requested_client_actions
                    .retain(|action| action.action_type != "KMSEncryption");
            },
        )
    };
    assert_eq!(handshake(downgraded()), PeerError::Unencrypted);

    let mut relay = Relay::new(true);
    relay.client = relay.client.requiring_encryption();
    let breach = relay.run(&mut downgraded()).unwrap_err();
    assert_eq!(breach, PeerError::NotEncrypted);
}

#[test]
fn an_answer_without_a_key_or_without_the_member_usher_is_found_out() {
    let keyless = rewrite(
        PayloadType::HandshakeResponse,
        |response: &mut HandshakeResponse| {
            response
                .processed_client_actions
                .retain(|action| action.action_type != "KMSEncryption");
        },
    );
    assert_eq!(handshake(keyless), PeerError::Unencrypted);

    // The agent takes the client for AWS's and binds nothing, which the client notices at the first payload.
    let mut stripped = rewrite(
        PayloadType::HandshakeResponse,
        |response: &mut HandshakeResponse| response.usher = None,
    );
    let mut relay = Relay::new(true);
    assert_eq!(relay.run(&mut stripped), Err(FORGED));
    assert!(!relay.open[0]);
}

#[test]
fn a_session_that_opens_before_the_keys_are_agreed_on_ends_at_either_end() {
    for payload_type in [
        PayloadType::HandshakeComplete,
        PayloadType::Output,
        PayloadType::ExitCode,
    ] {
        let early = |frame: Frame| {
            if is_stream(&frame) && frame.payload_type == PayloadType::EncChallengeRequest {
                let payload = Bytes::from_static(b"{}");
                return vec![Frame {
                    payload_type,
                    payload,
                    ..frame
                }];
            }
            vec![frame]
        };
        assert_eq!(handshake(early), PeerError::Unencrypted, "{payload_type:?}");
    }
    let mut relay = Relay::new(true);
    let typed = |frame: Frame| {
        if is_stream(&frame) && frame.payload_type == PayloadType::HandshakeResponse {
            let payload = Bytes::from_static(b"id\r");
            return vec![Frame {
                payload_type: PayloadType::Output,
                payload,
                ..frame
            }];
        }
        vec![frame]
    };
    assert_eq!(relay.run(&mut { typed }), Err(PeerError::Unencrypted));
    assert!(relay.typed.is_empty() && !relay.open[1]);
}

#[test]
fn a_client_that_requires_encryption_takes_no_session_without() {
    let mut bench = Bench::client(Some(Terminal::default()));
    bench.channel = bench.channel.requiring_encryption();
    let plain = |bench: &mut Bench, payload_type, payload: &[u8]| {
        bench.receive_as(uuid::Uuid::nil(), 0, payload_type, payload)
    };
    assert_eq!(
        plain(&mut bench, PayloadType::Output, b"$ "),
        Err(PeerError::NotEncrypted)
    );
    assert_eq!(bench.events(), []);
}

#[test]
fn keys_that_nobody_agrees_on_end_the_session_in_time() {
    let mut relay = Relay::new(true);
    let mut nothing = |_| Vec::new();
    assert_eq!(relay.run(&mut nothing), Ok(()));
    let late = relay.now + KEYS_WITHIN;
    assert_eq!(
        relay.agent.handle_timeout(late),
        Err(PeerError::KeysTooLate)
    );
    assert!(relay.agent.poll_event().is_none());
}

#[test]
fn another_key_than_the_clients_is_found_out_before_anything_opens() {
    let mut relay = Relay::new(true);
    relay.decrypted = [8; 64];
    assert_eq!(relay.run(&mut honest), Err(FORGED));
    assert_eq!(relay.open, [false; 2]);
}

#[test]
fn a_client_that_answers_another_challenge_is_not_let_in() {
    let mut relay = Relay::new(true);
    let mut client =
        SessionKeys::new(usher_wire::data_channel::Role::Client, &DATA_KEY, [9; 12]).unwrap();
    let mut other = |mut frame: Frame| {
        if is_stream(&frame) && frame.payload_type == PayloadType::EncChallengeResponse {
            let sealed = client.sealer.seal(&[0; 64], None).unwrap();
            frame.payload = to_json(&EncryptionChallenge::new(&sealed));
        }
        vec![frame]
    };
    assert_eq!(relay.run(&mut other), Err(PeerError::WrongAnswer));
    assert!(!relay.open[1]);
}

#[test]
fn a_changed_payload_ends_the_session_at_either_end() {
    for is_usher in [false, true] {
        let flip = |mut frame: Frame| {
            if is_stream(&frame) {
                let mut changed = frame.payload.to_vec();
                changed[14] ^= 1;
                frame.payload = changed.into();
            }
            vec![frame]
        };
        let mut relay = Relay::open(is_usher);
        relay.show("screen");
        assert_eq!(relay.run(&mut { flip }), Err(FORGED));
        assert!(relay.shown.is_empty());
        let mut relay = Relay::open(is_usher);
        relay.press("keys");
        assert_eq!(relay.run(&mut { flip }), Err(FORGED));
        assert!(relay.typed.is_empty());
    }
}

#[test]
fn a_payload_that_comes_a_second_time_as_the_next_one_ends_the_session() {
    for (is_usher, breach) in [(false, REPEATED), (true, FORGED)] {
        let again = |frame: Frame| {
            if is_stream(&frame) {
                let next = renumbered(&frame, frame.sequence + 1);
                return vec![frame, next];
            }
            vec![frame]
        };
        let mut relay = Relay::open(is_usher);
        relay.show("screen");
        assert_eq!(relay.run(&mut { again }), Err(breach.clone()));
        let mut relay = Relay::open(is_usher);
        relay.press("rm -r x\r");
        assert_eq!(relay.run(&mut { again }), Err(breach));
    }
}

#[test]
fn payloads_that_change_places_or_lose_one_between_them_end_the_session() {
    let mut swap = |frame: Frame| match frame.sequence {
        3 if is_stream(&frame) => vec![renumbered(&frame, 4)],
        4 if is_stream(&frame) => vec![renumbered(&frame, 3)],
        _ => vec![frame],
    };
    let mut close_the_gap = |frame: Frame| match frame.sequence {
        3 if is_stream(&frame) => Vec::new(),
        4 if is_stream(&frame) => vec![renumbered(&frame, 3)],
        _ => vec![frame],
    };
    for meddle in [
        &mut swap as &mut dyn FnMut(Frame) -> Vec<Frame>,
        &mut close_the_gap,
    ] {
        let mut relay = Relay::open(true);
        for text in ["one", "two"] {
            relay.show(text);
            relay
                .agent
                .send(PayloadType::StdErr, Bytes::from_static(b"between"))
                .unwrap();
        }
        assert_eq!(relay.run(meddle), Err(FORGED));
        assert!(relay.shown.is_empty());
    }
}

#[test]
fn a_payload_that_is_said_to_be_another_thing_ends_the_session() {
    let mut relabel = |frame: Frame| match frame.payload_type {
        PayloadType::Output if is_stream(&frame) => vec![Frame {
            payload_type: PayloadType::ExitCode,
            ..frame
        }],
        _ => vec![frame],
    };
    let mut relay = Relay::open(true);
    relay.show("0");
    assert_eq!(relay.run(&mut relabel), Err(FORGED));
}

#[test]
fn what_a_relay_puts_in_ends_the_session_whatever_it_is() {
    for (payload_type, payload) in [
        (PayloadType::Output, &b"rm -r x\r"[..]),
        (PayloadType::Flag, &[0, 0, 0, 2]),
        (PayloadType::Size, br#"{"cols":1,"rows":1}"#),
    ] {
        let mut relay = Relay::open(true);
        relay.press("a");
        let mut inject = |frame: Frame| {
            if is_stream(&frame) {
                let payload = Bytes::copy_from_slice(payload);
                let own = Frame {
                    payload_type,
                    payload,
                    ..renumbered(&frame, frame.sequence)
                };
                return vec![own];
            }
            vec![frame]
        };
        let breach = relay.run(&mut inject).unwrap_err();
        assert!(matches!(breach, PeerError::Encryption(_)), "{breach}");
        assert!(relay.typed.is_empty());
    }
}

#[test]
fn a_payload_that_is_withheld_for_good_ends_the_session() {
    let mut relay = Relay::open(true);
    for _ in 0..3 {
        relay.show("x");
        // Errors between keep the pieces apart.
        let between = Bytes::from_static(b"y");
        relay.agent.send(PayloadType::StdErr, between).unwrap();
    }
    let mut withhold = |frame: Frame| {
        let withheld = is_stream(&frame) && frame.sequence == 4;
        if withheld { Vec::new() } else { vec![frame] }
    };
    let begun = relay.now;
    let breach = loop {
        if let Err(breach) = relay.run(&mut withhold) {
            break breach;
        }
        let due = [&relay.client, &relay.agent].map(DataChannel::poll_timeout);
        relay.now = due.into_iter().flatten().min().unwrap();
        relay.agent.handle_timeout(relay.now).unwrap();
        if let Err(breach) = relay.client.handle_timeout(relay.now) {
            break breach;
        }
    };
    assert_eq!(breach, PeerError::Missing);
    assert_eq!(relay.shown, b"x");
    assert!(relay.now - begun <= HOLE_MENDED_WITHIN);
}

#[test]
fn nothing_that_is_typed_or_shown_travels_in_the_clear() {
    for is_usher in [false, true] {
        let mut relay = Relay::open(is_usher);
        relay.show("marker on the screen");
        relay.press("marker of a key");
        let mut capture = Vec::new();
        relay
            .run(&mut |frame: Frame| {
                capture.extend_from_slice(&frame.clone().encode());
                vec![frame]
            })
            .unwrap();
        assert!(!capture.windows(6).any(|window| window == b"marker"));
        assert_eq!(relay.shown, b"marker on the screen");
        assert_eq!(relay.typed, b"marker of a key");
    }
}

#[test]
fn a_key_that_nobody_waits_for_is_not_taken() {
    let mut bench = Bench::client(None);
    assert_eq!(
        bench.channel.offer_key(&DATA_KEY, b"blob", [1; 12]),
        Err(PeerError::KeyOutOfTurn)
    );
    let short = |channel: &mut DataChannel| channel.offer_key(&[7; 63], b"blob", [1; 12]);
    let mut relay = Relay::new(true);
    for frame in relay.requests() {
        relay.client.handle_message(relay.now, frame).unwrap();
    }
    assert_eq!(
        short(&mut relay.client),
        Err(PeerError::Encryption(EncryptionError::DataKeyLength(63)))
    );
    assert!(!relay.client.is_encrypted());
    assert_eq!(
        relay.client.session_type(),
        Some(SessionType::StandardStream)
    );
}
