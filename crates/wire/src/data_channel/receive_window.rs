//! Putting the peer's stream in order: which message is next, which are early, which came before.
//!
//! Invariants: a message leaves in order and once; early ones are bounded in bytes and in distance; a refused message
//! is not remembered, so the peer's next copy is judged afresh.

use std::collections::{BTreeMap, VecDeque};

use uuid::Uuid;

use crate::frame::{Frame, HEADER_BYTES};

/// How far ahead of the next number an early message may be.
pub(super) const REORDER_MESSAGES: i64 = 8192;
/// Frame bytes of early messages we keep.
pub(super) const REORDER_BYTES: usize = 2 * 1024 * 1024;
/// How many past messages are remembered by id.
const REMEMBERED: usize = 512;

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It is the next one; the frames behind it may be ready too.
    Next {
        /// The message.
        frame: Frame,
        /// Its place in the stream.
        place: i64,
    },
    /// It is early and was kept.
    Kept,
    /// It was here before, at this place in the stream.
    Duplicate {
        /// The place.
        place: i64,
    },
    /// It is too far ahead or there is no room.
    Refused,
}

/// A message that was run: its place in the stream, and the number and id it came with.
#[derive(Debug)]
struct Run {
    place: i64,
    number: i64,
    id: Uuid,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct ReceiveWindow {
    next: i64,
    early: BTreeMap<i64, Frame>,
    early_bytes: usize,
    /// The latest messages, oldest first; kept only while `mends_reused_numbers`.
    recent: VecDeque<Run>,
    mends_reused_numbers: bool,
}

impl ReceiveWindow {
    /// With `mends_reused_numbers`, a number that comes again with *another* id is run as the next message: AWS's
    /// plugin numbers a signal and a key pressed at the same moment alike, skips a number, and then waits for ever.
    pub(super) fn new(mends_reused_numbers: bool) -> Self {
        Self {
            next: 0,
            early: BTreeMap::new(),
            early_bytes: 0,
            recent: VecDeque::new(),
            mends_reused_numbers,
        }
    }

    /// The peer is known not to reuse numbers.
    pub(super) fn trust_numbers(&mut self) {
        self.mends_reused_numbers = false;
        self.recent = VecDeque::new();
    }

    /// The number that is missing while later ones are here.
    pub(super) fn awaited(&self) -> Option<i64> {
        (!self.early.is_empty()).then_some(self.next)
    }

    /// Judges a message. `room` tells whether the next one could be delivered.
    pub(super) fn accept(&mut self, frame: Frame, room: bool) -> Arrival {
        if frame.sequence > self.next {
            return self.keep(frame);
        }
        if frame.sequence < self.next {
            if let Some(run) = self.recent.iter().find(|run| run.id == frame.message_id) {
                return Arrival::Duplicate { place: run.place };
            }
            // Every message since the oldest remembered one is known by its id, so an unknown id there never ran.
            let never_ran = self
                .recent
                .front()
                .is_some_and(|oldest| frame.sequence >= oldest.number);
            if !never_ran {
                return Arrival::Duplicate {
                    place: frame.sequence,
                };
            }
        }
        if !room {
            return Arrival::Refused;
        }
        Arrival::Next {
            place: self.run(&frame),
            frame,
        }
    }

    /// The early message whose turn has come.
    pub(super) fn take_ready(&mut self) -> Option<(Frame, i64)> {
        let frame = self.early.remove(&self.next)?;
        self.early_bytes = self
            .early_bytes
            .saturating_sub(frame.payload.len() + HEADER_BYTES);
        let place = self.run(&frame);
        Some((frame, place))
    }

    fn keep(&mut self, frame: Frame) -> Arrival {
        let bytes = frame.payload.len() + HEADER_BYTES;
        if frame.sequence - self.next > REORDER_MESSAGES || self.early_bytes + bytes > REORDER_BYTES
        {
            return Arrival::Refused;
        }
        if self.early.contains_key(&frame.sequence) {
            return Arrival::Kept;
        }
        self.early_bytes += bytes;
        self.early.insert(frame.sequence, frame);
        Arrival::Kept
    }

    fn run(&mut self, frame: &Frame) -> i64 {
        let place = self.next;
        self.next += 1;
        if self.mends_reused_numbers {
            if self.recent.len() >= REMEMBERED {
                self.recent.pop_front();
            }
            self.recent.push_back(Run {
                place,
                number: frame.sequence,
                id: frame.message_id,
            });
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::frame::{MessageType, PayloadType};

    fn frame(sequence: i64, id: u128, payload: Bytes) -> Frame {
        let message_type = MessageType::InputStreamData;
        let (message_id, payload_type) = (Uuid::from_u128(id), PayloadType::Output);
        Frame {
            message_type,
            created_ms: 1,
            sequence,
            flags: 0,
            message_id,
            payload_type,
            payload,
        }
    }

    fn small(sequence: i64, id: u128) -> Frame {
        frame(sequence, id, Bytes::from_static(b"x"))
    }

    #[test]
    fn what_is_too_far_ahead_or_too_much_is_refused() {
        let mut window = ReceiveWindow::new(false);
        assert_eq!(
            window.accept(small(REORDER_MESSAGES + 1, 1), true),
            Arrival::Refused
        );
        assert_eq!(
            window.accept(small(REORDER_MESSAGES, 1), true),
            Arrival::Kept
        );
        let large = Bytes::from(vec![0; REORDER_BYTES - HEADER_BYTES]);
        assert_eq!(window.accept(frame(5, 2, large), true), Arrival::Refused);
    }

    #[test]
    fn without_room_the_next_message_is_refused_and_welcome_later() {
        let mut window = ReceiveWindow::new(false);
        assert_eq!(window.accept(small(0, 1), false), Arrival::Refused);
        assert_eq!(
            window.accept(small(0, 1), true),
            Arrival::Next {
                frame: small(0, 1),
                place: 0
            }
        );
    }

    #[test]
    fn a_peer_that_is_trusted_never_has_a_number_run_twice() {
        let mut window = ReceiveWindow::new(true);
        window.accept(small(0, 1), true);
        window.trust_numbers();
        assert_eq!(
            window.accept(small(0, 2), true),
            Arrival::Duplicate { place: 0 }
        );
    }

    #[test]
    fn a_number_older_than_what_is_remembered_is_a_duplicate_whatever_its_id() {
        let mut window = ReceiveWindow::new(true);
        for number in 0..1000 {
            window.accept(small(number, number as u128), true);
        }
        assert_eq!(
            window.accept(small(3, 5000), true),
            Arrival::Duplicate { place: 3 }
        );
        assert!(matches!(
            window.accept(small(999, 5000), true),
            Arrival::Next { place: 1000, .. }
        ));
    }
}
