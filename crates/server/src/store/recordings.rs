//! What is known of recordings beside their files: whose they are, and how a finished one ends.

use sqlx::Row;
use sqlx::any::AnyRow;
use usher_policy::LogFailure;

use super::{Store, StoreError};

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordingRow {
    /// Of which session.
    pub(crate) session_id: String,
    /// The session's originating identity, on whose account the space is.
    pub(crate) owner_id: String,
    /// What happens to the session when it can no longer be recorded.
    pub(crate) on_loss: LogFailure,
    /// Whether it holds what travels, of a session that KMS encrypts.
    pub(crate) sealed: bool,
    /// Milliseconds.
    pub(crate) created: i64,
    /// Milliseconds; none while the session lives.
    pub(crate) closed: Option<i64>,
    /// Length of the finished file.
    pub(crate) bytes: i64,
    /// Blocks of the finished file.
    pub(crate) blocks: i64,
    /// Hash over the finished file; none where it could not be read at its end.
    pub(crate) head: Option<Vec<u8>>,
    /// Why it does not hold the whole session.
    pub(crate) lost: Option<String>,
    /// When its file was removed, milliseconds.
    pub(crate) removed: Option<i64>,
}

impl RecordingRow {
    /// The recording of a session that starts now.
    pub(crate) fn begun(
        session_id: &str,
        owner_id: &str,
        on_loss: LogFailure,
        sealed: bool,
        now_ms: i64,
    ) -> Self {
        Self {
            session_id: session_id.to_owned(),
            owner_id: owner_id.to_owned(),
            on_loss,
            sealed,
            created: now_ms,
            closed: None,
            bytes: 0,
            blocks: 0,
            head: None,
            lost: None,
            removed: None,
        }
    }
}

fn recording(row: &AnyRow) -> Result<RecordingRow, StoreError> {
    let ends_on_loss: i64 = row.try_get("ends_on_loss")?;
    let sealed: i64 = row.try_get("sealed")?;
    Ok(RecordingRow {
        session_id: row.try_get("session_id")?,
        owner_id: row.try_get("owner_id")?,
        on_loss: match ends_on_loss {
            0 => LogFailure::Continue,
            _ => LogFailure::End,
        },
        sealed: sealed != 0,
        created: row.try_get("created")?,
        closed: row.try_get("closed")?,
        bytes: row.try_get("bytes")?,
        blocks: row.try_get("blocks")?,
        head: row.try_get("head")?,
        lost: row.try_get("lost")?,
        removed: row.try_get("removed")?,
    })
}

impl Store {
    /// Stores a recording that begins.
    pub(crate) async fn insert_recording(&self, row: &RecordingRow) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO recordings (session_id, owner_id, ends_on_loss, sealed, created, bytes, blocks) \
             VALUES ($1, $2, $3, $4, $5, 0, 0)",
        )
        .bind(&row.session_id)
        .bind(&row.owner_id)
        .bind(i64::from(row.on_loss == LogFailure::End))
        .bind(i64::from(row.sealed))
        .bind(row.created)
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }

    /// The recording of a session.
    pub(crate) async fn recording(
        &self,
        session_id: &str,
    ) -> Result<Option<RecordingRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM recordings WHERE session_id = $1")
            .bind(session_id)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(recording).transpose()
    }

    /// Recordings that were not closed, the oldest first.
    pub(crate) async fn open_recordings(&self) -> Result<Vec<RecordingRow>, StoreError> {
        sqlx::query("SELECT * FROM recordings WHERE closed IS NULL ORDER BY created")
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(recording)
            .collect()
    }

    /// Bytes of the finished recordings of each owner.
    pub(crate) async fn recorded_bytes(&self) -> Result<Vec<(String, i64)>, StoreError> {
        sqlx::query(
            "SELECT owner_id, CAST(SUM(bytes) AS BIGINT) AS taken FROM recordings \
             WHERE closed IS NOT NULL AND removed IS NULL GROUP BY owner_id",
        )
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| Ok((row.try_get("owner_id")?, row.try_get("taken")?)))
        .collect()
    }

    /// The first `limit` recordings that were closed before a time and are still there, but for those whose logs are not all
    /// delivered: they are made of the recording.
    pub(crate) async fn recordings_closed_before(
        &self,
        before_ms: i64,
        limit: i64,
    ) -> Result<Vec<RecordingRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM recordings WHERE closed < $1 AND removed IS NULL AND NOT EXISTS (SELECT 1 FROM log_deliveries \
             WHERE log_deliveries.session_id = recordings.session_id AND log_deliveries.state <> 'done') \
             ORDER BY closed LIMIT $2",
        )
        .bind(before_ms)
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(recording)
        .collect()
    }

    /// Stores that the file of a recording is gone.
    pub(crate) async fn recording_removed(
        &self,
        session_id: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE recordings SET removed = $1 WHERE session_id = $2 AND removed IS NULL")
            .bind(now_ms)
            .bind(session_id)
            .execute(&mut *write)
            .await?;
        Ok(write.commit().await?)
    }

    /// Stores how a recording ended: length, blocks and hash of its file, and why it is not whole. The first end counts.
    pub(crate) async fn close_recording(
        &self,
        session_id: &str,
        head: Option<(i64, i64, [u8; 32])>,
        lost: Option<&str>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let (bytes, blocks, hash) = match head {
            Some((bytes, blocks, hash)) => (bytes, blocks, Some(hash.to_vec())),
            None => (0, 0, None),
        };
        let mut write = self.write().await?;
        sqlx::query(
            "UPDATE recordings SET closed = $1, bytes = $2, blocks = $3, head = $4, lost = $5 \
             WHERE session_id = $6 AND closed IS NULL",
        )
        .bind(now_ms)
        .bind(bytes)
        .bind(blocks)
        .bind(hash)
        .bind(lost)
        .bind(session_id)
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }
}
