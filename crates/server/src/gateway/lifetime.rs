//! When a session must end although neither side said so: a pure decision over its times.
//!
//! Agents have no such timers, so the server alone enforces them (agent.md section 9).

use std::time::{Duration, Instant};

use super::limits::START_WITHIN;

/// The bounds of one session's life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime {
    started: Instant,
    idle: Duration,
    most: Option<Duration>,
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
        }
    }

    /// The next moment at which something is due, and what. `last_activity` is `None` until the agent attached.
    pub(crate) fn next(&self, last_activity: Option<Instant>) -> (Instant, Expiry) {
        let first = match last_activity {
            None => (self.started + START_WITHIN, Expiry::NeverStarted),
            Some(active) => (
                active + self.idle,
                Expiry::Idle {
                    minutes: self.idle.as_secs() / 60,
                },
            ),
        };
        match self.most {
            Some(most) if self.started + most < first.0 => (
                self.started + most,
                Expiry::TooLong {
                    minutes: most.as_secs() / 60,
                },
            ),
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

    fn check(
        age: u64,
        max_minutes: Option<u64>,
        active_after: Option<u64>,
        expected: (u64, Expiry),
    ) {
        let now = Instant::now() + SECOND * 100_000;
        let lifetime = Lifetime::new(now, SECOND * age as u32, 20, max_minutes);
        let started = now - SECOND * age as u32;
        let (due, expiry) =
            lifetime.next(active_after.map(|after| started + SECOND * after as u32));
        assert_eq!(((due - started).as_secs(), expiry), expected);
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
