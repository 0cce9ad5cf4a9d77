//! What waits for one side of a session: whole frames, in order, never re-encoded.
//!
//! The invariant is the bound: a lane takes a frame only while it has room, and hands a frame back rather than drop it.
//! It knows neither sockets nor what a frame means.

use std::collections::VecDeque;

use bytes::Bytes;

/// Bytes that may wait for one side. Reached, the reader of the other side stops reading its socket.
pub(crate) const LANE_BYTES: usize = 1024 * 1024;

/// Bytes that may wait for an absent side before the other one is asked to pause its publication.
pub(crate) const HOLD_BYTES: usize = 256 * 1024;

/// A waiting frame counts at least this much: a small frame may keep the larger buffer alive that it was read into,
/// so the number of frames needs a bound as well.
const LEAST_CHARGE: usize = 1024;

/// A bounded queue of frames toward one side.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    frames: VecDeque<Bytes>,
    charged: usize,
}

impl Lane {
    /// Puts a frame at the end, or hands it back when the lane is full. The last frame taken may pass the limit by
    /// its own length.
    pub(crate) fn push(&mut self, frame: Bytes) -> Result<(), Bytes> {
        if self.charged >= LANE_BYTES {
            return Err(frame);
        }
        self.charged += charge(&frame);
        self.frames.push_back(frame);
        Ok(())
    }

    /// Takes the oldest frame.
    pub(crate) fn pop(&mut self) -> Option<Bytes> {
        let frame = self.frames.pop_front()?;
        self.charged -= charge(&frame);
        Some(frame)
    }

    /// Whether more waits than an absent side's hold allows.
    pub(crate) fn is_over_hold(&self) -> bool {
        self.charged > HOLD_BYTES
    }

    /// Forgets everything that waits.
    pub(crate) fn clear(&mut self) {
        self.frames.clear();
        self.charged = 0;
    }
}

fn charge(frame: &Bytes) -> usize {
    frame.len().max(LEAST_CHARGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_lane_hands_the_frame_back() {
        let mut lane = Lane::default();
        let frame = Bytes::from(vec![7; LANE_BYTES]);
        assert_eq!(lane.push(frame), Ok(()));
        let more = Bytes::from_static(b"more");
        assert_eq!(lane.push(more.clone()), Err(more));
    }

    #[test]
    fn tiny_frames_are_bounded_in_number() {
        let mut lane = Lane::default();
        let taken = (0..10_000)
            .filter(|_| lane.push(Bytes::from_static(b"x")).is_ok())
            .count();
        assert_eq!(taken, LANE_BYTES / LEAST_CHARGE);
    }

    #[test]
    fn frames_leave_in_the_order_they_came_and_make_room() {
        let mut lane = Lane::default();
        for byte in 0..5u8 {
            assert_eq!(lane.push(Bytes::from(vec![byte])), Ok(()));
        }
        let order: Vec<u8> = std::iter::from_fn(|| lane.pop())
            .filter_map(|f| f.first().copied())
            .collect();
        assert_eq!(order, [0, 1, 2, 3, 4]);
        assert_eq!(lane.charged, 0);
    }
}
