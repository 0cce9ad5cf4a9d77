//! A peer that says anything at any time: the machine may end the session, it never panics and never grows.

use std::time::{Duration, Instant};

use bytes::Bytes;
use usher_wire::data_channel::{ClientHello, DataChannel, Event};
use usher_wire::frame::{Frame, MessageType, PayloadType};
use usher_wire::message::{SessionType, Terminal};
use uuid::Uuid;

use super::dice::Dice;
use super::world::epoch;

const KINDS: [MessageType; 8] = [
    MessageType::InputStreamData,
    MessageType::OutputStreamData,
    MessageType::InputStreamData,
    MessageType::OutputStreamData,
    MessageType::Acknowledge,
    MessageType::StartPublication,
    MessageType::PausePublication,
    MessageType::AgentSessionState,
];

const PAYLOADS: [&str; 12] = [
    "",
    "junk",
    "{}",
    "[]",
    "null",
    r#"{"cols":70000,"rows":-1}"#,
    r#"{"cols":1,"rows":1}"#,
    r#"{"AcknowledgedMessageSequenceNumber":0}"#,
    r#"{"AcknowledgedMessageSequenceNumber":-9223372036854775808}"#,
    r#"{"AcknowledgedMessageSequenceNumber":1.5}"#,
    r#"{"AgentVersion":"","RequestedClientActions":[{"ActionType":"SessionType"}],"Usher":{"Version":1}}"#,
    r#"{"ClientVersion":null,"ProcessedClientActions":null,"Usher":{"Version":7,"Terminal":{"Cols":0,"Rows":0,"Term":"","Locale":{}}}}"#,
];

fn number(dice: &mut Dice) -> i64 {
    match dice.below(20) {
        0 => i64::MAX,
        1 => i64::MIN,
        2 => -1,
        3 => 8192 + dice.below(3) as i64,
        _ => dice.below(40) as i64,
    }
}

fn message(dice: &mut Dice) -> Bytes {
    let mut payload = Bytes::from_static(PAYLOADS[dice.below(12) as usize].as_bytes());
    if dice.percent(10) {
        payload = Bytes::from(vec![b'x'; dice.below(200_000) as usize]);
    }
    let frame = Frame {
        message_type: KINDS[dice.below(8) as usize],
        created_ms: 1,
        sequence: number(dice),
        flags: dice.below(4),
        message_id: Uuid::from_u128(u128::from(dice.below(60))),
        payload_type: PayloadType::from_number(dice.below(15) as u32),
        payload,
    };
    frame.encode()
}

fn machine(dice: &mut Dice, now: Instant) -> DataChannel {
    if dice.percent(50) {
        DataChannel::agent(
            now,
            dice.seed(),
            SessionType::StandardStream,
            serde_json::Value::Null,
        )
    } else {
        let terminal = dice.percent(50).then(Terminal::default);
        DataChannel::client(
            now,
            dice.seed(),
            ClientHello {
                client_version: String::new(),
                terminal,
            },
        )
    }
}

#[test]
fn nothing_a_peer_says_panics_or_makes_the_machine_grow() {
    for seed in 0..150 {
        let mut dice = Dice::new(seed);
        let mut now = epoch();
        let mut channel = machine(&mut dice, now);
        let polls = dice.percent(70);
        for _ in 0..150 {
            now += Duration::from_millis(dice.below(300));
            match dice.below(10) {
                0 => drop(channel.handle_timeout(now)),
                1 => channel.handle_disconnected(),
                2 => channel.handle_connected(now),
                3 => drop(channel.send(PayloadType::Output, Bytes::from_static(b"said"))),
                _ => drop(channel.handle_message(now, message(&mut dice))),
            }
            while polls && channel.poll_event().is_some() {}
            while channel.poll_transmit(now, 1).is_some() {}
        }
        let held: usize = std::iter::from_fn(|| channel.poll_event())
            .map(|event| {
                if let Event::Payload { payload, .. } = event {
                    payload.len()
                } else {
                    0
                }
            })
            .sum();
        assert!(held <= 7 * 1024 * 1024, "seed {seed} held {held} bytes");
    }
}
