//! Tags of resources by their id: KMS keys, log groups. Keys of tags keep their case.

use sqlx::{Any, Row, Transaction};

use super::{Room, Store, StoreError};

/// Sets tags in a transaction that is open.
pub(super) async fn put_resource_tags(
    write: &mut Transaction<'static, Any>,
    resource_id: &str,
    tags: &[(String, String)],
) -> Result<(), StoreError> {
    for (tag_key, tag_value) in tags {
        sqlx::query(
            "INSERT INTO resource_tags (resource_id, tag_key, tag_value) VALUES ($1, $2, $3) \
             ON CONFLICT (resource_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value",
        )
        .bind(resource_id)
        .bind(tag_key)
        .bind(tag_value)
        .execute(&mut **write)
        .await?;
    }
    Ok(())
}

impl Store {
    /// A resource's tags, in the order of their keys.
    pub(crate) async fn resource_tags(
        &self,
        resource_id: &str,
    ) -> Result<Vec<(String, String)>, StoreError> {
        sqlx::query("SELECT * FROM resource_tags WHERE resource_id = $1 ORDER BY tag_key")
            .bind(resource_id)
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(|row| Ok((row.try_get("tag_key")?, row.try_get("tag_value")?)))
            .collect()
    }

    /// Sets tags of a resource, all or none, unless it would have more than `limit`.
    pub(crate) async fn tag_resource(
        &self,
        resource_id: &str,
        tags: &[(String, String)],
        limit: i64,
    ) -> Result<Room, StoreError> {
        let mut write = self.write().await?;
        put_resource_tags(&mut write, resource_id, tags).await?;
        let held = sqlx::query("SELECT COUNT(*) AS held FROM resource_tags WHERE resource_id = $1")
            .bind(resource_id)
            .fetch_one(&mut *write)
            .await?;
        if held.try_get::<i64, _>("held")? > limit {
            return Ok(Room::Full);
        }
        write.commit().await?;
        Ok(Room::Stored)
    }

    /// Removes tags of a resource; those it does not have are passed over.
    pub(crate) async fn untag_resource(
        &self,
        resource_id: &str,
        tag_keys: &[String],
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        for tag_key in tag_keys {
            sqlx::query("DELETE FROM resource_tags WHERE resource_id = $1 AND tag_key = $2")
                .bind(resource_id)
                .bind(tag_key)
                .execute(&mut *write)
                .await?;
        }
        Ok(write.commit().await?)
    }
}
