//! IAM users with their tags and inline policies.
//!
//! Names and tag keys keep the case they were given and are compared folded. A tag set and its
//! limit are one transaction, so two callers cannot both take the last place.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserRow {
    /// `AIDA…`, never used again after deletion.
    pub(crate) user_id: String,
    /// As given at creation.
    pub(crate) name: String,
    /// Begins and ends with `/`.
    pub(crate) path: String,
    /// Milliseconds.
    pub(crate) created: i64,
}

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

/// An inline policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PolicyRow {
    /// Its name, unique for the user.
    pub(crate) name: String,
    /// The JSON text as it was given.
    pub(crate) document: String,
}

/// Whether a bounded insert found room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Room {
    /// It was stored.
    Stored,
    /// The limit is reached; nothing was stored.
    Full,
}

pub(super) fn folded(name: &str) -> String {
    name.to_lowercase()
}

fn user(row: &AnyRow) -> Result<UserRow, StoreError> {
    Ok(UserRow {
        user_id: row.try_get("user_id")?,
        name: row.try_get("name")?,
        path: row.try_get("path")?,
        created: row.try_get("created")?,
    })
}

impl Store {
    /// The user of that name, in any case.
    pub(crate) async fn user_named(&self, name: &str) -> Result<Option<UserRow>, StoreError> {
        let row = sqlx::query(
            "SELECT user_id, name, path, created FROM iam_users WHERE name_folded = $1",
        )
        .bind(folded(name))
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(user).transpose()
    }

    /// The user with that id.
    pub(crate) async fn user_with_id(&self, user_id: &str) -> Result<Option<UserRow>, StoreError> {
        let row =
            sqlx::query("SELECT user_id, name, path, created FROM iam_users WHERE user_id = $1")
                .bind(user_id)
                .fetch_optional(self.readers())
                .await?;
        row.as_ref().map(user).transpose()
    }

    /// Users whose path begins with `path_prefix`, by name, after the folded name `after`.
    pub(crate) async fn users(
        &self,
        path_prefix: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<UserRow>, StoreError> {
        sqlx::query(
            "SELECT user_id, name, path, created FROM iam_users \
             WHERE substr(path, 1, length($1)) = $1 AND name_folded > $2 ORDER BY name_folded LIMIT $3",
        )
        .bind(path_prefix)
        .bind(folded(after))
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(user)
        .collect()
    }

    /// Makes a user with its first tags. False if the name is taken.
    pub(crate) async fn insert_user(
        &self,
        user: &UserRow,
        tags: &[TagRow],
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let made = sqlx::query(
            "INSERT INTO iam_users (user_id, name, name_folded, path, created) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING",
        )
        .bind(&user.user_id)
        .bind(&user.name)
        .bind(folded(&user.name))
        .bind(&user.path)
        .bind(user.created)
        .execute(&mut *write)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(false);
        }
        for tag in tags {
            put_tag(&mut write, &user.user_id, tag).await?;
        }
        write.commit().await?;
        Ok(true)
    }

    /// Removes a user that has neither keys nor policies. False if it still has some.
    pub(crate) async fn delete_user(&self, user_id: &str) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let gone = sqlx::query(
            "DELETE FROM iam_users WHERE user_id = $1 \
             AND NOT EXISTS (SELECT 1 FROM access_keys WHERE user_id = $1) \
             AND NOT EXISTS (SELECT 1 FROM iam_user_policies WHERE user_id = $1)",
        )
        .bind(user_id)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(gone.rows_affected() > 0)
    }

    /// A user's tags, by key.
    pub(crate) async fn user_tags(&self, user_id: &str) -> Result<Vec<TagRow>, StoreError> {
        sqlx::query(
            "SELECT tag_key, tag_value FROM iam_user_tags WHERE user_id = $1 ORDER BY key_folded",
        )
        .bind(user_id)
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

    /// Sets tags, all or none: none when the user would then have more than `limit`.
    pub(crate) async fn tag_user(
        &self,
        user_id: &str,
        tags: &[TagRow],
        limit: i64,
    ) -> Result<Room, StoreError> {
        let mut write = self.write().await?;
        for tag in tags {
            put_tag(&mut write, user_id, tag).await?;
        }
        let count: i64 = sqlx::query("SELECT COUNT(*) AS n FROM iam_user_tags WHERE user_id = $1")
            .bind(user_id)
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
    pub(crate) async fn untag_user(
        &self,
        user_id: &str,
        keys: &[String],
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        for key in keys {
            sqlx::query("DELETE FROM iam_user_tags WHERE user_id = $1 AND key_folded = $2")
                .bind(user_id)
                .bind(folded(key))
                .execute(&mut *write)
                .await?;
        }
        Ok(write.commit().await?)
    }

    /// A user's inline policies, by name.
    pub(crate) async fn user_policies(&self, user_id: &str) -> Result<Vec<PolicyRow>, StoreError> {
        sqlx::query("SELECT name, document FROM iam_user_policies WHERE user_id = $1 ORDER BY name")
            .bind(user_id)
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
    pub(crate) async fn put_user_policy(
        &self,
        user_id: &str,
        policy: &PolicyRow,
        limit: usize,
    ) -> Result<Room, StoreError> {
        let mut write = self.write().await?;
        let others =
            sqlx::query("SELECT document FROM iam_user_policies WHERE user_id = $1 AND name <> $2")
                .bind(user_id)
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
            "INSERT INTO iam_user_policies (user_id, name, document) VALUES ($1, $2, $3) \
             ON CONFLICT (user_id, name) DO UPDATE SET document = excluded.document",
        )
        .bind(user_id)
        .bind(&policy.name)
        .bind(&policy.document)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(Room::Stored)
    }

    /// Removes an inline policy. False if there was none.
    pub(crate) async fn delete_user_policy(
        &self,
        user_id: &str,
        name: &str,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let gone = sqlx::query("DELETE FROM iam_user_policies WHERE user_id = $1 AND name = $2")
            .bind(user_id)
            .bind(name)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        Ok(gone.rows_affected() > 0)
    }
}

async fn put_tag(
    write: &mut sqlx::Transaction<'_, sqlx::Any>,
    user_id: &str,
    tag: &TagRow,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO iam_user_tags (user_id, key_folded, tag_key, tag_value) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id, key_folded) DO UPDATE SET tag_key = excluded.tag_key, tag_value = excluded.tag_value",
    )
    .bind(user_id)
    .bind(folded(&tag.key))
    .bind(&tag.key)
    .bind(&tag.value)
    .execute(&mut **write)
    .await?;
    Ok(())
}

pub(super) fn without_white_space(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}
