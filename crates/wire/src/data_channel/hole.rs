//! A hole in an encrypted stream that nobody mends: the peer was told that a payload had arrived, and it never did.
//!
//! A peer sends again what is not acknowledged, so between honest ends a hole is mended within seconds. One that stays
//! was made by somebody between who forges acknowledgements, which carry no seal. Payloads behind it are never shown.

use std::time::{Duration, Instant};

use super::event::PeerError;
use super::timers::Timer;
use super::{DataChannel, HOLE_MENDED_WITHIN};

/// Looks at a hole before it counts as made on purpose. There must have been room for the payload at each.
const LOOKS: u32 = 2;

/// The payload that is missing, and how often it was found so.
#[derive(Debug)]
pub(super) struct Hole {
    number: i64,
    looks: u32,
}

impl DataChannel {
    /// After each message of the stream.
    pub(super) fn watch_hole(&mut self, now: Instant) {
        let is_bound = self.is_encrypted() && self.peer_is_usher;
        let Some(number) = self.receive.awaited().filter(|_| is_bound) else {
            self.hole = None;
            self.timers.stop(Timer::Hole);
            return;
        };
        let is_known = self.hole.as_ref().is_some_and(|hole| hole.number == number);
        if !is_known {
            self.hole = Some(Hole { number, looks: 0 });
        }
        if !is_known || !self.timers.is_running(Timer::Hole) {
            self.timers.set(Timer::Hole, now + look_after());
        }
    }

    /// It is time to look at the hole.
    pub(super) fn look_at_hole(&mut self, now: Instant) -> Result<(), PeerError> {
        let Some(hole) = &mut self.hole else {
            return Ok(());
        };
        // Without room the payload was refused here.
        hole.looks = if self.deliveries.has_room() {
            hole.looks + 1
        } else {
            0
        };
        if hole.looks >= LOOKS {
            return Err(PeerError::Missing);
        }
        self.timers.set(Timer::Hole, now + look_after());
        Ok(())
    }
}

fn look_after() -> Duration {
    HOLE_MENDED_WITHIN / LOOKS
}
