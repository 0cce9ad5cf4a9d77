//! What users, roles, groups and managed policies share: an id for good, a name, a path.
//!
//! A name is taken once for each kind, in any casing. An entity that still has something is not deleted, and the first
//! thing that is in the way is named.

use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use super::tags::put_tag;
use super::{TagRow, folded};
use crate::store::{Store, StoreError};

/// What kind of entity it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A user, `AIDA…`.
    User,
    /// A role, `AROA…`.
    Role,
}

impl Kind {
    /// As the database spells it.
    fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Role => "role",
        }
    }
}

/// An entity of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntityRow {
    /// Never used again after deletion.
    pub(crate) id: String,
    /// As given at creation.
    pub(crate) name: String,
    /// Begins and ends with `/`.
    pub(crate) path: String,
    /// Milliseconds.
    pub(crate) created: i64,
}

/// Why an entity cannot be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// A user has access keys.
    AccessKeys,
    /// It has inline policies.
    InlinePolicies,
}

pub(super) fn entity(row: &AnyRow) -> Result<EntityRow, StoreError> {
    Ok(EntityRow {
        id: row.try_get("entity_id")?,
        name: row.try_get("name")?,
        path: row.try_get("path")?,
        created: row.try_get("created")?,
    })
}

/// Adds the entity with its first tags. False if the name is taken.
pub(super) async fn insert(
    write: &mut Transaction<'_, Any>,
    kind: Kind,
    entity: &EntityRow,
    tags: &[TagRow],
) -> Result<bool, StoreError> {
    let made = sqlx::query(
        "INSERT INTO iam_entities (entity_id, kind, name, name_folded, path, created) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(&entity.id)
    .bind(kind.word())
    .bind(&entity.name)
    .bind(folded(&entity.name))
    .bind(&entity.path)
    .bind(entity.created)
    .execute(&mut **write)
    .await?;
    if made.rows_affected() == 0 {
        return Ok(false);
    }
    for tag in tags {
        put_tag(write, &entity.id, tag).await?;
    }
    Ok(true)
}

impl Store {
    /// The entity of that kind and name, in any case.
    pub(crate) async fn entity_named(
        &self,
        kind: Kind,
        name: &str,
    ) -> Result<Option<EntityRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM iam_entities WHERE kind = $1 AND name_folded = $2")
            .bind(kind.word())
            .bind(folded(name))
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(entity).transpose()
    }

    /// The entity with that id.
    pub(crate) async fn entity_with_id(&self, id: &str) -> Result<Option<EntityRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM iam_entities WHERE entity_id = $1")
            .bind(id)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(entity).transpose()
    }

    /// Entities of that kind whose path begins with `path_prefix`, by name, after the name `after`.
    pub(crate) async fn entities(
        &self,
        kind: Kind,
        path_prefix: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<EntityRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM iam_entities WHERE kind = $1 AND substr(path, 1, length($2)) = $2 \
             AND name_folded > $3 ORDER BY name_folded LIMIT $4",
        )
        .bind(kind.word())
        .bind(path_prefix)
        .bind(folded(after))
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(entity)
        .collect()
    }

    /// Makes a user with its first tags. False if the name is taken.
    pub(crate) async fn insert_user(
        &self,
        user: &EntityRow,
        tags: &[TagRow],
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let made = insert(&mut write, Kind::User, user, tags).await?;
        write.commit().await?;
        Ok(made)
    }

    /// Removes an entity and the temporary keys that stand for it, unless it still has something.
    pub(crate) async fn delete_entity(&self, id: &str) -> Result<Option<Hindrance>, StoreError> {
        let mut write = self.write().await?;
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM access_keys WHERE user_id = $1) AS access_keys, \
             (SELECT COUNT(*) FROM iam_inline_policies WHERE entity_id = $1) AS inline_policies",
        )
        .bind(id)
        .fetch_one(&mut *write)
        .await?;
        for (column, hindrance) in [
            ("access_keys", Hindrance::AccessKeys),
            ("inline_policies", Hindrance::InlinePolicies),
        ] {
            if row.try_get::<i64, _>(column)? > 0 {
                return Ok(Some(hindrance));
            }
        }
        sqlx::query("DELETE FROM iam_entities WHERE entity_id = $1")
            .bind(id)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        Ok(None)
    }
}
