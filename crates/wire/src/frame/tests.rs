//! Captured frames, frames that must be refused, and arbitrary bytes.

use bytes::{BufMut, Bytes, BytesMut};
use proptest::prelude::*;
use uuid::Uuid;

use super::{Frame, FrameError, FrameHeader, HEADER_BYTES, MAX_FRAME, MessageType, PayloadType};

const CAPTURED: &str = include_str!("../../tests/vectors/frames.hex");

fn captured() -> Vec<Bytes> {
    let lines = CAPTURED
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| Bytes::from(hex::decode(line.replace(' ', "")).unwrap()))
        .collect()
}

fn sample() -> Frame {
    Frame::decode(captured()[0].clone()).unwrap()
}

/// A captured frame with `bytes` written over it at `offset`.
fn patched(offset: usize, bytes: &[u8]) -> Result<Frame, FrameError> {
    let mut message = captured()[0].to_vec();
    message[offset..offset + bytes.len()].copy_from_slice(bytes);
    Frame::decode(Bytes::from(message))
}

#[test]
fn lengths_that_do_not_fit_are_refused() {
    let whole = captured()[0].clone();
    assert_eq!(Frame::decode(Bytes::new()), Err(FrameError::TooShort(0)));
    assert_eq!(
        Frame::decode(whole.slice(..119)),
        Err(FrameError::TooShort(119))
    );
    let cut = FrameError::BadPayloadLength {
        claimed: 3,
        actual: 2,
    };
    assert_eq!(Frame::decode(whole.slice(..122)), Err(cut));
    let long = Bytes::from(vec![0; MAX_FRAME + 1]);
    assert_eq!(Frame::decode(long), Err(FrameError::TooLong(MAX_FRAME + 1)));
    for header_length in [0, 115, 120, u32::MAX] {
        let refused = patched(0, &header_length.to_be_bytes());
        assert_eq!(refused, Err(FrameError::BadHeaderLength(header_length)));
    }
    // 117 leaves two bytes where three are claimed.
    assert!(matches!(
        patched(0, &117_u32.to_be_bytes()),
        Err(FrameError::BadPayloadLength { .. })
    ));
    assert!(matches!(
        patched(116, &u32::MAX.to_be_bytes()),
        Err(FrameError::BadPayloadLength { .. })
    ));
}

#[test]
fn an_unknown_type_a_missing_time_and_a_wrong_digest_are_refused() {
    assert_eq!(patched(4, b"X"), Err(FrameError::UnknownMessageType));
    assert_eq!(patched(4, &[b' '; 32]), Err(FrameError::UnknownMessageType));
    assert_eq!(patched(40, &[0; 8]), Err(FrameError::NoCreationTime));
    assert_eq!(patched(80, &[0; 32]), Err(FrameError::DigestMismatch));
    assert_eq!(patched(122, b"X"), Err(FrameError::DigestMismatch));
}

#[test]
fn hexadecimal_digits_in_the_place_of_a_digest_are_none() {
    let digits = *b"e44365b951162eda64acefd27572209e";
    assert_eq!(
        patched(80, &[&digits[..31], b"g"].concat()),
        Err(FrameError::DigestMismatch)
    );
    assert_eq!(patched(80, &digits), Ok(sample()));
}

#[test]
fn the_hand_made_vector_has_the_fields_it_was_made_of() {
    let frame = sample();
    assert_eq!(frame.message_type, MessageType::InputStreamData);
    assert_eq!(
        (frame.created_ms, frame.sequence, frame.flags),
        (1_700_000_000_000, 7, 0)
    );
    let id: Uuid = "00112233-4455-6677-8899-aabbccddeeff".parse().unwrap();
    assert_eq!(frame.message_id, id, "its halves are swapped on the wire");
    assert_eq!(
        (frame.payload_type, frame.payload.as_ref()),
        (PayloadType::Output, b"hi\r".as_slice())
    );
}

