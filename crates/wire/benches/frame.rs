//! The frame codec by itself: what each message costs its sender, its receiver and the gateway in between.
//!
//! `cargo xtask bench --micro` runs it.

use bytes::Bytes;
use divan::Bencher;
use divan::counter::BytesCount;
use usher_wire::frame::{Frame, FrameHeader, MessageType, PayloadType};
use uuid::Uuid;

/// A key; what AWS's programs send at most; what ours do.
const SIZES: [usize; 3] = [1, 1024, 32 * 1024];

fn main() {
    divan::main();
}

fn frame(size: usize) -> Frame {
    Frame {
        message_type: MessageType::OutputStreamData,
        created_ms: 1,
        sequence: 7,
        flags: 0,
        message_id: Uuid::from_u128(7),
        payload_type: PayloadType::Output,
        payload: Bytes::from(vec![b'x'; size]),
    }
}

#[divan::bench(args = SIZES)]
fn encode(bencher: Bencher<'_, '_>, size: usize) {
    let frame = frame(size);
    bencher
        .counter(BytesCount::new(size))
        .bench(|| frame.encode());
}

#[divan::bench(args = SIZES)]
fn decode(bencher: Bencher<'_, '_>, size: usize) {
    let message = frame(size).encode();
    bencher
        .counter(BytesCount::new(size))
        .bench(|| Frame::decode(message.clone()));
}

#[divan::bench(args = SIZES)]
fn read_the_header_as_the_gateway_does(bencher: Bencher<'_, '_>, size: usize) {
    let message = frame(size).encode();
    bencher
        .counter(BytesCount::new(size))
        .bench(|| FrameHeader::parse(&message));
}
