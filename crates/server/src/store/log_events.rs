//! Log events, in the order of their time and, within one time, of their arrival.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::log_deliveries::{DeliveryRow, write_delivery};
use super::{LogStreamRow, Store, StoreError};

/// An event, its message sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogEventRow {
    /// Its stream.
    pub(crate) stream_id: String,
    /// Its own time, milliseconds.
    pub(crate) at: i64,
    /// Its number within the group.
    pub(crate) number: i64,
    /// When it came, milliseconds.
    pub(crate) ingested: i64,
    /// Bytes of the message and 26.
    pub(crate) bytes: i64,
    /// Which of the group's data keys.
    pub(crate) generation: i64,
    /// Under that key.
    pub(crate) sealed: Vec<u8>,
}

/// Which events are looked at: those of one stream, or of a group where no stream is named, from one time to before
/// another, and strictly between two places.
#[derive(Debug, Clone)]
pub(crate) struct EventRange<'a> {
    /// The group.
    pub(crate) group_id: &'a str,
    /// The stream; none: all of the group.
    pub(crate) stream_id: Option<&'a str>,
    /// From this time on, milliseconds.
    pub(crate) from: i64,
    /// Until before this time, milliseconds.
    pub(crate) until: i64,
    /// After this time and number.
    pub(crate) after: (i64, i64),
    /// Before this time and number.
    pub(crate) before: (i64, i64),
}

/// An event without its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventPlace {
    /// Its time and number.
    pub(crate) place: (i64, i64),
    /// Bytes of its message and 26.
    pub(crate) bytes: i64,
}

fn event(row: &AnyRow) -> Result<LogEventRow, StoreError> {
    Ok(LogEventRow {
        stream_id: row.try_get("stream_id")?,
        at: row.try_get("at")?,
        number: row.try_get("number")?,
        ingested: row.try_get("ingested")?,
        bytes: row.try_get("bytes")?,
        generation: row.try_get("generation")?,
        sealed: row.try_get("sealed")?,
    })
}

fn place(row: &AnyRow) -> Result<EventPlace, StoreError> {
    Ok(EventPlace {
        place: (row.try_get("at")?, row.try_get("number")?),
        bytes: row.try_get("bytes")?,
    })
}

/// The conditions of an [`EventRange`], with `$1` to `$8` bound by [`bound`].
macro_rules! events_in_range {
    ($columns:literal, $order:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM log_events WHERE group_id = $1 AND ($2 = '' OR stream_id = $2) \
             AND at >= $3 AND at < $4 AND at >= $5 AND (at > $5 OR number > $6) \
             AND at <= $7 AND (at < $7 OR number < $8) ",
            $order
        )
    };
}

macro_rules! bound {
    ($sql:expr, $range:expr) => {
        sqlx::query($sql)
            .bind($range.group_id)
            .bind($range.stream_id.unwrap_or_default())
            .bind($range.from)
            .bind($range.until)
            .bind($range.after.0)
            .bind($range.after.1)
            .bind($range.before.0)
            .bind($range.before.1)
    };
}

impl Store {
    /// Takes `count` numbers for events of a group: the first of them. They are used once, whatever becomes of the events.
    pub(crate) async fn take_event_numbers(
        &self,
        group_id: &str,
        count: i64,
    ) -> Result<i64, StoreError> {
        let mut write = self.write().await?;
        let row = sqlx::query(
            "UPDATE log_groups SET next_event = next_event + $1 WHERE group_id = $2 RETURNING next_event",
        )
        .bind(count)
        .bind(group_id)
        .fetch_one(&mut *write)
        .await?;
        let next: i64 = row.try_get("next_event")?;
        write.commit().await?;
        Ok(next - count)
    }

