//! The data channel's timers: a closed list and a table of when each expires. Whoever sets one says why there.

use std::time::Instant;

/// What can come due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// The oldest unacknowledged message has waited too long: send again.
    Retransmit,
    /// The client has not answered the handshake: start without it.
    HandshakeFallback,
    /// A payload is missing: look again whether it has come.
    Hole,
    /// An acknowledgement found no message of ours to travel with: it goes alone.
    Acknowledge,
}

impl Timer {
    const COUNT: usize = 4;
}

/// When each timer expires.
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Instant>; Timer::COUNT]);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = Some(at);
        }
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = None;
        }
    }

    pub(super) fn is_running(&self, timer: Timer) -> bool {
        self.0.get(timer as usize).is_some_and(Option::is_some)
    }

    /// Whether `timer` has come due; if so it is stopped.
    pub(super) fn expire(&mut self, timer: Timer, now: Instant) -> bool {
        let due = self
            .0
            .get_mut(timer as usize)
            .and_then(|slot| slot.take_if(|at| *at <= now));
        due.is_some()
    }

    /// The earliest expiry.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    pub(super) fn stop_all(&mut self) {
        self.0 = Default::default();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "an Instant has no other maker; the test never reads it again"
    )]
    fn an_expired_timer_is_reported_once() {
        let start = Instant::now();
        let mut timers = Timers::default();
        timers.set(Timer::Retransmit, start + Duration::from_millis(5));
        timers.set(Timer::HandshakeFallback, start + Duration::from_millis(9));
        assert_eq!(timers.next(), Some(start + Duration::from_millis(5)));
        assert!(!timers.expire(Timer::Retransmit, start));
        assert!(timers.expire(Timer::Retransmit, start + Duration::from_millis(5)));
        assert!(!timers.expire(Timer::Retransmit, start + Duration::from_millis(5)));
        assert_eq!(timers.next(), Some(start + Duration::from_millis(9)));
    }
}
