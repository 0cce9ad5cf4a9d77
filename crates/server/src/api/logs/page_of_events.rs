//! A page of events: measured before it is read, so that no request makes the server hold more than it answers.

use super::found::{closed, encryption_of};
use crate::api::Call;
use crate::error::ApiError;
use crate::logs::{GroupKey, Place, Position};
use crate::store::{EventPlace, EventRange, LogEventRow, LogGroupRow};

/// Bytes of messages on a page, 26 more for each; one event goes whatever its size.
const PAGE_BYTES: i64 = 1_048_576;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The times of a group's events that are looked at, in a stream or in all of them.
pub(super) fn range<'a>(
    call: Call<'_>,
    group: &'a LogGroupRow,
    stream_id: Option<&'a str>,
    start: Option<i64>,
    end: Option<i64>,
) -> EventRange<'a> {
    let kept = group.retention_days.map_or(0, |days| {
        call.context
            .now()
            .saturating_sub(days.saturating_mul(DAY_MS))
    });
    EventRange {
        group_id: &group.group_id,
        stream_id,
        from: start.unwrap_or(0).max(kept),
        until: end.unwrap_or(i64::MAX),
        after: (-1, 0),
        before: (i64::MAX, i64::MAX),
    }
}

/// As many places from the front as a page takes.
pub(super) fn measured(places: &[EventPlace]) -> &[EventPlace] {
    let mut bytes = 0;
    let fits = places.iter().position(|place| {
        bytes += place.bytes;
        bytes > PAGE_BYTES
    });
    places
        .get(..fits.map_or(places.len(), |end| end.max(1)))
        .unwrap_or(places)
}

/// The range narrowed to what lies from `first` to `last`.
pub(super) fn narrowed<'a>(
    range: &EventRange<'a>,
    first: (i64, i64),
    last: (i64, i64),
) -> EventRange<'a> {
    EventRange {
        after: (first.0, first.1 - 1),
        before: (last.0, last.1.saturating_add(1)),
        ..range.clone()
    }
}

/// Where an event stands.
pub(super) fn position(event: &LogEventRow) -> Position {
    Position {
        at: event.at,
        number: event.number,
    }
}

/// Opens the messages of a group's events, in their order.
pub(super) async fn opened(
    call: Call<'_>,
    group: &LogGroupRow,
    events: Vec<LogEventRow>,
) -> Result<Vec<(LogEventRow, String)>, ApiError> {
    let encryption = encryption_of(call, &group.name)?;
    let rows = call.context.store.group_keys(&group.group_id).await?;
    let mut keys: Vec<(i64, GroupKey)> = Vec::new();
    let mut opened = Vec::with_capacity(events.len());
    for event in events {
        let known = keys
            .iter()
            .position(|(generation, _)| *generation == event.generation);
        if known.is_none() {
            let row = rows.iter().find(|row| row.generation == event.generation);
            let row = row.ok_or_else(|| ApiError::internal("a log event's key is missing"))?;
            let key = GroupKey::open(call.context, row, &encryption)
                .await
                .map_err(closed)?;
            keys.push((event.generation, key));
        }
        let key = keys
            .iter()
            .find(|(generation, _)| *generation == event.generation);
        let (_, key) = key.ok_or_else(|| ApiError::internal("a log event's key is missing"))?;
        let place = Place {
            stream_id: &event.stream_id,
            at: event.at,
            number: event.number,
        };
        let message = key.open_message(place, &event.sealed).map_err(closed)?;
        opened.push((event, message));
    }
    Ok(opened)
}
