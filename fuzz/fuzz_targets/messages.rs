//! The JSON of channels: handshake, open messages, tasks, acknowledgements. What is read is written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use usher_wire::message::{
    Acknowledge, ChannelClosed, Flag, HandshakeComplete, HandshakeRequest, HandshakeResponse,
    OpenControlChannel, OpenDataChannel, SessionState, Size, StartTask, TaskAcknowledge,
    TaskComplete, to_json,
};

fuzz_target!(|json: &[u8]| {
    survives::<HandshakeRequest>(json);
    survives::<HandshakeResponse>(json);
    survives::<HandshakeComplete>(json);
    survives::<OpenDataChannel>(json);
    survives::<OpenControlChannel>(json);
    survives::<ChannelClosed>(json);
    survives::<SessionState>(json);
    survives::<TaskAcknowledge>(json);
    survives::<TaskComplete>(json);
    survives::<Size>(json);
    let _ = Acknowledge::number(json);
    if let Some(flag) = Flag::from_payload(json) {
        assert_eq!(Flag::from_payload(&flag.to_payload()), Some(flag));
    }
    if let Ok(task) = serde_json::from_slice::<StartTask>(json) {
        let _ = task.unwrap_content();
    }
});

fn survives<M: Serialize + DeserializeOwned>(json: &[u8]) {
    if let Ok(message) = serde_json::from_slice::<M>(json) {
        let written = to_json(&message);
        assert!(serde_json::from_slice::<M>(&written).is_ok(), "{written:?}");
    }
}
