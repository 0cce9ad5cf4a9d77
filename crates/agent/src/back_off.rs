//! How long a lost channel waits before it is opened again: a pure count of tries.
//!
//! The first try after a good connection is nearly at once; each further one waits up to twice as long, a random part
//! of it, so that nodes that lost the same service do not return as one. It knows no clock: time is an argument.

use std::time::Duration;

/// The first try after a loss waits up to this long; each further one up to twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// A connection that held this long was a good one, even if nothing arrived on it: a quiet session, or a node of which
/// nobody wants anything. Longer than a service needs that accepts and drops.
const HELD: Duration = Duration::from_secs(30);

/// The waits of one channel.
#[derive(Debug)]
pub(crate) struct BackOff {
    longest: Duration,
    tries: u32,
}

impl BackOff {
    /// No wait is longer than `longest`.
    pub(crate) fn new(longest: Duration) -> Self {
        Self { longest, tries: 0 }
    }

    /// Something arrived: the service does more than accept and drop.
    pub(crate) fn was_good(&mut self) {
        self.tries = 0;
    }

    /// The wait after a connection that held for so long, zero for one that did not come about. `random` is a number
    /// from 0 to 1.
    pub(crate) fn next(&mut self, held: Duration, random: f64) -> Duration {
        if held >= HELD {
            self.was_good();
        }
        let span = FIRST_WAIT
            .saturating_mul(1_u32.checked_shl(self.tries).unwrap_or(u32::MAX))
            .min(self.longest);
        self.tries = self.tries.saturating_add(1);
        span.mul_f64(random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(back_off: &mut BackOff, held: Duration, count: usize) -> Vec<u128> {
        std::iter::repeat_with(|| back_off.next(held, 1.0).as_millis())
            .take(count)
            .collect()
    }

    #[test]
    fn a_service_that_accepts_and_drops_is_called_ever_less_often() {
        let mut back_off = BackOff::new(Duration::from_secs(5));
        assert_eq!(
            waits(&mut back_off, Duration::from_secs(1), 40)[..7],
            [200, 400, 800, 1600, 3200, 5000, 5000]
        );
        assert_eq!(waits(&mut back_off, Duration::ZERO, 1), [5000]);
    }

    #[test]
    fn a_quiet_channel_that_is_cut_now_and_then_is_never_long_away() {
        let mut back_off = BackOff::new(Duration::from_secs(30));
        assert_eq!(waits(&mut back_off, HELD, 3), [200, 200, 200]);
        assert_eq!(waits(&mut back_off, Duration::ZERO, 2), [400, 800]);
        back_off.was_good();
        assert_eq!(waits(&mut back_off, Duration::ZERO, 1), [200]);
    }

    #[test]
    fn a_wait_is_a_random_part_of_its_span() {
        let mut back_off = BackOff::new(Duration::from_secs(5));
        assert_eq!(back_off.next(Duration::ZERO, 0.0), Duration::ZERO);
        assert_eq!(
            back_off.next(Duration::ZERO, 0.5),
            Duration::from_millis(200)
        );
    }
}
