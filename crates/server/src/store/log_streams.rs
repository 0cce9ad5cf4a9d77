//! Log streams of a group.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError};

/// A log stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogStreamRow {
    /// Never used again after deletion.
    pub(crate) stream_id: String,
    /// Its group.
    pub(crate) group_id: String,
    /// Its name.
    pub(crate) name: String,
    /// Milliseconds.
    pub(crate) created: i64,
    /// The times of its first and last event, milliseconds.
    pub(crate) span: Option<(i64, i64)>,
    /// When something came last, milliseconds.
    pub(crate) last_ingestion: Option<i64>,
}

fn stream(row: &AnyRow) -> Result<LogStreamRow, StoreError> {
    let first: Option<i64> = row.try_get("first_event")?;
    let last: Option<i64> = row.try_get("last_event")?;
    Ok(LogStreamRow {
        stream_id: row.try_get("stream_id")?,
        group_id: row.try_get("group_id")?,
        name: row.try_get("name")?,
        created: row.try_get("created")?,
        span: first.zip(last),
        last_ingestion: row.try_get("last_ingestion")?,
    })
}

impl Store {
    /// The stream of that name in a group.
    pub(crate) async fn log_stream(
        &self,
        group_id: &str,
        name: &str,
    ) -> Result<Option<LogStreamRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM log_streams WHERE group_id = $1 AND name = $2")
            .bind(group_id)
            .bind(name)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(stream).transpose()
    }

    /// A group's streams whose name begins with `prefix`, by name.
    pub(crate) async fn log_streams(
        &self,
        group_id: &str,
        prefix: &str,
    ) -> Result<Vec<LogStreamRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM log_streams WHERE group_id = $1 AND substr(name, 1, length($2)) = $2 ORDER BY name",
        )
        .bind(group_id)
        .bind(prefix)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(stream)
        .collect()
    }

    /// How many streams a group has.
    pub(crate) async fn count_log_streams(&self, group_id: &str) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT COUNT(*) AS held FROM log_streams WHERE group_id = $1")
            .bind(group_id)
            .fetch_one(self.readers())
            .await?;
        Ok(row.try_get("held")?)
    }

    /// Makes a stream. False if the name is taken.
    pub(crate) async fn insert_log_stream(
        &self,
        stream: &LogStreamRow,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let made = sqlx::query(
            "INSERT INTO log_streams (stream_id, group_id, name, created) VALUES ($1, $2, $3, $4) \
             ON CONFLICT DO NOTHING",
        )
        .bind(&stream.stream_id)
        .bind(&stream.group_id)
        .bind(&stream.name)
        .bind(stream.created)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(made.rows_affected() > 0)
    }

    /// Removes a stream with its events.
    pub(crate) async fn delete_log_stream(&self, stream: &LogStreamRow) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "UPDATE log_groups SET stored_bytes = stored_bytes - \
             (SELECT COALESCE(SUM(bytes), 0) FROM log_events WHERE stream_id = $1) WHERE group_id = $2",
        )
        .bind(&stream.stream_id)
        .bind(&stream.group_id)
        .execute(&mut *write)
        .await?;
        sqlx::query("DELETE FROM log_streams WHERE stream_id = $1")
            .bind(&stream.stream_id)
            .execute(&mut *write)
            .await?;
        Ok(write.commit().await?)
    }
}