#[test]
fn captured_frames_are_read_and_written_back_byte_for_byte() {
    let kinds: Vec<_> = captured()
        .into_iter()
        .map(|message| {
            let frame = Frame::decode(message.clone()).unwrap();
            assert_eq!(frame.encode(), message);
            (
                frame.message_type,
                frame.payload_type,
                frame.sequence,
                frame.flags,
            )
        })
        .collect();
    assert_eq!(
        kinds,
        [
            (MessageType::InputStreamData, PayloadType::Output, 7, 0),
            (MessageType::AgentSessionState, PayloadType::Undefined, 0, 3),
            (MessageType::OutputStreamData, PayloadType::Output, 0, 1),
            (MessageType::InputStreamData, PayloadType::Size, 0, 0),
            (MessageType::InputStreamData, PayloadType::Output, 1, 0),
            (
                MessageType::OutputStreamData,
                PayloadType::HandshakeComplete,
                1,
                0
            ),
            (MessageType::InputStreamData, PayloadType::Flag, 4, 0),
        ]
    );
}

#[test]
fn the_deviations_aws_programs_accept_are_accepted() {
    // The type padded with NUL, and eight more header bytes.
    let nul_padded = patched(4 + "input_stream_data".len(), &[0; 15]).unwrap();
    assert_eq!(nul_padded, sample());
    let whole = captured()[0].clone();
    let mut longer = BytesMut::new();
    longer.put_u32(124);
    longer.put_slice(&whole[4..120]);
    longer.put_slice(&[0xAA; 8]);
    longer.put_slice(&whole[120..]);
    assert_eq!(Frame::decode(longer.freeze()).unwrap(), sample());
}

#[test]
fn publication_messages_need_neither_time_nor_digest() {
    let frame = Frame::unsequenced(
        MessageType::PausePublication,
        0,
        Uuid::nil(),
        0,
        Bytes::new(),
    );
    let mut message = frame.encode().to_vec();
    message[80..112].fill(0);
    assert_eq!(Frame::decode(Bytes::from(message)).unwrap(), frame);
}

#[test]
fn decoding_shares_the_received_bytes() {
    let message = captured()[0].clone();
    let frame = Frame::decode(message.clone()).unwrap();
    assert_eq!(frame.payload.as_ptr(), message[HEADER_BYTES..].as_ptr());
}

#[test]
fn debug_shows_no_payload() {
    let shown = format!(
        "{:?}",
        Frame {
            payload: Bytes::from_static(b"hunter2"),
            ..sample()
        }
    );
    assert!(
        !shown.contains("hunter2") && !shown.contains("104, 117"),
        "{shown}"
    );
}

prop_compose! {
    fn any_frame()(
        message_type in prop_oneof![Just(MessageType::InputStreamData), Just(MessageType::AgentTaskAcknowledge)],
        created_ms in 1_u64..,
        sequence: i64,
        flags: u64,
        id: u128,
        payload_type in (0_u32..20).prop_map(PayloadType::from_number),
        payload in proptest::collection::vec(any::<u8>(), 0..200),
    ) -> Frame {
        let message_id = Uuid::from_u128(id);
        let payload = Bytes::from(payload);
        Frame { message_type, created_ms, sequence, flags, message_id, payload_type, payload }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(message in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Frame::decode(Bytes::from(message));
    }

    #[test]
    fn a_damaged_frame_never_panics(frame in any_frame(), at: prop::sample::Index, byte: u8, end: prop::sample::Index) {
        let mut message = frame.encode().to_vec();
        let at = at.index(message.len());
        message[at] = byte;
        message.truncate(end.index(message.len()) + 1);
        let message = Bytes::from(message);
        if let Ok(header) = FrameHeader::parse(&message) {
            prop_assert_eq!(header.payload_offset + header.payload_length as usize, message.len());
        }
        let _ = Frame::decode(message);
    }

    #[test]
    fn what_is_encoded_is_decoded(frame in any_frame()) {
        prop_assert_eq!(Frame::decode(frame.encode()).unwrap(), frame);
    }
}
