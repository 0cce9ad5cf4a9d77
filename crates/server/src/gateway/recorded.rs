//! What of passing frames goes into a session's recording, and the wait for it.
//!
//! The invariant: the frames that this lets pass toward the person are in the recording. What the person types is not
//! recorded; where the terminal echoes it, the node's output holds it. Of a client's frames only the terminal's size is
//! read. Where KMS encrypts the session, payloads go into the recording as they travel, of the client's only the answer to
//! the handshake, which holds the encrypted data key, and its sizes. It knows no files.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::spawn_blocking;
use usher_wire::frame::{FrameHeader, MessageType, PayloadType};
use usher_wire::message::{HandshakeResponse, Size};

use super::broker::Side;
use super::live::LiveSession;
use crate::clock::Clock;
use crate::recording::Heard;

/// Records a batch of frames from one side. For each frame, whether it may pass.
pub(super) async fn record(
    session: &LiveSession,
    side: Side,
    frames: &[Bytes],
    clock: &Clock,
) -> Vec<bool> {
    let mut passes = vec![true; frames.len()];
    let Some(tape) = &session.tape else {
        return passes;
    };
    // After the end nothing is relayed, so nothing is recorded.
    if session.has_ended() {
        return passes;
    }
    let heard = frames.iter().enumerate();
    let (places, batch): (Vec<usize>, Vec<Heard>) = heard
        .filter_map(|(place, frame)| Some((place, heard_in(side, frame, tape.is_sealed())?)))
        .unzip();
    if batch.is_empty() {
        return passes;
    }
    let (tape, now_ms) = (Arc::clone(tape), clock.now_ms());
    let kept = match spawn_blocking(move || tape.keep(now_ms, &batch)).await {
        Ok(kept) => kept,
        Err(error) => {
            // Not recorded, so not delivered; the node sends it again.
            tracing::error!(session = %session.id, %error, "output could not be recorded");
            return vec![false; frames.len()];
        }
    };
    if let Some(why) = kept.lost {
        session.recording_lost(why);
    }
    for (place, may_pass) in places.into_iter().zip(kept.passes) {
        if let Some(passes) = passes.get_mut(place) {
            *passes = may_pass;
        }
    }
    passes
}

/// What a frame means to a recording, if anything.
fn heard_in(side: Side, frame: &Bytes, sealed: bool) -> Option<Heard> {
    let header = FrameHeader::parse(frame).ok()?;
    let payload = frame.slice(header.payload_offset..);
    match (side, header.message_type, header.payload_type) {
        (Side::Agent, MessageType::OutputStreamData, kind) => Some(Heard::Output {
            sequence: header.sequence,
            payload,
            digest: header.payload_digest,
            is_shown: matches!(kind, PayloadType::Output | PayloadType::StdErr),
            kind: kind.number(),
        }),
        (
            Side::Client,
            MessageType::InputStreamData,
            kind @ (PayloadType::Size | PayloadType::HandshakeResponse),
        ) if sealed => Some(Heard::Told {
            sequence: header.sequence,
            kind: kind.number(),
            payload,
        }),
        (Side::Client, MessageType::InputStreamData, PayloadType::Size) => {
            let size: Size = serde_json::from_slice(&payload).ok()?;
            Some(Heard::Size {
                columns: size.cols,
                rows: size.rows,
            })
        }
        (Side::Client, MessageType::InputStreamData, PayloadType::HandshakeResponse) => {
            let response: HandshakeResponse = serde_json::from_slice(&payload).ok()?;
            let terminal = response.usher?.terminal?;
            Some(Heard::Size {
                columns: terminal.cols,
                rows: terminal.rows,
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use usher_wire::frame::Frame;
    use uuid::Uuid;

    use super::*;

    fn frame(kind: MessageType, payload_type: PayloadType, payload: &'static [u8]) -> Bytes {
        let mut frame = Frame::unsequenced(kind, 0, Uuid::nil(), 1, payload);
        frame.payload_type = payload_type;
        frame.encode()
    }

    #[test]
    fn what_is_typed_is_not_heard() {
        let typed = frame(
            MessageType::InputStreamData,
            PayloadType::Output,
            b"hunter2",
        );
        for sealed in [false, true] {
            assert!(heard_in(Side::Client, &typed, sealed).is_none());
            assert!(heard_in(Side::Agent, &typed, sealed).is_none());
            assert!(heard_in(Side::Client, &Bytes::from_static(b"noise"), sealed).is_none());
        }
    }

    #[test]
    fn the_terminals_size_is_heard_from_both_kinds_of_client() {
        let cases = [
            (PayloadType::Size, &br#"{"cols":120,"rows":40}"#[..]),
            (
                PayloadType::HandshakeResponse,
                br#"{"Usher":{"Version":1,"Terminal":{"Cols":120,"Rows":40}}}"#,
            ),
        ];
        for (kind, payload) in cases {
            let heard = heard_in(
                Side::Client,
                &frame(MessageType::InputStreamData, kind, payload),
                false,
            );
            assert!(
                matches!(
                    heard,
                    Some(Heard::Size {
                        columns: 120,
                        rows: 40
                    })
                ),
                "{heard:?}"
            );
        }
    }

    #[test]
    fn output_and_errors_are_shown_and_handshakes_only_counted() {
        for (kind, expected) in [
            (PayloadType::Output, true),
            (PayloadType::StdErr, true),
            (PayloadType::HandshakeRequest, false),
            (PayloadType::ExitCode, false),
        ] {
            let heard = heard_in(
                Side::Agent,
                &frame(MessageType::OutputStreamData, kind, b"x"),
                false,
            );
            let Some(Heard::Output { is_shown, .. }) = heard else {
                panic!("not heard");
            };
            assert_eq!(is_shown, expected, "{kind:?}");
        }
    }
}
