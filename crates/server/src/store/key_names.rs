//! What a KMS key is known by beside its id: aliases and tags.

use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use super::{Room, Store, StoreError};

/// An alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AliasRow {
    /// `alias/…`
    pub(crate) name: String,
    /// The key it stands for.
    pub(crate) key_id: String,
    /// Milliseconds.
    pub(crate) created: i64,
    /// Milliseconds.
    pub(crate) updated: i64,
}

fn alias(row: &AnyRow) -> Result<AliasRow, StoreError> {
    Ok(AliasRow {
        name: row.try_get("name")?,
        key_id: row.try_get("key_id")?,
        created: row.try_get("created")?,
        updated: row.try_get("updated")?,
    })
}

/// Sets a tag in a transaction that is open.
pub(super) async fn put_tag(
    write: &mut Transaction<'static, Any>,
    key_id: &str,
    tag_key: &str,
    tag_value: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO kms_tags (key_id, tag_key, tag_value) VALUES ($1, $2, $3) \
         ON CONFLICT (key_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value",
    )
    .bind(key_id)
    .bind(tag_key)
    .bind(tag_value)
    .execute(&mut **write)
    .await?;
    Ok(())
}

impl Store {
    /// The alias of that name.
    pub(crate) async fn alias(&self, name: &str) -> Result<Option<AliasRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM kms_aliases WHERE name = $1")
            .bind(name)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(alias).transpose()
    }

    /// Aliases in the order of their names, after `after`, of one key or, where none is given, of all.
    pub(crate) async fn aliases(
        &self,
        key_id: Option<&str>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<AliasRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM kms_aliases WHERE name > $1 AND ($2 = '' OR key_id = $2) ORDER BY name LIMIT $3",
        )
        .bind(after)
        .bind(key_id.unwrap_or_default())
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(alias)
        .collect()
    }

    /// Makes an alias. False if the name is taken.
    pub(crate) async fn insert_alias(&self, alias: &AliasRow) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let made = sqlx::query(
            "INSERT INTO kms_aliases (name, key_id, created, updated) VALUES ($1, $2, $3, $4) \
             ON CONFLICT DO NOTHING",
        )
        .bind(&alias.name)
        .bind(&alias.key_id)
        .bind(alias.created)
        .bind(alias.updated)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(made.rows_affected() > 0)
    }

    /// Lets an alias stand for another key.
    pub(crate) async fn point_alias(
        &self,
        name: &str,
        key_id: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE kms_aliases SET key_id = $1, updated = $2 WHERE name = $3")
            .bind(key_id)
            .bind(now)
            .bind(name)
            .execute(&mut *write)
            .await?;
        Ok(write.commit().await?)
    }

    /// Removes an alias.
    pub(crate) async fn delete_alias(&self, name: &str) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM kms_aliases WHERE name = $1")
            .bind(name)
            .execute(&mut *write)
            .await?;
        Ok(write.commit().await?)
    }

    /// A key's tags, in the order of their keys.
    pub(crate) async fn kms_tags(&self, key_id: &str) -> Result<Vec<(String, String)>, StoreError> {
        sqlx::query("SELECT * FROM kms_tags WHERE key_id = $1 ORDER BY tag_key")
            .bind(key_id)
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(|row| Ok((row.try_get("tag_key")?, row.try_get("tag_value")?)))
            .collect()
    }

    /// Sets tags of a key, all or none, unless it would have more than `limit`.
    pub(crate) async fn tag_key(
        &self,
        key_id: &str,
        tags: &[(String, String)],
        limit: i64,
    ) -> Result<Room, StoreError> {
        let mut write = self.write().await?;
        for (tag_key, tag_value) in tags {
            put_tag(&mut write, key_id, tag_key, tag_value).await?;
        }
        let held = sqlx::query("SELECT COUNT(*) AS held FROM kms_tags WHERE key_id = $1")
            .bind(key_id)
            .fetch_one(&mut *write)
            .await?;
        if held.try_get::<i64, _>("held")? > limit {
            return Ok(Room::Full);
        }
        write.commit().await?;
        Ok(Room::Stored)
    }

    /// Removes tags of a key; those it does not have are passed over.
    pub(crate) async fn untag_key(
        &self,
        key_id: &str,
        tag_keys: &[String],
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        for tag_key in tag_keys {
            sqlx::query("DELETE FROM kms_tags WHERE key_id = $1 AND tag_key = $2")
                .bind(key_id)
                .bind(tag_key)
                .execute(&mut *write)
                .await?;
        }
        Ok(write.commit().await?)
    }
}
