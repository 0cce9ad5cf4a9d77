//! Inline policies: each belongs to one entity and is gone with it.

use sqlx::Row;

use super::Room;
use crate::store::{Store, StoreError};

/// An inline policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InlinePolicyRow {
    /// Its name, unique for the entity.
    pub(crate) name: String,
    /// The JSON text as it was given.
    pub(crate) document: String,
}

impl Store {
    /// An entity's inline policies, by name.
    pub(crate) async fn inline_policies(
        &self,
        entity_id: &str,
    ) -> Result<Vec<InlinePolicyRow>, StoreError> {
        sqlx::query(
            "SELECT name, document FROM iam_inline_policies WHERE entity_id = $1 ORDER BY name",
        )
        .bind(entity_id)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| {
            Ok(InlinePolicyRow {
                name: row.try_get("name")?,
                document: row.try_get("document")?,
            })
        })
        .collect()
    }

    /// Sets an inline policy, if the policies' text without white space stays within `limit` characters.
    pub(crate) async fn put_inline_policy(
        &self,
        entity_id: &str,
        policy: &InlinePolicyRow,
        limit: usize,
    ) -> Result<Room, StoreError> {
        let mut write = self.write().await?;
        let others = sqlx::query(
            "SELECT document FROM iam_inline_policies WHERE entity_id = $1 AND name <> $2",
        )
        .bind(entity_id)
        .bind(&policy.name)
        .fetch_all(&mut *write)
        .await?;
        let mut size = without_white_space(&policy.document);
        for row in &others {
            size += without_white_space(row.try_get("document")?);
        }
        if size > limit {
            return Ok(Room::Full);
        }
        sqlx::query(
            "INSERT INTO iam_inline_policies (entity_id, name, document) VALUES ($1, $2, $3) \
             ON CONFLICT (entity_id, name) DO UPDATE SET document = excluded.document",
        )
        .bind(entity_id)
        .bind(&policy.name)
        .bind(&policy.document)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(Room::Stored)
    }

    /// Removes an inline policy. False if there was none.
    pub(crate) async fn delete_inline_policy(
        &self,
        entity_id: &str,
        name: &str,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let gone =
            sqlx::query("DELETE FROM iam_inline_policies WHERE entity_id = $1 AND name = $2")
                .bind(entity_id)
                .bind(name)
                .execute(&mut *write)
                .await?;
        write.commit().await?;
        Ok(gone.rows_affected() > 0)
    }
}

fn without_white_space(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}
