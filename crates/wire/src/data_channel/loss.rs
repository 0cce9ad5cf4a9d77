//! When to send again, and how much: round-trip estimate, back-off, and ramp-up after a loss.
//!
//! The estimate is that of AWS's programs (RTT 100 ms, RTO 200 ms at first; gains 1/8 and 1/4; at most 1 s). Beyond
//! them it obeys Karn's rule and doubles the timeout while repeats stay unanswered. Repeats of which at
//! least half are answered are followed by more, so a lost flight is repaired in a few timeouts instead of one message
//! per timeout; a peer that is merely slow answers few of them and gets single ones ever later.

use std::time::Duration;

const FIRST_RTT: Duration = Duration::from_millis(100);
const FIRST_RTO: Duration = Duration::from_millis(200);
const MIN_MARGIN: Duration = Duration::from_millis(10);
const MAX_RTO: Duration = Duration::from_secs(1);
/// AWS's programs look at their timers every 100 ms, so nothing below that was ever in use.
const MIN_RTO: Duration = Duration::from_millis(100);
/// Where doubling ends. Long enough for a stopped terminal, short enough for a person who comes back to it.
const MAX_BACKED_OFF: Duration = Duration::from_secs(8);
const BURST_GROWTH: usize = 4;
const MAX_BURST: usize = 256;

/// What is known about the path to the peer.
#[derive(Debug)]
pub(super) struct LossRecovery {
    rtt: Duration,
    variance: Duration,
    rto: Duration,
    /// The timeout in force: `rto`, doubled for each expiry without an answer.
    timeout: Duration,
    /// How many messages the last expiry sent again; 0 when there was none since the path was last known to work.
    repeated: usize,
    /// How many of them are unanswered.
    unanswered: usize,
}

impl LossRecovery {
    pub(super) fn new() -> Self {
        Self {
            rtt: FIRST_RTT,
            variance: Duration::ZERO,
            rto: FIRST_RTO,
            timeout: FIRST_RTO,
            repeated: 0,
            unanswered: 0,
        }
    }

    /// How long to wait for the next acknowledgement.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// A message that was sent exactly once was acknowledged after `sample`: the path works, the estimate learns.
    pub(super) fn acknowledged_first_copy(&mut self, sample: Duration) {
        self.variance = (self.variance * 3 + self.rtt.abs_diff(sample)) / 4;
        self.rtt = (self.rtt * 7 + sample) / 8;
        self.rto = (self.rtt + MIN_MARGIN.max(self.variance * 4)).clamp(MIN_RTO, MAX_RTO);
        self.timeout = self.rto;
        self.repeated = 0;
        self.unanswered = 0;
    }

    /// A message that was sent more than once was acknowledged. Karn's rule: which copy is unknown, so there is no
    /// sample and the doubled timeout stays.
    pub(super) fn acknowledged_repeat(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
    }

    /// The timeout has passed with `unacknowledged` messages in flight; how many of the oldest to send again.
    pub(super) fn expired(&mut self, unacknowledged: usize) -> usize {
        let answered = self.repeated - self.unanswered;
        if self.repeated > 0 && answered * 2 >= self.repeated {
            self.repeated = (self.repeated * BURST_GROWTH).min(MAX_BURST);
            self.timeout = (self.timeout / 2).max(self.rto);
        } else {
            self.repeated = 1;
            self.timeout = (self.timeout * 2).min(MAX_BACKED_OFF);
        }
        self.repeated = self.repeated.min(unacknowledged);
        self.unanswered = self.repeated;
        self.repeated
    }

    /// A new transport, or the peer is back: earlier silence says nothing about now.
    pub(super) fn path_renewed(&mut self) {
        self.timeout = self.rto;
        self.repeated = 0;
        self.unanswered = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_timeout_doubles_while_nothing_is_acknowledged_and_stops_at_its_bound() {
        let mut loss = LossRecovery::new();
        let mut seen = vec![loss.timeout()];
        for _ in 0..8 {
            assert_eq!(loss.expired(9), 1);
            seen.push(loss.timeout());
        }
        assert_eq!(
            seen,
            [200, 400, 800, 1600, 3200, 6400, 8000, 8000, 8000].map(ms)
        );
    }

    #[test]
    fn the_estimate_follows_the_formula_of_the_aws_programs() {
        let mut loss = LossRecovery::new();
        loss.acknowledged_first_copy(ms(300));
        // variance = 200/4 = 50, rtt = (700 + 300)/8 = 125, rto = 125 + 200
        assert_eq!(loss.timeout(), ms(325));
        loss.acknowledged_first_copy(ms(60_000));
        assert_eq!(loss.timeout(), MAX_RTO);
    }

    #[test]
    fn a_repeat_gives_no_sample_and_keeps_the_back_off() {
        let mut loss = LossRecovery::new();
        loss.expired(9);
        loss.acknowledged_repeat();
        assert_eq!(loss.timeout(), ms(400));
        loss.acknowledged_first_copy(ms(100));
        assert!(loss.timeout() < ms(200));
    }

    #[test]
    fn repeats_grow_while_they_are_answered() {
        let mut loss = LossRecovery::new();
        let mut bursts = vec![loss.expired(1000)];
        for _ in 0..3 {
            for _ in 0..bursts[bursts.len() - 1] {
                loss.acknowledged_repeat();
            }
            bursts.push(loss.expired(1000));
        }
        assert_eq!(bursts, [1, 4, 16, 64]);
        assert_eq!(loss.timeout(), ms(200));
    }

    #[test]
    fn a_peer_that_answers_few_repeats_is_slow_and_gets_single_ones_later() {
        let mut loss = LossRecovery::new();
        loss.expired(1000);
        loss.acknowledged_repeat();
        assert_eq!(loss.expired(1000), 4);
        loss.acknowledged_repeat();
        assert_eq!(loss.expired(1000), 1);
        assert_eq!(loss.timeout(), ms(400));
    }
}
