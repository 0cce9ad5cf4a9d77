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
    /// A group of users, `AGPA…`.
    Group,
    /// A managed policy of this account, `ANPA…`.
    Policy,
    /// A managed policy that comes with the service, `ANPA…`.
    AwsPolicy,
    /// An OpenID Connect provider, `AOIP…`, named by its address without the scheme.
    OidcProvider,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::User,
        Self::Role,
        Self::Group,
        Self::Policy,
        Self::AwsPolicy,
        Self::OidcProvider,
    ];

    /// As the database spells it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Role => "role",
            Self::Group => "group",
            Self::Policy => "policy",
            Self::AwsPolicy => "aws-policy",
            Self::OidcProvider => "oidc-provider",
        }
    }
}

/// An entity of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntityRow {
    /// Never used again after deletion.
    pub(crate) id: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// As given at creation.
    pub(crate) name: String,
    /// Begins and ends with `/`.
    pub(crate) path: String,
    /// The id of the policy that is its permissions boundary.
    pub(crate) boundary_id: Option<String>,
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
    /// Managed policies are attached to it.
    AttachedPolicies,
    /// A user is in a group, or a group has users.
    Memberships,
    /// A policy is attached to something, or is somebody's boundary.
    InUse,
    /// A policy has more versions than the default one.
    Versions,
}

pub(super) fn entity(row: &AnyRow) -> Result<EntityRow, StoreError> {
    let word: String = row.try_get("kind")?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word);
    Ok(EntityRow {
        id: row.try_get("entity_id")?,
        kind: kind.ok_or_else(|| sqlx::Error::Decode(format!("kind {word}").into()))?,
        name: row.try_get("name")?,
        path: row.try_get("path")?,
        boundary_id: row.try_get("boundary_id")?,
        created: row.try_get("created")?,
    })
}

/// Adds the entity with its first tags. False if the name is taken.
pub(super) async fn insert(
    write: &mut Transaction<'_, Any>,
    entity: &EntityRow,
    tags: &[TagRow],
) -> Result<bool, StoreError> {
    let made = sqlx::query(
        "INSERT INTO iam_entities (entity_id, kind, name, name_folded, path, boundary_id, created) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(&entity.id)
    .bind(entity.kind.word())
    .bind(&entity.name)
    .bind(folded(&entity.name))
    .bind(&entity.path)
    .bind(&entity.boundary_id)
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

    /// Makes a user or group with its first tags. False if the name is taken.
    pub(crate) async fn insert_entity(
        &self,
        entity: &EntityRow,
        tags: &[TagRow],
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let made = insert(&mut write, entity, tags).await?;
        write.commit().await?;
        Ok(made)
    }

    /// Gives an entity another name and path. False if another of its kind has the name.
    pub(crate) async fn rename_entity(
        &self,
        id: &str,
        name: &str,
        path: &str,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let renamed = sqlx::query(
            "UPDATE iam_entities SET name = $2, name_folded = $3, path = $4 WHERE entity_id = $1 \
             AND NOT EXISTS (SELECT 1 FROM iam_entities other WHERE other.kind = iam_entities.kind \
             AND other.name_folded = $3 AND other.entity_id <> $1)",
        )
        .bind(id)
        .bind(name)
        .bind(folded(name))
        .bind(path)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(renamed.rows_affected() > 0)
    }

    /// Sets or removes the permissions boundary of a user or role.
    pub(crate) async fn set_boundary(
        &self,
        id: &str,
        policy_id: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE iam_entities SET boundary_id = $2 WHERE entity_id = $1")
            .bind(id)
            .bind(policy_id)
            .execute(&mut *write)
            .await?;
        Ok(write.commit().await?)
    }

    /// Removes an entity and the temporary keys that stand for it, unless it still has something.
    pub(crate) async fn delete_entity(&self, id: &str) -> Result<Option<Hindrance>, StoreError> {
        let mut write = self.write().await?;
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM access_keys WHERE user_id = $1) AS access_keys, \
             (SELECT COUNT(*) FROM iam_inline_policies WHERE entity_id = $1) AS inline_policies, \
             (SELECT COUNT(*) FROM iam_attachments WHERE entity_id = $1) AS attached_policies, \
             (SELECT COUNT(*) FROM iam_memberships WHERE user_id = $1 OR group_id = $1) AS memberships, \
             (SELECT COUNT(*) FROM iam_attachments WHERE policy_id = $1) \
             + (SELECT COUNT(*) FROM iam_entities WHERE boundary_id = $1) AS in_use, \
             (SELECT COUNT(*) FROM iam_policies p JOIN iam_policy_versions v ON v.policy_id = p.policy_id \
             WHERE p.policy_id = $1 AND v.version <> p.default_version) AS versions",
        )
        .bind(id)
        .fetch_one(&mut *write)
        .await?;
        for (column, hindrance) in [
            ("access_keys", Hindrance::AccessKeys),
            ("inline_policies", Hindrance::InlinePolicies),
            ("attached_policies", Hindrance::AttachedPolicies),
            ("memberships", Hindrance::Memberships),
            ("in_use", Hindrance::InUse),
            ("versions", Hindrance::Versions),
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
