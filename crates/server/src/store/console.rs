//! Sign-in to the console: passes (sessions and single-use links) and spent nonces, as hashes only.
//!
//! Spending is one statement, so that of two requests with the same link or nonce one succeeds.

use sqlx::Row;

use super::{Store, StoreError};

/// What lets a browser act by an access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PassRow {
    /// SHA-256 of the random text that the browser presents.
    pub(crate) hash: Vec<u8>,
    /// What it is.
    pub(crate) kind: PassKind,
    /// The access key.
    pub(crate) access_key_id: String,
    /// Milliseconds.
    pub(crate) expires: i64,
}

/// The two kinds of pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PassKind {
    /// A signed-in browser's, for as long as it lives.
    Session,
    /// A link's, for one sign-in.
    Link,
}

impl PassKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Link => "link",
        }
    }
}

impl Store {
    /// Stores a pass and forgets those that have expired.
    pub(crate) async fn insert_pass(&self, row: &PassRow, now_ms: i64) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM console_passes WHERE expires <= $1")
            .bind(now_ms)
            .execute(&mut *write)
            .await?;
        sqlx::query(
            "INSERT INTO console_passes (pass_hash, kind, access_key_id, expires) VALUES ($1, $2, $3, $4)",
        )
        .bind(row.hash.as_slice())
        .bind(row.kind.as_str())
        .bind(&row.access_key_id)
        .bind(row.expires)
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }

    /// The pass of that kind and hash, unless it has expired.
    pub(crate) async fn pass(
        &self,
        kind: PassKind,
        hash: &[u8],
        now_ms: i64,
    ) -> Result<Option<PassRow>, StoreError> {
        let row = sqlx::query(
            "SELECT access_key_id, expires FROM console_passes WHERE pass_hash = $1 AND kind = $2 AND expires > $3",
        )
        .bind(hash)
        .bind(kind.as_str())
        .bind(now_ms)
        .fetch_optional(self.readers())
        .await?;
        row.map(|row| {
            Ok(PassRow {
                hash: hash.to_vec(),
                kind,
                access_key_id: row.try_get("access_key_id")?,
                expires: row.try_get("expires")?,
            })
        })
        .transpose()
    }

    /// Takes a pass away. False when it is not there: of two that take it, one is told true.
    pub(crate) async fn take_pass(&self, row: &PassRow) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let taken = sqlx::query("DELETE FROM console_passes WHERE pass_hash = $1 AND kind = $2")
            .bind(row.hash.as_slice())
            .bind(row.kind.as_str())
            .execute(&mut *write)
            .await?
            .rows_affected();
        write.commit().await?;
        Ok(taken == 1)
    }

    /// Spends a nonce that is good until `expires`. False when it was spent before.
    pub(crate) async fn spend_console_nonce(
        &self,
        hash: &[u8],
        expires: i64,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM console_spent_nonces WHERE expires <= $1")
            .bind(now_ms)
            .execute(&mut *write)
            .await?;
        let inserted = sqlx::query(
            "INSERT INTO console_spent_nonces (nonce_hash, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(hash)
        .bind(expires)
        .execute(&mut *write)
        .await?
        .rows_affected();
        write.commit().await?;
        Ok(inserted == 1)
    }
}
