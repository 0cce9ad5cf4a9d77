//! A batch of PutLogEvents: taken, taken in part, or refused as a whole (control-plane.md 5.2).

use std::ops::Range;

/// Bytes of a batch: the messages and 26 for each.
const MOST_BYTES: usize = 1_048_576;
const BYTES_PER_EVENT: usize = 26;
const MOST_EVENTS: usize = 10_000;
const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How far an event's time may lie in the future, and how far back.
const FUTURE_MS: i64 = 2 * HOUR_MS;
const PAST_MS: i64 = 14 * DAY_MS;

/// An event as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Milliseconds since the epoch.
    pub(crate) at: i64,
    /// Whatever the sender wrote, control characters and all.
    pub(crate) message: String,
}

/// Why a batch is refused as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BatchError {
    /// None or more than 10,000.
    #[error("A PutLogEvents request has 1 to 10000 log events, not {0}.")]
    Count(usize),
    /// Too many bytes.
    #[error("Upload too large: {0} bytes exceeds limit of 1048576")]
    TooLarge(usize),
    /// A message without a character.
    #[error("Log event message must not be empty.")]
    EmptyMessage,
    /// A time before the epoch.
    #[error("Log event timestamp must not be negative.")]
    NegativeTime,
    /// An event is older than the one before it.
    #[error("Log events in a single PutLogEvents request must be in chronological order.")]
    Disorder,
    /// More than 24 hours from first to last.
    #[error(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    )]
    Span,
}

/// What of a batch was left out, by its place in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// This one and those after it lie too far in the future.
    pub(crate) too_new_from: Option<usize>,
    /// Those before this one are too old for any group.
    pub(crate) too_old_before: Option<usize>,
    /// Those before this one are too old for the group's retention.
    pub(crate) expired_before: Option<usize>,
}

/// What of a batch is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The events, by their place.
    pub(crate) range: Range<usize>,
    /// The others.
    pub(crate) rejected: Rejected,
}

/// Decides on a batch. `retention_days` is the group's.
pub(crate) fn judge_batch(
    events: &[Event],
    retention_days: Option<i64>,
    now_ms: i64,
) -> Result<Accepted, BatchError> {
    if !(1..=MOST_EVENTS).contains(&events.len()) {
        return Err(BatchError::Count(events.len()));
    }
    let bytes = events
        .iter()
        .map(|event| event.message.len() + BYTES_PER_EVENT)
        .sum();
    if bytes > MOST_BYTES {
        return Err(BatchError::TooLarge(bytes));
    }
    if events.iter().any(|event| event.message.is_empty()) {
        return Err(BatchError::EmptyMessage);
    }
    if events.iter().any(|event| event.at < 0) {
        return Err(BatchError::NegativeTime);
    }
    if !events.is_sorted_by_key(|event| event.at) {
        return Err(BatchError::Disorder);
    }
    let (first, last) = (events.first(), events.last());
    if first
        .zip(last)
        .is_some_and(|(first, last)| last.at - first.at > DAY_MS)
    {
        return Err(BatchError::Span);
    }
    // They are in order, so each bound is one place.
    let older_than = |time: i64| events.partition_point(|event| event.at < time);
    let too_new = events.partition_point(|event| event.at <= now_ms.saturating_add(FUTURE_MS));
    let too_old = older_than(now_ms.saturating_sub(PAST_MS));
    let expired = retention_days.map_or(0, |days| {
        older_than(now_ms.saturating_sub(days.saturating_mul(DAY_MS)))
    });
    Ok(Accepted {
        range: too_old.max(expired)..too_new,
        rejected: Rejected {
            too_new_from: Some(too_new).filter(|place| *place < events.len()),
            too_old_before: Some(too_old).filter(|place| *place > 0),
            expired_before: Some(expired).filter(|place| *place > too_old),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn events(times: &[i64]) -> Vec<Event> {
        let event = |at: &i64| Event {
            at: *at,
            message: "x".to_owned(),
        };
        times.iter().map(event).collect()
    }

    #[test]
    fn a_batch_out_of_its_bounds_is_refused_whole() {
        let check = |events: &[Event], expected| {
            assert_eq!(judge_batch(events, None, NOW).map(drop), Err(expected));
        };
        check(&[], BatchError::Count(0));
        check(&events(&[NOW; 10_001]), BatchError::Count(10_001));
        check(&events(&[NOW, NOW - 1]), BatchError::Disorder);
        check(&events(&[-1]), BatchError::NegativeTime);
        check(&events(&[NOW - DAY_MS - 1, NOW]), BatchError::Span);
        let one = |length: usize| {
            [Event {
                at: NOW,
                message: "x".repeat(length),
            }]
        };
        check(&one(0), BatchError::EmptyMessage);
        check(&one(MOST_BYTES - 25), BatchError::TooLarge(MOST_BYTES + 1));
        assert!(judge_batch(&one(MOST_BYTES - 26), None, NOW).is_ok());
        assert!(judge_batch(&events(&[NOW; 10_000]), None, NOW).is_ok());
        assert!(judge_batch(&events(&[NOW - DAY_MS, NOW]), None, NOW).is_ok());
    }

    #[test]
    fn what_is_too_old_or_too_new_is_left_out_and_named_by_its_place() {
        let check = |times: &[i64], days, range: Range<usize>, new, old, expired| {
            let rejected = Rejected {
                too_new_from: new,
                too_old_before: old,
                expired_before: expired,
            };
            let judged = judge_batch(&events(times), days, NOW);
            assert_eq!(judged, Ok(Accepted { range, rejected }), "{times:?}");
        };
        check(
            &[NOW, NOW + FUTURE_MS, NOW + FUTURE_MS + 1],
            None,
            0..2,
            Some(2),
            None,
            None,
        );
        check(
            &[NOW - PAST_MS - 1, NOW - PAST_MS],
            None,
            1..2,
            None,
            Some(1),
            None,
        );
        check(
            &[NOW - DAY_MS - 1, NOW - DAY_MS],
            Some(1),
            1..2,
            None,
            None,
            Some(1),
        );
        check(&[NOW], Some(1), 0..1, None, None, None);
    }
}
