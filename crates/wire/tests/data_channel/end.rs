//! One end of the simulated session: its machine, what it has to say, and what it has heard.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use usher_wire::data_channel::DataChannel;
use usher_wire::encryption::OVERHEAD;
use usher_wire::frame::{Frame, MessageType, PayloadType};

/// What one end has to say: bulk bytes and urgent marks.
pub(crate) struct Script {
    pub(crate) bulk: usize,
    pub(crate) urgent: u32,
}

pub(crate) struct End {
    pub(crate) channel: DataChannel,
    pub(crate) script: Script,
    /// Bulk bytes the machine took from us, and urgent marks.
    pub(crate) given: usize,
    pub(crate) marked: u32,
    /// Bulk bytes transmitted at least once, by the numbers of the frames that carried them.
    pub(crate) transmitted: usize,
    pub(crate) numbered: i64,
    /// For each mark: how many bulk bytes had been transmitted when it was given.
    pub(crate) overtakes: VecDeque<usize>,
    /// What arrived from the other end.
    pub(crate) taken: usize,
    pub(crate) seen_marks: u32,
    pub(crate) open: bool,
    pub(crate) connected: bool,
    pub(crate) sink_busy_until: Duration,
}

impl End {
    pub(crate) fn new(channel: DataChannel, script: Script) -> Self {
        Self {
            channel,
            script,
            given: 0,
            marked: 0,
            transmitted: 0,
            numbered: -1,
            overtakes: VecDeque::new(),
            taken: 0,
            seen_marks: 0,
            open: false,
            connected: true,
            sink_busy_until: Duration::ZERO,
        }
    }

    /// A stretch of what `peer` had to say was taken.
    pub(crate) fn check_bulk(&mut self, peer: usize, payload: &[u8]) {
        assert!(self.open, "payload before the session opened");
        let expected = pattern(peer, self.taken, payload.len());
        assert_eq!(
            payload, expected,
            "bytes from {} on, said by end {peer}",
            self.taken
        );
        self.taken += payload.len();
    }

    /// An urgent mark was taken; `ahead` bulk bytes had left when it was given.
    pub(crate) fn check_mark(&mut self, ahead: usize, payload: &[u8]) {
        let mark = u32::from_be_bytes(payload.try_into().unwrap());
        assert_eq!(mark, self.seen_marks, "marks come once and in order");
        self.seen_marks += 1;
        let taken = self.taken;
        assert!(
            taken <= ahead,
            "mark {mark} came behind {taken} bytes, {ahead} had left when it was given"
        );
    }

    pub(crate) fn note_transmitted(&mut self, message: &Bytes) {
        let frame = Frame::decode(message.clone()).unwrap();
        if frame.message_type == MessageType::Acknowledge {
            return;
        }
        let sealing = if self.channel.is_encrypted() {
            OVERHEAD
        } else {
            0
        };
        assert!(
            frame.payload.len().saturating_sub(sealing) <= self.channel.max_payload()
                || frame.payload_type != PayloadType::Output
        );
        if frame.sequence > self.numbered {
            assert_eq!(frame.sequence, self.numbered + 1, "numbers have no holes");
            self.numbered = frame.sequence;
            if frame.payload_type == PayloadType::Output {
                self.transmitted += frame.payload.len() - sealing;
            }
        }
    }
}

/// The bytes `from..from + length` of what an end has to say: any slip shows.
pub(crate) fn pattern(end: usize, from: usize, length: usize) -> Vec<u8> {
    (from..from + length)
        .map(|at| (at as u8).wrapping_mul(31) ^ ((at >> 8) as u8) ^ (end as u8))
        .collect()
}
