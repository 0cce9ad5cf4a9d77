//! IAM roles with their trust policies. What hangs on a role is in `role_attachments`.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::iam::{TagRow, folded};
use super::role_attachments::put_role_tag;
use super::{Store, StoreError};

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleRow {
    /// `AROA…`, never used again after deletion.
    pub(crate) role_id: String,
    /// As given at creation.
    pub(crate) name: String,
    /// Begins and ends with `/`.
    pub(crate) path: String,
    /// Who may assume it.
    pub(crate) trust: TrustRow,
    /// In words.
    pub(crate) description: Option<String>,
    /// The longest life of its temporary keys.
    pub(crate) max_session_seconds: i64,
    /// Milliseconds.
    pub(crate) created: i64,
}

impl RoleRow {
    /// `team/web/deploy`, as it stands in the ARN behind `role/`.
    pub(crate) fn path_and_name(&self) -> String {
        let path = self.path.strip_prefix('/').unwrap_or(&self.path);
        format!("{path}{}", self.name)
    }
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
        role_id: row.try_get("role_id")?,
        name: row.try_get("name")?,
        path: row.try_get("path")?,
        trust: TrustRow {
            document: row.try_get("trust")?,
            ids: row.try_get("trusted_ids")?,
        },
        description: row.try_get("description")?,
        max_session_seconds: row.try_get("max_session_seconds")?,
        created: row.try_get("created")?,
    })
}

impl Store {
    /// The role of that name, in any case.
    pub(crate) async fn role_named(&self, name: &str) -> Result<Option<RoleRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM iam_roles WHERE name_folded = $1")
            .bind(folded(name))
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(role).transpose()
    }

    /// The role with that id.
    pub(crate) async fn role_with_id(&self, role_id: &str) -> Result<Option<RoleRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM iam_roles WHERE role_id = $1")
            .bind(role_id)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(role).transpose()
    }

    /// Roles whose path begins with `path_prefix`, by name, after the folded name `after`.
    pub(crate) async fn roles(
        &self,
        path_prefix: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<RoleRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM iam_roles \
             WHERE substr(path, 1, length($1)) = $1 AND name_folded > $2 ORDER BY name_folded LIMIT $3",
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
        let made = sqlx::query(
            "INSERT INTO iam_roles (role_id, name, name_folded, path, trust, trusted_ids, description, \
             max_session_seconds, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        )
        .bind(&role.role_id)
        .bind(&role.name)
        .bind(folded(&role.name))
        .bind(&role.path)
        .bind(&role.trust.document)
        .bind(&role.trust.ids)
        .bind(&role.description)
        .bind(role.max_session_seconds)
        .bind(role.created)
        .execute(&mut *write)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(false);
        }
        for tag in tags {
            put_role_tag(&mut write, &role.role_id, tag).await?;
        }
        write.commit().await?;
        Ok(true)
    }

    /// Removes a role that has no policies, and with it the temporary keys of its sessions. False if it has some.
    pub(crate) async fn delete_role(&self, role_id: &str) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let gone = sqlx::query(
            "DELETE FROM iam_roles WHERE role_id = $1 \
             AND NOT EXISTS (SELECT 1 FROM iam_role_policies WHERE role_id = $1)",
        )
        .bind(role_id)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(gone.rows_affected() > 0)
    }

    /// Replaces a role's trust policy.
    pub(crate) async fn set_trust(
        &self,
        role_id: &str,
        trust: &TrustRow,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE iam_roles SET trust = $1, trusted_ids = $2 WHERE role_id = $3")
            .bind(&trust.document)
            .bind(&trust.ids)
            .bind(role_id)
            .execute(&mut *write)
            .await?;
        Ok(write.commit().await?)
    }
}
