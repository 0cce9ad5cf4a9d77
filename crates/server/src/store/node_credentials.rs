//! Temporary keys of nodes: the secret sealed, the session token as a hash.

use sqlx::Row;

use super::{Store, StoreError};

/// A temporary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeCredentialRow {
    /// `ASIA…`
    pub(crate) access_key_id: String,
    /// Whose it is.
    pub(crate) node_id: String,
    /// The one session it acts for; none: the node itself.
    pub(crate) session_id: Option<String>,
    /// The secret under the root key.
    pub(crate) secret_sealed: Vec<u8>,
    /// SHA-256 of the session token.
    pub(crate) token_hash: Vec<u8>,
    /// Milliseconds.
    pub(crate) expires: i64,
}

impl Store {
    /// Stores a temporary key and forgets those that expired before `forget_before_ms`, but for those of sessions that
    /// have not ended.
    pub(crate) async fn insert_node_credential(
        &self,
        row: &NodeCredentialRow,
        forget_before_ms: i64,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "DELETE FROM node_credentials WHERE expires < $1 AND NOT EXISTS (SELECT 1 FROM sessions \
             WHERE sessions.session_id = node_credentials.session_id AND sessions.ended IS NULL)",
        )
        .bind(forget_before_ms)
        .execute(&mut *write)
        .await?;
        sqlx::query(
            "INSERT INTO node_credentials (access_key_id, node_id, session_id, secret_sealed, token_hash, expires) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&row.access_key_id)
        .bind(&row.node_id)
        .bind(row.session_id.as_deref())
        .bind(&row.secret_sealed)
        .bind(&row.token_hash)
        .bind(row.expires)
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }

    /// The temporary key with that id, expired ones included.
    pub(crate) async fn node_credential(
        &self,
        access_key_id: &str,
    ) -> Result<Option<NodeCredentialRow>, StoreError> {
        let row = sqlx::query(
            "SELECT access_key_id, node_id, session_id, secret_sealed, token_hash, expires \
             FROM node_credentials WHERE access_key_id = $1",
        )
        .bind(access_key_id)
        .fetch_optional(self.readers())
        .await?;
        row.map(|row| {
            Ok(NodeCredentialRow {
                access_key_id: row.try_get("access_key_id")?,
                node_id: row.try_get("node_id")?,
                session_id: row.try_get("session_id")?,
                secret_sealed: row.try_get("secret_sealed")?,
                token_hash: row.try_get("token_hash")?,
                expires: row.try_get("expires")?,
            })
        })
        .transpose()
    }
}
