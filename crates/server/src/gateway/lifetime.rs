//! When a session must end although neither side said so: a pure decision over its times.
//!
//! Agents have no such timers, so the server alone enforces them (agent.md section 9).

use std::time::{Duration, Instant};

use super::limits::START_WITHIN;

/// How long before the end the person is told; half of a bound that is shorter than twice this.
const NOTICE_BEFORE: Duration = Duration::from_secs(2 * 60);

/// The bounds of one session's life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime {
    started: Instant,
    idle: Duration,
    most: Option<Duration>,
    /// The end that was announced. Activity moves an idle session's end, and with it comes a notice of its own.
    announced: Option<Instant>,
}

/// What a session's task does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing until then, unless something happens.
    Wait(Instant),
    /// Tell the person this.
    Notice(String),
    /// The session is over.
    End(Expiry),
}

/// Why time ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// The agent never opened the data channel.
    NeverStarted,
    /// No stream data for so many minutes.
    Idle {
        /// The configured minutes.
        minutes: u64,
    },
    /// The longest allowed duration is over.
    TooLong {
        /// The configured minutes.
        minutes: u64,
    },
}

impl Expiry {
    /// What the person reads. The second text begins as AWS's does, which people search for.
    pub(crate) fn sentence(self, node: &str) -> String {
        match self {
            Self::NeverStarted => format!(
                "The node {node} did not open the session within {} seconds. Check that its agent is running and can reach this server, then try again.",
                START_WITHIN.as_secs()
            ),
            Self::Idle { minutes } => {
                format!(
                    "Your session timed out due to inactivity and has been terminated. (The limit is {minutes} minutes without input or output.)"
                )
            }
            Self::TooLong { minutes } => {
                format!(
                    "Your session reached its maximum duration of {minutes} minutes and has been terminated."
                )
            }
        }
    }

    /// What the person reads when so much time is left; nothing where nobody is there yet.
    fn notice(self, left: Duration) -> Option<String> {
        let left = match left.as_secs() {
            seconds if seconds % 60 == 0 && seconds > 60 => format!("{} minutes", seconds / 60),
            60 => "a minute".to_owned(),
            seconds => format!("{seconds} seconds"),
        };
        match self {
            Self::NeverStarted => None,
            Self::Idle { minutes } => Some(format!(
                "This session ends in {left} unless there is input or output: it has been idle, and the limit is {minutes} min."
            )),
            Self::TooLong { minutes } => Some(format!(
                "This session ends in {left}: its maximum duration is {minutes} min."
            )),
        }
    }

    /// A session that never started has failed; the others have run their course.
    pub(crate) fn is_failure(self) -> bool {
        self == Self::NeverStarted
    }
}

impl Lifetime {
    /// `age` is how long ago the session was made, for one found in the database after a restart.
    pub(crate) fn new(
        now: Instant,
        age: Duration,
        idle_minutes: u64,
        max_minutes: Option<u64>,
    ) -> Self {
        Self {
            started: now.checked_sub(age).unwrap_or(now),
            idle: minutes(idle_minutes),
            most: max_minutes.map(minutes),
            announced: None,
        }
    }

    /// What is due at `now`, each notice once for the end it speaks of. `last_activity` is `None` until the agent
    /// attached.
    pub(crate) fn poll(&mut self, now: Instant, last_activity: Option<Instant>) -> Turn {
        let (end, expiry, bound) = self.end(last_activity);
        if end <= now {
            return Turn::End(expiry);
        }
        let ahead = NOTICE_BEFORE.min(bound / 2);
        let Some(notice) = end
            .checked_sub(ahead)
            .filter(|_| self.announced != Some(end))
        else {
            return Turn::Wait(end);
        };
        if now < notice {
            return Turn::Wait(notice);
        }
        self.announced = Some(end);
        match expiry.notice(ahead) {
            Some(sentence) => Turn::Notice(sentence),
            None => Turn::Wait(end),
        }
    }

