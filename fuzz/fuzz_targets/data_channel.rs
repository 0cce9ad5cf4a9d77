//! Both ends of a data channel under frames of a hostile peer: each may end its session, neither may panic, and neither
//! keeps sending for ever.
#![no_main]

use std::time::{Duration, Instant};

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use usher_wire::data_channel::{ClientHello, DataChannel, KeyDemand};
use usher_wire::frame::{Frame, MessageType, PayloadType};
use usher_wire::message::SessionType;

/// What a peer can say, by its first byte.
const TYPES: [MessageType; 6] = [
    MessageType::InputStreamData,
    MessageType::OutputStreamData,
    MessageType::Acknowledge,
    MessageType::ChannelClosed,
    MessageType::PausePublication,
    MessageType::StartPublication,
];

/// More than an end ever has to say to one message.
const MOST_FRAMES: usize = 10_000;

fuzz_target!(|script: &[u8]| {
    let now = Instant::now();
    let agent = DataChannel::agent(
        now,
        [1; 16],
        SessionType::StandardStream,
        serde_json::Value::Null,
    );
    let hello = ClientHello {
        client_version: "1.2.0.0".to_owned(),
        terminal: None,
    };
    let demand = KeyDemand {
        key_id: "alias/sessions".to_owned(),
        challenge: [3; 16],
    };
    let sealed = DataChannel::encrypted_agent(now, [1; 16], SessionType::StandardStream, &demand);
    for channel in [agent, sealed, DataChannel::client(now, [2; 16], hello)] {
        play(channel, now, script);
    }
});

/// Each step is four bytes (kind, number, flags, length) and a payload.
fn play(mut channel: DataChannel, mut now: Instant, mut script: &[u8]) {
    let mut number = 0_u128;
    while let Some(([kind, sequence, payload_type, length], rest)) = script.split_first_chunk() {
        let (payload, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        script = rest;
        number += 1;
        match kind % 8 {
            6 => {
                now += Duration::from_millis(u64::from(*sequence) * 40);
                if channel.handle_timeout(now).is_err() {
                    return;
                }
            }
            7 => {
                let _ = channel.send(PayloadType::Output, Bytes::copy_from_slice(payload));
            }
            kind => {
                let frame = Frame {
                    message_type: TYPES[usize::from(kind)],
                    created_ms: number as u64,
                    sequence: i64::from(*sequence as i8),
                    flags: u64::from(payload_type >> 6),
                    message_id: from_number(number),
                    payload_type: payload_kind(*payload_type),
                    payload: Bytes::copy_from_slice(payload),
                };
                if channel.handle_message(now, frame.encode()).is_err() {
                    return;
                }
            }
        }
        while channel.poll_event().is_some() {}
        let said = (0..MOST_FRAMES)
            .take_while(|_| channel.poll_transmit(now, 0).is_some())
            .count();
        assert!(said < MOST_FRAMES, "it never stops talking");
    }
}

fn payload_kind(byte: u8) -> PayloadType {
    [
        PayloadType::Output,
        PayloadType::Size,
        PayloadType::HandshakeRequest,
        PayloadType::HandshakeResponse,
        PayloadType::HandshakeComplete,
        PayloadType::Flag,
        PayloadType::StdErr,
        PayloadType::ExitCode,
        PayloadType::EncChallengeRequest,
        PayloadType::EncChallengeResponse,
    ][usize::from(byte % 10)]
}

fn from_number(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}