    /// Stores events of one stream, all or none, and with them how the `delivery` stands that they are of; unless all groups
    /// together would have more than `limit` bytes. False if they would.
    pub(crate) async fn insert_log_events(
        &self,
        stream: &LogStreamRow,
        events: &[LogEventRow],
        limit: i64,
        delivery: Option<&DeliveryRow>,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        if let Some(row) = delivery {
            write_delivery(&mut write, row).await?;
        }
        let Some((first, last)) = events.first().zip(events.last()) else {
            write.commit().await?;
            return Ok(true);
        };
        let bytes: i64 = events.iter().map(|event| event.bytes).sum();
        let grown = sqlx::query(
            "UPDATE log_groups SET stored_bytes = stored_bytes + $1 WHERE group_id = $2 \
             AND (SELECT SUM(stored_bytes) FROM log_groups) + $1 <= $3",
        )
        .bind(bytes)
        .bind(&stream.group_id)
        .bind(limit)
        .execute(&mut *write)
        .await?;
        if grown.rows_affected() == 0 {
            return Ok(false);
        }
        for event in events {
            sqlx::query(
                "INSERT INTO log_events (stream_id, at, number, group_id, ingested, bytes, generation, sealed) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(&event.stream_id)
            .bind(event.at)
            .bind(event.number)
            .bind(&stream.group_id)
            .bind(event.ingested)
            .bind(event.bytes)
            .bind(event.generation)
            .bind(&event.sealed)
            .execute(&mut *write)
            .await?;
        }
        sqlx::query(
            "UPDATE log_streams SET last_ingestion = $1, \
             first_event = CASE WHEN first_event IS NULL OR first_event > $2 THEN $2 ELSE first_event END, \
             last_event = CASE WHEN last_event IS NULL OR last_event < $3 THEN $3 ELSE last_event END \
             WHERE stream_id = $4",
        )
        .bind(last.ingested)
        .bind(first.at)
        .bind(last.at)
        .bind(&stream.stream_id)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(true)
    }

    /// The first places of a range, without messages, so that a page can be measured before it is read.
    pub(crate) async fn first_event_places(
        &self,
        range: &EventRange<'_>,
        limit: i64,
    ) -> Result<Vec<EventPlace>, StoreError> {
        const SQL: &str = events_in_range!("at, number, bytes", "ORDER BY at, number LIMIT $9");
        let rows = bound!(SQL, range)
            .bind(limit)
            .fetch_all(self.readers())
            .await?;
        rows.iter().map(place).collect()
    }

    /// The last places of a range, the latest first.
    pub(crate) async fn last_event_places(
        &self,
        range: &EventRange<'_>,
        limit: i64,
    ) -> Result<Vec<EventPlace>, StoreError> {
        const SQL: &str = events_in_range!(
            "at, number, bytes",
            "ORDER BY at DESC, number DESC LIMIT $9"
        );
        let rows = bound!(SQL, range)
            .bind(limit)
            .fetch_all(self.readers())
            .await?;
        rows.iter().map(place).collect()
    }

    /// All events of a range, in their order.
    pub(crate) async fn log_events(
        &self,
        range: &EventRange<'_>,
    ) -> Result<Vec<LogEventRow>, StoreError> {
        const SQL: &str = events_in_range!("*", "ORDER BY at, number");
        let rows = bound!(SQL, range).fetch_all(self.readers()).await?;
        rows.iter().map(event).collect()
    }

    /// Removes the events that their groups' retention does not keep at `now`, and tells how many they were.
    pub(crate) async fn delete_expired_events(&self, now: i64) -> Result<u64, StoreError> {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        let mut write = self.write().await?;
        sqlx::query(
            "UPDATE log_groups SET stored_bytes = stored_bytes - (SELECT COALESCE(SUM(e.bytes), 0) FROM log_events e \
             WHERE e.group_id = log_groups.group_id AND e.at < $1 - log_groups.retention_days * $2) \
             WHERE retention_days IS NOT NULL",
        )
        .bind(now)
        .bind(DAY_MS)
        .execute(&mut *write)
        .await?;
        let gone = sqlx::query(
            "DELETE FROM log_events WHERE at < $1 - $2 * (SELECT g.retention_days FROM log_groups g \
             WHERE g.group_id = log_events.group_id)",
        )
        .bind(now)
        .bind(DAY_MS)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(gone.rows_affected())
    }
}