    /// The next end, why, and how long its bound is.
    fn end(&self, last_activity: Option<Instant>) -> (Instant, Expiry, Duration) {
        let in_minutes = |bound: Duration| bound.as_secs() / 60;
        let first = match last_activity {
            None => (
                self.started + START_WITHIN,
                Expiry::NeverStarted,
                START_WITHIN,
            ),
            Some(active) => {
                let minutes = in_minutes(self.idle);
                (active + self.idle, Expiry::Idle { minutes }, self.idle)
            }
        };
        match self.most {
            Some(most) if self.started + most < first.0 => {
                let minutes = in_minutes(most);
                (self.started + most, Expiry::TooLong { minutes }, most)
            }
            _ => first,
        }
    }
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count.saturating_mul(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A session that began `age` seconds ago, last active so many seconds after its beginning: when it ends.
    fn check(
        age: u64,
        max_minutes: Option<u64>,
        active_after: Option<u64>,
        expected: (u64, Expiry),
    ) {
        let now = Instant::now() + SECOND * 100_000;
        let lifetime = Lifetime::new(now, SECOND * age as u32, 20, max_minutes);
        let started = now - SECOND * age as u32;
        let active = active_after.map(|after| started + SECOND * after as u32);
        let (due, expiry, _) = lifetime.end(active);
        assert_eq!(((due - started).as_secs(), expiry), expected);
        let mut late = lifetime;
        assert_eq!(late.poll(due, active), Turn::End(expiry));
    }

    #[test]
    fn the_earliest_bound_decides() {
        check(0, None, None, (30, Expiry::NeverStarted));
        check(25, None, None, (30, Expiry::NeverStarted));
        check(0, Some(1), None, (30, Expiry::NeverStarted));
        check(0, None, Some(100), (1300, Expiry::Idle { minutes: 20 }));
        check(0, Some(60), Some(100), (1300, Expiry::Idle { minutes: 20 }));
        check(
            0,
            Some(60),
            Some(3000),
            (3600, Expiry::TooLong { minutes: 60 }),
        );
        check(
            9000,
            Some(60),
            Some(9000),
            (3600, Expiry::TooLong { minutes: 60 }),
        );
    }

    /// Lets a session's time pass; what happens, with the second at which it does, until it ends.
    fn life(
        idle: u64,
        most: Option<u64>,
        active: impl Fn(u64) -> Option<u64>,
    ) -> Vec<(u64, String)> {
        let started = Instant::now();
        let mut lifetime = Lifetime::new(started, Duration::ZERO, idle, most);
        let mut happened = Vec::new();
        let mut now = started;
        loop {
            let second = (now - started).as_secs();
            let last_activity = active(second).map(|second| started + SECOND * second as u32);
            match lifetime.poll(now, last_activity) {
                Turn::Wait(until) => now = until,
                Turn::Notice(sentence) => happened.push((second, sentence)),
                Turn::End(expiry) => {
                    happened.push((second, expiry.sentence("mi-1")));
                    return happened;
                }
            }
        }
    }

    fn check_life(happened: &[(u64, String)], expected: &[(u64, &str)]) {
        assert_eq!(happened.len(), expected.len(), "{happened:?}");
        for ((second, sentence), (due, text)) in happened.iter().zip(expected) {
            assert!(second == due && sentence.contains(text), "{happened:?}");
        }
    }

    #[test]
    fn nobody_is_told_that_a_session_will_not_start() {
        check_life(&life(20, None, |_| None), &[(30, "did not open")]);
    }

    #[test]
    fn an_idle_session_is_announced_two_minutes_ahead_and_activity_calls_it_off() {
        let happened = life(20, None, |_| Some(0));
        check_life(
            &happened,
            &[(1080, "in 2 minutes unless"), (1200, "inactivity")],
        );
        // Somebody answers the notice, and is told again when idle again.
        let happened = life(20, None, |second| {
            Some(if second < 1200 { 0 } else { 1100 })
        });
        check_life(
            &happened,
            &[
                (1080, "in 2 minutes unless"),
                (2180, "in 2 minutes"),
                (2300, "inactivity"),
            ],
        );
    }

    #[test]
    fn the_longest_duration_is_announced_and_activity_changes_nothing() {
        let happened = life(20, Some(30), Some);
        check_life(
            &happened,
            &[(1680, "in 2 minutes: its maximum"), (1800, "maximum")],
        );
    }

    #[test]
    fn a_short_limit_is_announced_at_its_half() {
        let happened = life(1, None, |_| Some(0));
        check_life(&happened, &[(30, "in 30 seconds"), (60, "inactivity")]);
        let happened = life(2, None, |_| Some(0));
        check_life(&happened, &[(60, "in a minute"), (120, "inactivity")]);
    }

    #[test]
    fn each_expiry_says_what_happened() {
        assert!(
            Expiry::NeverStarted
                .sentence("mi-1")
                .contains("mi-1 did not open the session")
        );
        assert!(
            Expiry::Idle { minutes: 20 }
                .sentence("mi-1")
                .starts_with("Your session timed out due to inactivity and has been terminated.")
        );
        assert!(
            Expiry::TooLong { minutes: 60 }
                .sentence("mi-1")
                .contains("maximum duration of 60 minutes")
        );
        assert!(Expiry::NeverStarted.is_failure());
    }
}
