//! Tags and inline policies of roles, by the same rules as those of users in `iam`.

use sqlx::Row;

use super::iam::{PolicyRow, Room, TagRow, folded, without_white_space};
use super::{Store, StoreError};

impl Store {
    /// A role's tags, by key.
    pub(crate) async fn role_tags(&self, role_id: &str) -> Result<Vec<TagRow>, StoreError> {
        sqlx::query(
            "SELECT tag_key, tag_value FROM iam_role_tags WHERE role_id = $1 ORDER BY key_folded",
        )
        .bind(role_id)
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

    /// Sets tags, all or none: none when the role would then have more than `limit`.
    pub(crate) async fn tag_role(
        &self,
        role_id: &str,
        tags: &[TagRow],
        limit: i64,
    ) -> Result<Room, StoreError> {
        let mut write = self.write().await?;
        for tag in tags {
            put_role_tag(&mut write, role_id, tag).await?;
        }
        let count: i64 = sqlx::query("SELECT COUNT(*) AS n FROM iam_role_tags WHERE role_id = $1")
            .bind(role_id)
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
    pub(crate) async fn untag_role(
        &self,
        role_id: &str,
        keys: &[String],
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        for key in keys {
            sqlx::query("DELETE FROM iam_role_tags WHERE role_id = $1 AND key_folded = $2")
                .bind(role_id)
                .bind(folded(key))
                .execute(&mut *write)
                .await?;
        }
        Ok(write.commit().await?)
    }

    /// A role's inline policies, by name.
    pub(crate) async fn role_policies(&self, role_id: &str) -> Result<Vec<PolicyRow>, StoreError> {
        sqlx::query("SELECT name, document FROM iam_role_policies WHERE role_id = $1 ORDER BY name")
            .bind(role_id)
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(|row| {
                Ok(PolicyRow {
                    name: row.try_get("name")?,
                    document: row.try_get("document")?,
                })
            })
            .collect()
    }

    /// Sets an inline policy, if the policies' text without white space stays within `limit` characters.
    pub(crate) async fn put_role_policy(
        &self,
        role_id: &str,
        policy: &PolicyRow,
        limit: usize,
    ) -> Result<Room, StoreError> {
        let mut write = self.write().await?;
        let others =
            sqlx::query("SELECT document FROM iam_role_policies WHERE role_id = $1 AND name <> $2")
                .bind(role_id)
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
            "INSERT INTO iam_role_policies (role_id, name, document) VALUES ($1, $2, $3) \
             ON CONFLICT (role_id, name) DO UPDATE SET document = excluded.document",
        )
        .bind(role_id)
        .bind(&policy.name)
        .bind(&policy.document)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(Room::Stored)
    }

    /// Removes an inline policy. False if there was none.
    pub(crate) async fn delete_role_policy(
        &self,
        role_id: &str,
        name: &str,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let gone = sqlx::query("DELETE FROM iam_role_policies WHERE role_id = $1 AND name = $2")
            .bind(role_id)
            .bind(name)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        Ok(gone.rows_affected() > 0)
    }
}

pub(super) async fn put_role_tag(
    write: &mut sqlx::Transaction<'_, sqlx::Any>,
    role_id: &str,
    tag: &TagRow,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO iam_role_tags (role_id, key_folded, tag_key, tag_value) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (role_id, key_folded) DO UPDATE SET tag_key = excluded.tag_key, tag_value = excluded.tag_value",
    )
    .bind(role_id)
    .bind(folded(&tag.key))
    .bind(&tag.key)
    .bind(&tag.value)
    .execute(&mut **write)
    .await?;
    Ok(())
}
