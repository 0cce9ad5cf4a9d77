//! Tags of IAM entities.

use sqlx::Row;

use super::{Room, folded};
use crate::store::{Store, StoreError};

/// A tag with the key as it was spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TagRow {
    /// The key.
    pub(crate) key: String,
    /// The value, perhaps empty.
    pub(crate) value: String,
}

impl TagRow {
    /// Key and value.
    pub(crate) fn pair(&self) -> (&str, &str) {
        (&self.key, &self.value)
    }
}

impl Store {
    /// An entity's tags, by key.
    pub(crate) async fn tags(&self, entity_id: &str) -> Result<Vec<TagRow>, StoreError> {
        sqlx::query(
            "SELECT tag_key, tag_value FROM iam_tags WHERE entity_id = $1 ORDER BY key_folded",
        )
        .bind(entity_id)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| {
            Ok(TagRow {
                key: row.try_get("tag_key")?,
                value: row.try_get("tag_value")?,
            })
        })
        .collect()
    }

    /// Sets tags, all or none: none when the entity would then have more than `limit`.
    pub(crate) async fn put_tags(
        &self,
        entity_id: &str,
        tags: &[TagRow],
        limit: i64,
    ) -> Result<Room, StoreError> {
        let mut write = self.write().await?;
        for tag in tags {
            put_tag(&mut write, entity_id, tag).await?;
        }
        let count: i64 = sqlx::query("SELECT COUNT(*) AS n FROM iam_tags WHERE entity_id = $1")
            .bind(entity_id)
            .fetch_one(&mut *write)
            .await?
            .try_get("n")?;
        if count > limit {
            return Ok(Room::Full);
        }
        write.commit().await?;
        Ok(Room::Stored)
    }

    /// Removes tags by key, in any case; keys that are not there are no error.
    pub(crate) async fn remove_tags(
        &self,
        entity_id: &str,
        keys: &[String],
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        for key in keys {
            sqlx::query("DELETE FROM iam_tags WHERE entity_id = $1 AND key_folded = $2")
                .bind(entity_id)
                .bind(folded(key))
                .execute(&mut *write)
                .await?;
        }
        Ok(write.commit().await?)
    }
}

pub(super) async fn put_tag(
    write: &mut sqlx::Transaction<'_, sqlx::Any>,
    entity_id: &str,
    tag: &TagRow,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO iam_tags (entity_id, key_folded, tag_key, tag_value) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (entity_id, key_folded) DO UPDATE SET tag_key = excluded.tag_key, tag_value = excluded.tag_value",
    )
    .bind(entity_id)
    .bind(folded(&tag.key))
    .bind(&tag.key)
    .bind(&tag.value)
    .execute(&mut **write)
    .await?;
    Ok(())
}
