//! The one timer of a single-task driver's loop, whose next due time changes with almost every message.
//!
//! Arming the runtime's timer earlier than it was costs a wake-up of its own, so the timer is left as it is when the
//! due time moves away: it then goes off too early once, and is armed for the rest of the time.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::{Sleep, sleep_until};

/// A timer that is kept from turn to turn.
#[derive(Debug, Default)]
pub struct Alarm {
    /// None until it was needed for the first time, and once it has gone off.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Waits until `due`, for ever without one. May be dropped and called again, with another time.
    pub async fn at(&mut self, due: Option<Instant>) {
        poll_fn(|cx| self.poll(cx, due)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>, due: Option<Instant>) -> Poll<()> {
        let Some(due) = due else {
            return Poll::Pending;
        };
        loop {
            let sleep = self
                .sleep
                .get_or_insert_with(|| Box::pin(sleep_until(due.into())));
            if due < sleep.deadline().into_std() {
                sleep.as_mut().reset(due.into());
            }
            let went_off = sleep.deadline().into_std();
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
            if due <= went_off {
                return Poll::Ready(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn goes_off(alarm: &mut Alarm, due: Option<Instant>, within: Duration) -> bool {
        tokio::time::timeout(within, alarm.at(due)).await.is_ok()
    }

    fn after(ms: u64) -> Option<Instant> {
        let now = tokio::time::Instant::now().into_std();
        Some(now + Duration::from_millis(ms))
    }

    const SECOND: Duration = Duration::from_secs(1);
    const DAY: Duration = Duration::from_secs(86_400);

    #[tokio::test(start_paused = true)]
    async fn without_a_due_time_it_never_goes_off() {
        let mut alarm = Alarm::default();
        assert!(!goes_off(&mut alarm, None, DAY).await);
        assert!(!goes_off(&mut alarm, after(5000), SECOND).await);
        assert!(!goes_off(&mut alarm, None, DAY).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_due_time_that_moves_away_is_not_anticipated() {
        let mut alarm = Alarm::default();
        let (early, late) = (after(100), after(3000));
        assert!(!goes_off(&mut alarm, early, Duration::from_millis(50)).await);
        assert!(!goes_off(&mut alarm, late, SECOND).await);
        assert!(goes_off(&mut alarm, late, 2 * SECOND).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_due_time_that_comes_nearer_counts() {
        let mut alarm = Alarm::default();
        assert!(!goes_off(&mut alarm, after(60_000), SECOND).await);
        assert!(goes_off(&mut alarm, after(500), SECOND).await);
        assert!(goes_off(&mut alarm, after(0), SECOND).await);
    }
}
