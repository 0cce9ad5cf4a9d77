//! The frame decoder: no bytes make it panic, and what it takes is written again as it came.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use usher_wire::frame::{Frame, FrameHeader};

fuzz_target!(|message: &[u8]| {
    let header = FrameHeader::parse(message);
    let Ok(frame) = Frame::decode(Bytes::copy_from_slice(message)) else {
        return;
    };
    let header = header.expect("the gateway reads what the ends read");
    assert_eq!(header.sequence, frame.sequence);
    assert_eq!(header.message_id, frame.message_id);
    let again = Frame::decode(frame.encode()).expect("what we write we read");
    assert_eq!(again, frame);
});
