//! Aliases of KMS keys.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError};

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
}
