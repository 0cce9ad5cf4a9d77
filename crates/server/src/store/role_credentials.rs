//! Temporary keys of role sessions: the secret sealed, the session token as a hash.

use sqlx::Row;

use super::{Store, StoreError};

/// A temporary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleCredentialRow {
    /// `ASIA…`
    pub(crate) access_key_id: String,
    /// The role.
    pub(crate) role_id: String,
    /// As the session was named when the role was assumed.
    pub(crate) session_name: String,
    /// The IAM user behind it, through every role in between.
    pub(crate) origin_user_id: String,
    /// A JSON list of the session's tags.
    pub(crate) session_tags: String,
    /// The secret under the root key.
    pub(crate) secret_sealed: Vec<u8>,
    /// SHA-256 of the session token.
    pub(crate) token_hash: Vec<u8>,
    /// Milliseconds.
    pub(crate) issued: i64,
    /// Milliseconds.
    pub(crate) expires: i64,
}

impl Store {
    /// Stores a temporary key and forgets those that expired before `forget_before_ms`.
    pub(crate) async fn insert_role_credential(
        &self,
        row: &RoleCredentialRow,
        forget_before_ms: i64,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM role_credentials WHERE expires < $1")
            .bind(forget_before_ms)
            .execute(&mut *write)
            .await?;
        sqlx::query(
            "INSERT INTO role_credentials (access_key_id, role_id, session_name, origin_user_id, session_tags, \
             secret_sealed, token_hash, issued, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(&row.access_key_id)
        .bind(&row.role_id)
        .bind(&row.session_name)
        .bind(&row.origin_user_id)
        .bind(&row.session_tags)
        .bind(&row.secret_sealed)
        .bind(&row.token_hash)
        .bind(row.issued)
        .bind(row.expires)
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }

    /// The temporary key with that id, expired ones included.
    pub(crate) async fn role_credential(
        &self,
        access_key_id: &str,
    ) -> Result<Option<RoleCredentialRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM role_credentials WHERE access_key_id = $1")
            .bind(access_key_id)
            .fetch_optional(self.readers())
            .await?;
        row.map(|row| {
            Ok(RoleCredentialRow {
                access_key_id: row.try_get("access_key_id")?,
                role_id: row.try_get("role_id")?,
                session_name: row.try_get("session_name")?,
                origin_user_id: row.try_get("origin_user_id")?,
                session_tags: row.try_get("session_tags")?,
                secret_sealed: row.try_get("secret_sealed")?,
                token_hash: row.try_get("token_hash")?,
                issued: row.try_get("issued")?,
                expires: row.try_get("expires")?,
            })
        })
        .transpose()
    }
}
