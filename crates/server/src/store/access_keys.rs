//! Access keys of IAM users: the secret sealed, because SigV4 needs it to check a signature.
//!
//! A key and its owner's limit are one transaction, so two callers cannot both take the last place.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Room, Store, StoreError};

/// An access key and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccessKeyRow {
    /// `AKIA…`
    pub(crate) access_key_id: String,
    /// The owner's id.
    pub(crate) user_id: String,
    /// The secret under the root key.
    pub(crate) secret_sealed: Vec<u8>,
    /// Whether it may sign; its owner can switch it off and on.
    pub(crate) is_active: bool,
    /// Milliseconds.
    pub(crate) created: i64,
    /// Its latest use, if it was used.
    pub(crate) last_use: Option<KeyUse>,
}

/// When and for what an access key was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyUse {
    /// Milliseconds.
    pub(crate) at: i64,
    /// As in the credential scope: `ssm`.
    pub(crate) service: String,
    /// As in the credential scope.
    pub(crate) region: String,
}

fn access_key(row: &AnyRow) -> Result<AccessKeyRow, StoreError> {
    Ok(AccessKeyRow {
        access_key_id: row.try_get("access_key_id")?,
        user_id: row.try_get("user_id")?,
        secret_sealed: row.try_get("secret_sealed")?,
        is_active: row.try_get::<i64, _>("active")? == 1,
        created: row.try_get("created")?,
        last_use: row
            .try_get::<Option<i64>, _>("last_used")?
            .map(|at| {
                Ok::<_, sqlx::Error>(KeyUse {
                    at,
                    service: row.try_get("last_service")?,
                    region: row.try_get("last_region")?,
                })
            })
            .transpose()?,
    })
}

impl Store {
    /// The access key with that id.
    pub(crate) async fn access_key(
        &self,
        access_key_id: &str,
    ) -> Result<Option<AccessKeyRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM access_keys WHERE access_key_id = $1")
            .bind(access_key_id)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(access_key).transpose()
    }

    /// A user's access keys, oldest first.
    pub(crate) async fn access_keys_of(
        &self,
        user_id: &str,
    ) -> Result<Vec<AccessKeyRow>, StoreError> {
        sqlx::query("SELECT * FROM access_keys WHERE user_id = $1 ORDER BY created, access_key_id")
            .bind(user_id)
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(access_key)
            .collect()
    }

    /// Stores an access key unless its owner already has `limit`.
    pub(crate) async fn insert_access_key(
        &self,
        key: &AccessKeyRow,
        limit: i64,
    ) -> Result<Room, StoreError> {
        let mut write = self.write().await?;
        let count: i64 = sqlx::query("SELECT COUNT(*) AS n FROM access_keys WHERE user_id = $1")
            .bind(&key.user_id)
            .fetch_one(&mut *write)
            .await?
            .try_get("n")?;
        if count >= limit {
            return Ok(Room::Full);
        }
        sqlx::query("INSERT INTO access_keys (access_key_id, user_id, secret_sealed, active, created) VALUES ($1, $2, $3, $4, $5)")
            .bind(&key.access_key_id)
            .bind(&key.user_id)
            .bind(&key.secret_sealed)
            .bind(i64::from(key.is_active))
            .bind(key.created)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        Ok(Room::Stored)
    }

    /// Switches a user's access key on or off. False if there was none.
    pub(crate) async fn switch_access_key(
        &self,
        user_id: &str,
        access_key_id: &str,
        is_active: bool,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let switched = sqlx::query(
            "UPDATE access_keys SET active = $1 WHERE user_id = $2 AND access_key_id = $3",
        )
        .bind(i64::from(is_active))
        .bind(user_id)
        .bind(access_key_id)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(switched.rows_affected() > 0)
    }

    /// Notes a use of an access key.
    pub(crate) async fn note_key_use(
        &self,
        access_key_id: &str,
        used: &KeyUse,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "UPDATE access_keys SET last_used = $1, last_service = $2, last_region = $3 WHERE access_key_id = $4",
        )
        .bind(used.at)
        .bind(&used.service)
        .bind(&used.region)
        .bind(access_key_id)
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }

    /// Removes a user's access key. False if there was none.
    pub(crate) async fn delete_access_key(
        &self,
        user_id: &str,
        access_key_id: &str,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let gone = sqlx::query("DELETE FROM access_keys WHERE user_id = $1 AND access_key_id = $2")
            .bind(user_id)
            .bind(access_key_id)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        Ok(gone.rows_affected() > 0)
    }
}
