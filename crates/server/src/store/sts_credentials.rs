//! Temporary keys from STS: the secret sealed, the session token as a hash.

use sqlx::Row;

use super::{Store, StoreError};

/// A temporary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StsCredentialRow {
    /// `ASIA…`
    pub(crate) access_key_id: String,
    /// The IAM user, or the identity provider that vouched for the person, behind it through every role in between.
    pub(crate) origin_id: String,
    /// The key that this user signed with; unknown for keys of earlier releases.
    pub(crate) origin_key_id: Option<String>,
    /// The role, if it acts as one.
    pub(crate) role_id: Option<String>,
    /// A JSON object: whom the key stands for.
    pub(crate) bearer: String,
    /// The secret under the root key.
    pub(crate) secret_sealed: Vec<u8>,
    /// SHA-256 of the session token.
    pub(crate) token_hash: Vec<u8>,
    /// Milliseconds.
    pub(crate) expires: i64,
}

impl Store {
    /// Stores a temporary key and forgets those that expired before `forget_before_ms`.
    pub(crate) async fn insert_sts_credential(
        &self,
        row: &StsCredentialRow,
        forget_before_ms: i64,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM sts_credentials WHERE expires < $1")
            .bind(forget_before_ms)
            .execute(&mut *write)
            .await?;
        sqlx::query(
            "INSERT INTO sts_credentials (access_key_id, origin_user_id, origin_key_id, role_id, bearer, secret_sealed, \
             token_hash, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&row.access_key_id)
        .bind(&row.origin_id)
        .bind(&row.origin_key_id)
        .bind(&row.role_id)
        .bind(&row.bearer)
        .bind(&row.secret_sealed)
        .bind(&row.token_hash)
        .bind(row.expires)
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }

    /// The temporary key with that id, expired ones included.
    pub(crate) async fn sts_credential(
        &self,
        access_key_id: &str,
    ) -> Result<Option<StsCredentialRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM sts_credentials WHERE access_key_id = $1")
            .bind(access_key_id)
            .fetch_optional(self.readers())
            .await?;
        row.map(|row| {
            Ok(StsCredentialRow {
                access_key_id: row.try_get("access_key_id")?,
                origin_id: row.try_get("origin_user_id")?,
                origin_key_id: row.try_get("origin_key_id")?,
                role_id: row.try_get("role_id")?,
                bearer: row.try_get("bearer")?,
                secret_sealed: row.try_get("secret_sealed")?,
                token_hash: row.try_get("token_hash")?,
                expires: row.try_get("expires")?,
            })
        })
        .transpose()
    }
}
