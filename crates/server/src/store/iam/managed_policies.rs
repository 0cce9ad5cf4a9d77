//! Managed policies and their versions. What counts is the default version, wherever the policy is attached.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::entities::{Kind, entity, insert};
use super::{EntityRow, TagRow};
use crate::store::{Store, StoreError};

/// A managed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PolicyRow {
    /// `ANPA…`, name, path.
    pub(crate) entity: EntityRow,
    /// In words.
    pub(crate) description: Option<String>,
    /// The version that counts.
    pub(crate) default_version: i64,
    /// When a version was last added or made the default, milliseconds.
    pub(crate) updated: i64,
    /// To how many users, roles and groups it is attached.
    pub(crate) attachments: i64,
    /// Of how many users and roles it is the boundary.
    pub(crate) bounded: i64,
}

/// A version of a managed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PolicyVersionRow {
    /// From 1, never given twice.
    pub(crate) version: i64,
    /// The JSON text as it was given.
    pub(crate) document: String,
    /// Milliseconds.
    pub(crate) created: i64,
}

/// What became of a version that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum VersionDeletion {
    /// It is gone.
    Deleted,
    /// There was none.
    NoSuchVersion,
    /// It is the default version, which stays.
    IsDefault,
}

fn policy(row: &AnyRow) -> Result<PolicyRow, StoreError> {
    Ok(PolicyRow {
        entity: entity(row)?,
        description: row.try_get("description")?,
        default_version: row.try_get("default_version")?,
        updated: row.try_get("updated")?,
        attachments: row.try_get("attachments")?,
        bounded: row.try_get("bounded")?,
    })
}

impl Store {
    /// The managed policy with that id.
    pub(crate) async fn managed_policy(&self, id: &str) -> Result<Option<PolicyRow>, StoreError> {
        let row = sqlx::query(
            "SELECT *, (SELECT COUNT(*) FROM iam_attachments a WHERE a.policy_id = iam_entities.entity_id) AS attachments, \
             (SELECT COUNT(*) FROM iam_entities b WHERE b.boundary_id = iam_entities.entity_id) AS bounded \
             FROM iam_entities JOIN iam_policies ON policy_id = entity_id WHERE entity_id = $1",
        )
        .bind(id)
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(policy).transpose()
    }

    /// Managed policies of that kind whose path begins with `path_prefix`, by name.
    pub(crate) async fn managed_policies(
        &self,
        kind: Kind,
        path_prefix: &str,
    ) -> Result<Vec<PolicyRow>, StoreError> {
        sqlx::query(
            "SELECT *, (SELECT COUNT(*) FROM iam_attachments a WHERE a.policy_id = iam_entities.entity_id) AS attachments, \
             (SELECT COUNT(*) FROM iam_entities b WHERE b.boundary_id = iam_entities.entity_id) AS bounded \
             FROM iam_entities JOIN iam_policies ON policy_id = entity_id \
             WHERE kind = $1 AND substr(path, 1, length($2)) = $2 ORDER BY name_folded",
        )
        .bind(kind.word())
        .bind(path_prefix)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(policy)
        .collect()
    }

    /// Makes a managed policy with its first version, 1, and its first tags. False if the name is taken.
    pub(crate) async fn insert_managed_policy(
        &self,
        entity: &EntityRow,
        description: Option<&str>,
        document: &str,
        tags: &[TagRow],
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        if !insert(&mut write, entity, tags).await? {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO iam_policies (policy_id, description, default_version, latest_version, updated) \
             VALUES ($1, $2, 1, 1, $3)",
        )
        .bind(&entity.id)
        .bind(description)
        .bind(entity.created)
        .execute(&mut *write)
        .await?;
        put_version(&mut write, &entity.id, 1, document, entity.created).await?;
        write.commit().await?;
        Ok(true)
    }

