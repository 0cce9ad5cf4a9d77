//! How long a finished recording is kept.

use crate::store::RecordingRow;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Recordings that were closed before this, in milliseconds, are kept no more; none: all are kept.
pub(crate) fn closed_before(retention_days: Option<u32>, now_ms: i64) -> Option<i64> {
    let kept = i64::from(retention_days?).saturating_mul(DAY_MS);
    Some(now_ms.saturating_sub(kept))
}

/// Whether nobody is shown the recording any more. One of a live session is as young as it gets.
pub(crate) fn is_past(row: &RecordingRow, retention_days: Option<u32>, now_ms: i64) -> bool {
    let is_old = closed_before(retention_days, now_ms)
        .is_some_and(|before| row.closed.is_some_and(|closed| closed < before));
    row.removed.is_some() || is_old
}

#[cfg(test)]
mod tests {
    use usher_policy::LogFailure;

    use super::*;

    #[test]
    fn a_recording_is_past_when_its_days_after_the_end_are_over() {
        let now = 100 * DAY_MS;
        let row = |closed, removed| RecordingRow {
            closed,
            removed,
            ..RecordingRow::begun("s", "o", LogFailure::Continue, false, 0)
        };
        for (row, retention, expected) in [
            (row(None, None), Some(1), false),
            (row(Some(0), None), None, false),
            (row(Some(90 * DAY_MS), None), Some(10), false),
            (row(Some(90 * DAY_MS - 1), None), Some(10), true),
            // It does not come back when the setting is changed.
            (row(Some(99 * DAY_MS), Some(now)), None, true),
        ] {
            assert_eq!(
                is_past(&row, retention, now),
                expected,
                "{row:?} {retention:?}"
            );
        }
    }
}
