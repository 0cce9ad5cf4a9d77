//! Which messages of a node's stream are new, which are repeats, and which contradict what was there before.
//!
//! The invariant: of each number one payload is accepted, whatever connection it comes on. A node that repeats a number
//! with other bytes could show the person one thing and have the recording hold another. Pure.

use std::collections::{BTreeMap, VecDeque};

/// How many of the latest numbers are remembered by their digest, and how far ahead of a missing one a message may be:
/// what AWS's agent keeps to send again at most (agent.md 4.7).
pub(crate) const REMEMBERED: usize = 10_000;

/// Bytes of messages above a missing one; more than any of the agents keeps to send again.
const AHEAD_BYTES: usize = 16 * 1024 * 1024;

/// What a message is to the stream so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Not seen before.
    New,
    /// Seen before, the same.
    Repeat,
    /// Its number was seen with another payload, or longer ago than is remembered.
    Contradiction,
    /// So far ahead of a missing one that no client would hold it.
    TooFarAhead,
}

/// The numbers seen so far. The default has seen none.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    /// The lowest number not seen yet; streams begin at 0.
    next: i64,
    /// Digests of the numbers right below `next`, the oldest first.
    latest: VecDeque<[u8; 32]>,
    /// Numbers above `next`, with the length of their messages.
    ahead: BTreeMap<i64, ([u8; 32], usize)>,
    /// Bytes of those together.
    ahead_bytes: usize,
}

impl Stream {
    /// What a message of that number and payload would be.
    pub(crate) fn judge(&self, sequence: i64, digest: &[u8; 32]) -> Standing {
        let seen = if sequence < self.next {
            let back = usize::try_from(self.next - sequence).unwrap_or(usize::MAX);
            match self.latest.len().checked_sub(back) {
                Some(place) => self.latest.get(place),
                None => return Standing::Contradiction,
            }
        } else {
            self.ahead.get(&sequence).map(|(digest, _)| digest)
        };
        match seen {
            Some(seen) if seen == digest => Standing::Repeat,
            Some(_) => Standing::Contradiction,
            None if sequence != self.next && self.is_full(sequence) => Standing::TooFarAhead,
            None => Standing::New,
        }
    }

    fn is_full(&self, sequence: i64) -> bool {
        let ahead = usize::try_from(sequence.saturating_sub(self.next)).unwrap_or(usize::MAX);
        ahead > REMEMBERED || self.ahead_bytes > AHEAD_BYTES
    }

    /// Notes a message of this length that is new.
    pub(crate) fn accept(&mut self, sequence: i64, digest: [u8; 32], length: usize) {
        self.ahead.insert(sequence, (digest, length));
        self.ahead_bytes = self.ahead_bytes.saturating_add(length);
        while let Some((digest, length)) = self.ahead.remove(&self.next) {
            self.ahead_bytes = self.ahead_bytes.saturating_sub(length);
            self.next += 1;
            self.latest.push_back(digest);
            if self.latest.len() > REMEMBERED {
                self.latest.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(of: u8) -> [u8; 32] {
        [of; 32]
    }

    #[test]
    fn a_number_cannot_be_said_twice_with_different_bytes() {
        let mut stream = Stream::default();
        for number in [0, 1, 5] {
            stream.accept(number, digest(number as u8), 1);
        }
        for number in [0, 1, 5] {
            assert_eq!(stream.judge(number, &digest(99)), Standing::Contradiction);
            assert_eq!(
                stream.judge(number, &digest(number as u8)),
                Standing::Repeat
            );
        }
        assert_eq!(stream.judge(2, &digest(2)), Standing::New);
    }

    #[test]
    fn what_is_forgotten_is_not_believed_and_what_is_far_ahead_is_not_taken() {
        let mut stream = Stream::default();
        for number in 0..=10_000 {
            stream.accept(number, digest(0), 1);
        }
        assert_eq!(stream.judge(0, &digest(0)), Standing::Contradiction);
        assert_eq!(stream.judge(-1, &digest(0)), Standing::Contradiction);
        assert_eq!(stream.judge(1, &digest(0)), Standing::Repeat);
        assert_eq!(stream.judge(20_002, &digest(0)), Standing::TooFarAhead);
        assert_eq!(stream.judge(i64::MAX, &digest(0)), Standing::TooFarAhead);
        assert_eq!(stream.judge(20_001, &digest(0)), Standing::New);
    }

    #[test]
    fn a_missing_message_holds_up_a_bounded_number_of_bytes() {
        let mut stream = Stream::default();
        stream.accept(1, digest(1), AHEAD_BYTES + 1);
        assert_eq!(stream.judge(2, &digest(2)), Standing::TooFarAhead);
        stream.accept(0, digest(0), 1);
        assert_eq!(stream.judge(2, &digest(2)), Standing::New);
    }

    #[test]
    fn a_gap_is_closed_by_what_was_missing() {
        let mut stream = Stream::default();
        for number in [2, 1, 0] {
            assert_eq!(stream.judge(number, &digest(1)), Standing::New);
            stream.accept(number, digest(1), 1);
        }
        assert_eq!(
            (stream.next, stream.ahead.len(), stream.ahead_bytes),
            (3, 0, 0)
        );
    }
}