    /// A policy's versions, newest first.
    pub(crate) async fn policy_versions(
        &self,
        policy_id: &str,
    ) -> Result<Vec<PolicyVersionRow>, StoreError> {
        sqlx::query(
            "SELECT version, document, created FROM iam_policy_versions WHERE policy_id = $1 ORDER BY version DESC",
        )
        .bind(policy_id)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| {
            Ok(PolicyVersionRow {
                version: row.try_get("version")?,
                document: row.try_get("document")?,
                created: row.try_get("created")?,
            })
        })
        .collect()
    }

    /// Adds a version, unless the policy has `limit`, and says its number.
    pub(crate) async fn add_policy_version(
        &self,
        policy_id: &str,
        document: &str,
        as_default: bool,
        limit: i64,
        now_ms: i64,
    ) -> Result<Option<i64>, StoreError> {
        let mut write = self.write().await?;
        let row = sqlx::query(
            "SELECT latest_version, (SELECT COUNT(*) FROM iam_policy_versions WHERE policy_id = $1) AS n \
             FROM iam_policies WHERE policy_id = $1",
        )
        .bind(policy_id)
        .fetch_one(&mut *write)
        .await?;
        if row.try_get::<i64, _>("n")? >= limit {
            return Ok(None);
        }
        let version = row.try_get::<i64, _>("latest_version")?.saturating_add(1);
        sqlx::query(
            "UPDATE iam_policies SET latest_version = $2, updated = $3 WHERE policy_id = $1",
        )
        .bind(policy_id)
        .bind(version)
        .bind(now_ms)
        .execute(&mut *write)
        .await?;
        put_version(&mut write, policy_id, version, document, now_ms).await?;
        if as_default {
            make_default(&mut write, policy_id, version, now_ms).await?;
        }
        write.commit().await?;
        Ok(Some(version))
    }

    /// Makes a version the one that counts. False if there is none of that number.
    pub(crate) async fn set_default_version(
        &self,
        policy_id: &str,
        version: i64,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let made = make_default(&mut write, policy_id, version, now_ms).await?;
        write.commit().await?;
        Ok(made)
    }

    /// Removes a version that is not the default one.
    pub(crate) async fn delete_policy_version(
        &self,
        policy_id: &str,
        version: i64,
    ) -> Result<VersionDeletion, StoreError> {
        let mut write = self.write().await?;
        let default: i64 =
            sqlx::query("SELECT default_version FROM iam_policies WHERE policy_id = $1")
                .bind(policy_id)
                .fetch_one(&mut *write)
                .await?
                .try_get("default_version")?;
        if default == version {
            return Ok(VersionDeletion::IsDefault);
        }
        let gone =
            sqlx::query("DELETE FROM iam_policy_versions WHERE policy_id = $1 AND version = $2")
                .bind(policy_id)
                .bind(version)
                .execute(&mut *write)
                .await?;
        write.commit().await?;
        Ok(match gone.rows_affected() {
            0 => VersionDeletion::NoSuchVersion,
            _ => VersionDeletion::Deleted,
        })
    }
}

async fn put_version(
    write: &mut sqlx::Transaction<'_, sqlx::Any>,
    policy_id: &str,
    version: i64,
    document: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO iam_policy_versions (policy_id, version, document, created) VALUES ($1, $2, $3, $4)",
    )
    .bind(policy_id)
    .bind(version)
    .bind(document)
    .bind(now_ms)
    .execute(&mut **write)
    .await?;
    Ok(())
}

async fn make_default(
    write: &mut sqlx::Transaction<'_, sqlx::Any>,
    policy_id: &str,
    version: i64,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let made = sqlx::query(
        "UPDATE iam_policies SET default_version = $2, updated = $3 WHERE policy_id = $1 \
         AND EXISTS (SELECT 1 FROM iam_policy_versions WHERE policy_id = $1 AND version = $2)",
    )
    .bind(policy_id)
    .bind(version)
    .bind(now_ms)
    .execute(&mut **write)
    .await?;
    Ok(made.rows_affected() > 0)
}
