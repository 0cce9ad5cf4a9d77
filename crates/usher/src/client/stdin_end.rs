//! What the end of standard input becomes on a terminal at the other end. A terminal has no lasting end of file:
//! each reader gets one when Ctrl-D is typed at the start of its line. So the character is sent when all input was
//! delivered and the node has been quiet, and again, ever more rarely, for the readers that come after.
//!
//! The wire has no half-close for terminals; AWS's plugin ends here and loses what the node still has to say.

use std::time::{Duration, Instant};

/// End of file, as typed.
pub(super) const END_OF_FILE: u8 = 0x04;

/// Quiet before the first one: a shell that is just starting throws away what it was sent in another mode.
const FIRST_AFTER: Duration = Duration::from_millis(250);

/// Enough for nested readers; a program that outlasts them all is left to the session's own timeouts.
const TIMES: u32 = 8;

/// When the next end of file is due.
#[derive(Debug, Default)]
pub(super) enum StdinEnd {
    /// Input goes on.
    #[default]
    Open,
    /// It has ended; this many were sent, and the next is due at the given time.
    Ended { sent: u32, due: Instant },
    /// It has ended and there is nothing more to send: all were, or the session is no terminal.
    Silent,
}

impl StdinEnd {
    /// Standard input has ended.
    pub(super) fn begin(&mut self, now: Instant, on_terminal: bool) {
        *self = if on_terminal {
            Self::Ended {
                sent: 0,
                due: now + FIRST_AFTER,
            }
        } else {
            Self::Silent
        };
    }

    /// Whether there is still input to read.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    /// Output arrived, or input is still on its way: the node is not quiet.
    pub(super) fn not_quiet(&mut self, now: Instant) {
        if let Self::Ended { sent, due } = self {
            *due = now + pause(*sent);
        }
    }

    /// When [`StdinEnd::take`] has something.
    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Self::Ended { due, .. } => Some(*due),
            Self::Open | Self::Silent => None,
        }
    }

    /// Whether an end of file is to be sent now; if so, it counts as sent.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let Self::Ended { sent, due } = self else {
            return false;
        };
        if now < *due {
            return false;
        }
        let sent = *sent + 1;
        *self = if sent < TIMES {
            Self::Ended {
                sent,
                due: now + pause(sent),
            }
        } else {
            Self::Silent
        };
        true
    }
}

fn pause(sent: u32) -> Duration {
    FIRST_AFTER.saturating_mul(1 << sent.min(TIMES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_while_input_goes_on_or_where_there_is_no_terminal() {
        let now = Instant::now();
        let mut end = StdinEnd::default();
        assert!(end.is_open() && !end.take(now + Duration::from_secs(3600)));
        end.begin(now, false);
        assert!(!end.is_open() && end.due().is_none());
        assert!(!end.take(now + Duration::from_secs(3600)));
    }

    #[test]
    fn a_node_that_speaks_puts_it_off() {
        let now = Instant::now();
        let mut end = StdinEnd::default();
        end.begin(now, true);
        end.not_quiet(now + Duration::from_millis(200));
        assert!(!end.take(now + FIRST_AFTER));
        assert!(end.take(now + Duration::from_millis(200) + FIRST_AFTER));
    }

    #[test]
    fn it_is_repeated_ever_more_rarely_and_then_no_more() {
        let mut now = Instant::now();
        let mut end = StdinEnd::default();
        end.begin(now, true);
        let mut pauses = Vec::new();
        while let Some(due) = end.due() {
            pauses.push(due - now);
            now = due;
            assert!(end.take(now));
        }
        assert_eq!(pauses.len(), 8);
        assert!(pauses.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
