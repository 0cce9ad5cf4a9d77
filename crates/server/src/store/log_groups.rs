//! Log groups with their data keys.

use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use super::resource_tags::put_resource_tags;
use super::{Store, StoreError};

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogGroupRow {
    /// Never used again after deletion.
    pub(crate) group_id: String,
    /// Its name.
    pub(crate) name: String,
    /// Milliseconds.
    pub(crate) created: i64,
    /// Days that events are kept; none: for good.
    pub(crate) retention_days: Option<i64>,
    /// The ARN of the KMS key that seals what comes.
    pub(crate) kms_key: Option<String>,
    /// Which data key seals what comes.
    pub(crate) generation: i64,
    /// Bytes of its messages, 26 more for each.
    pub(crate) stored_bytes: i64,
}

/// A data key of a group, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupKeyRow {
    /// The group.
    pub(crate) group_id: String,
    /// From 1.
    pub(crate) generation: i64,
    /// The ARN of the KMS key it is under; none: the root key.
    pub(crate) kms_key: Option<String>,
    /// Under that key.
    pub(crate) sealed: Vec<u8>,
}

fn group(row: &AnyRow) -> Result<LogGroupRow, StoreError> {
    Ok(LogGroupRow {
        group_id: row.try_get("group_id")?,
        name: row.try_get("name")?,
        created: row.try_get("created")?,
        retention_days: row.try_get("retention_days")?,
        kms_key: row.try_get("kms_key")?,
        generation: row.try_get("generation")?,
        stored_bytes: row.try_get("stored_bytes")?,
    })
}

async fn insert_key(
    write: &mut Transaction<'static, Any>,
    key: &GroupKeyRow,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO log_group_keys (group_id, generation, kms_key, sealed) VALUES ($1, $2, $3, $4)")
        .bind(&key.group_id)
        .bind(key.generation)
        .bind(&key.kms_key)
        .bind(&key.sealed)
        .execute(&mut **write)
        .await?;
    Ok(())
}

impl Store {
    /// The group of that name.
    pub(crate) async fn log_group(&self, name: &str) -> Result<Option<LogGroupRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM log_groups WHERE name = $1")
            .bind(name)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(group).transpose()
    }

    /// Groups by name, after `after`, whose name begins with `prefix` and contains `part`.
    pub(crate) async fn log_groups(
        &self,
        prefix: &str,
        part: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<LogGroupRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM log_groups WHERE substr(name, 1, length($1)) = $1 \
             AND ($2 = '' OR replace(lower(name), $2, '') <> lower(name)) AND name > $3 ORDER BY name LIMIT $4",
        )
        .bind(prefix)
        .bind(part.to_lowercase())
        .bind(after)
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(group)
        .collect()
    }

    /// Makes a group with its first data key and tags. False if the name is taken or there are `limit` groups.
    pub(crate) async fn insert_log_group(
        &self,
        group: &LogGroupRow,
        key: &GroupKeyRow,
        tags: &[(String, String)],
        limit: i64,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let made = sqlx::query(
            "INSERT INTO log_groups (group_id, name, created, retention_days, kms_key, generation, next_event, \
             stored_bytes) SELECT $1, $2, $3, $4, $5, $6, 1, 0 \
             WHERE (SELECT COUNT(*) FROM log_groups) < $7 ON CONFLICT DO NOTHING",
        )
        .bind(&group.group_id)
        .bind(&group.name)
        .bind(group.created)
        .bind(group.retention_days)
        .bind(&group.kms_key)
        .bind(group.generation)
        .bind(limit)
        .execute(&mut *write)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(false);
        }
        insert_key(&mut write, key).await?;
        put_resource_tags(&mut write, &group.group_id, tags).await?;
        write.commit().await?;
        Ok(true)
    }

    /// Lets another data key seal what comes. False if another call was faster.
    pub(crate) async fn replace_group_key(&self, key: &GroupKeyRow) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let changed = sqlx::query(
            "UPDATE log_groups SET generation = $1, kms_key = $2 WHERE group_id = $3 AND generation = $4",
        )
        .bind(key.generation)
        .bind(&key.kms_key)
        .bind(&key.group_id)
        .bind(key.generation - 1)
        .execute(&mut *write)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        insert_key(&mut write, key).await?;
        write.commit().await?;
        Ok(true)
    }

    /// A group's data keys, the oldest first.
    pub(crate) async fn group_keys(&self, group_id: &str) -> Result<Vec<GroupKeyRow>, StoreError> {
        sqlx::query("SELECT * FROM log_group_keys WHERE group_id = $1 ORDER BY generation")
            .bind(group_id)
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(|row| {
                Ok(GroupKeyRow {
                    group_id: row.try_get("group_id")?,
                    generation: row.try_get("generation")?,
                    kms_key: row.try_get("kms_key")?,
                    sealed: row.try_get("sealed")?,
                })
            })
            .collect()
    }

    /// Sets how long a group's events are kept.
    pub(crate) async fn set_retention(
        &self,
        group_id: &str,
        days: Option<i64>,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE log_groups SET retention_days = $1 WHERE group_id = $2")
            .bind(days)
            .bind(group_id)
            .execute(&mut *write)
            .await?;
        Ok(write.commit().await?)
    }

    /// Removes a group with its streams and events.
    pub(crate) async fn delete_log_group(&self, group_id: &str) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM resource_tags WHERE resource_id = $1")
            .bind(group_id)
            .execute(&mut *write)
            .await?;
        sqlx::query("DELETE FROM log_groups WHERE group_id = $1")
            .bind(group_id)
            .execute(&mut *write)
            .await?;
        Ok(write.commit().await?)
    }
}
