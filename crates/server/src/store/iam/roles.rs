//! What only a role has: who may assume it, and for how long.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::entities::{entity, insert};
use super::{EntityRow, TagRow, folded};
use crate::store::{Store, StoreError};

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleRow {
    /// `AROA…`, name, path.
    pub(crate) entity: EntityRow,
    /// Who may assume it.
    pub(crate) trust: TrustRow,
    /// In words.
    pub(crate) description: Option<String>,
    /// The longest life of its temporary keys.
    pub(crate) max_session_seconds: i64,
}

/// A trust policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrustRow {
    /// The JSON text as it was given.
    pub(crate) document: String,
    /// A JSON object: the ids behind the ARNs it names.
    pub(crate) ids: String,
}

fn role(row: &AnyRow) -> Result<RoleRow, StoreError> {
    Ok(RoleRow {
        entity: entity(row)?,
        trust: TrustRow {
            document: row.try_get("trust")?,
            ids: row.try_get("trusted_ids")?,
        },
        description: row.try_get("description")?,
        max_session_seconds: row.try_get("max_session_seconds")?,
    })
}

impl Store {
    /// The role of that name, in any case.
    pub(crate) async fn role_named(&self, name: &str) -> Result<Option<RoleRow>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM iam_entities JOIN iam_role_trusts ON role_id = entity_id \
             WHERE kind = 'role' AND name_folded = $1",
        )
        .bind(folded(name))
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(role).transpose()
    }

    /// Roles whose path begins with `path_prefix`, by name, after the name `after`.
    pub(crate) async fn roles(
        &self,
        path_prefix: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<RoleRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM iam_entities JOIN iam_role_trusts ON role_id = entity_id \
             WHERE kind = 'role' AND substr(path, 1, length($1)) = $1 AND name_folded > $2 \
             ORDER BY name_folded LIMIT $3",
        )
        .bind(path_prefix)
        .bind(folded(after))
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(role)
        .collect()
    }

    /// Makes a role with its first tags. False if the name is taken.
    pub(crate) async fn insert_role(
        &self,
        role: &RoleRow,
        tags: &[TagRow],
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        if !insert(&mut write, &role.entity, tags).await? {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO iam_role_trusts (role_id, trust, trusted_ids, description, max_session_seconds) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&role.entity.id)
        .bind(&role.trust.document)
        .bind(&role.trust.ids)
        .bind(&role.description)
        .bind(role.max_session_seconds)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(true)
    }

    /// Replaces a role's description and the longest life of its keys, each where it is given.
    pub(crate) async fn change_role(
        &self,
        role_id: &str,
        description: Option<&str>,
        max_session_seconds: Option<i64>,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "UPDATE iam_role_trusts SET description = COALESCE($1, description), \
             max_session_seconds = COALESCE($2, max_session_seconds) WHERE role_id = $3",
        )
        .bind(description)
        .bind(max_session_seconds)
        .bind(role_id)
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }

    /// Replaces a role's trust policy.
    pub(crate) async fn set_trust(
        &self,
        role_id: &str,
        trust: &TrustRow,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE iam_role_trusts SET trust = $1, trusted_ids = $2 WHERE role_id = $3")
            .bind(&trust.document)
            .bind(&trust.ids)
            .bind(role_id)
            .execute(&mut *write)
            .await?;
        Ok(write.commit().await?)
    }
}
