//! Parameters of Parameter Store and their versions.
//!
//! The latest version of a name is the parameter; nothing else says which names there are.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::ssm_tags::{Tagged, forget, put};
use super::{Store, StoreError, TagRow};

/// What kind of value a parameter has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    /// Text.
    Text,
    /// Texts with commas between them.
    List,
    /// Text under a KMS key.
    Secure,
}

impl ParameterKind {
    /// As AWS and the database spell it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "String",
            Self::List => "StringList",
            Self::Secure => "SecureString",
        }
    }

    /// Reads [`ParameterKind::as_str`].
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Text, Self::List, Self::Secure]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// One version of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParameterRow {
    /// Its whole name, path and all.
    pub(crate) name: String,
    /// From 1.
    pub(crate) version: i64,
    /// What kind of value it has.
    pub(crate) kind: ParameterKind,
    /// Sealed.
    pub(crate) value: Vec<u8>,
    /// The key of a secure one, as its author named it.
    pub(crate) kms_key: Option<String>,
    /// In words.
    pub(crate) description: Option<String>,
    /// What later values must look like.
    pub(crate) allowed_pattern: Option<String>,
    /// Milliseconds.
    pub(crate) modified: i64,
    /// The ARN of who made this version.
    pub(crate) modified_by: String,
}

/// What became of a new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum ParameterStored {
    /// It is the latest.
    Stored,
    /// Somebody else was faster: the version before it is no longer the latest.
    Overtaken,
    /// There are as many parameters as there may be.
    Full,
}

fn parameter(row: &AnyRow) -> Result<ParameterRow, StoreError> {
    Ok(ParameterRow {
        name: row.try_get("name")?,
        version: row.try_get("version")?,
        // What is not known is treated as a secret.
        kind: ParameterKind::parse(row.try_get("kind")?).unwrap_or(ParameterKind::Secure),
        value: row.try_get("value")?,
        kms_key: row.try_get("kms_key")?,
        description: row.try_get("description")?,
        allowed_pattern: row.try_get("allowed_pattern")?,
        modified: row.try_get("modified")?,
        modified_by: row.try_get("modified_by")?,
    })
}

impl Store {
    /// One version of a parameter; without a version the latest.
    pub(crate) async fn parameter(
        &self,
        name: &str,
        version: Option<i64>,
    ) -> Result<Option<ParameterRow>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM parameters WHERE name = $1 AND ($2 = 0 OR version = $2) \
             ORDER BY version DESC LIMIT 1",
        )
        .bind(name)
        .bind(version.unwrap_or(0))
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(parameter).transpose()
    }

    /// The latest versions of up to `limit` parameters that begin with `prefix`, by name, after the name `after`.
    pub(crate) async fn parameters(
        &self,
        prefix: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ParameterRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM parameters AS latest WHERE name > $1 AND substr(name, 1, length($2)) = $2 \
             AND version = (SELECT MAX(version) FROM parameters WHERE name = latest.name) ORDER BY name LIMIT $3",
        )
        .bind(after)
        .bind(prefix)
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(parameter)
        .collect()
    }

    /// Stores the next version of a parameter, with tags where it is the first, and forgets those older than `kept`
    /// versions; unless there are `limit` parameters.
    pub(crate) async fn insert_parameter(
        &self,
        row: &ParameterRow,
        tags: &[TagRow],
        kept: i64,
        limit: i64,
    ) -> Result<ParameterStored, StoreError> {
        let mut write = self.write().await?;
        let latest: Option<i64> =
            sqlx::query("SELECT MAX(version) AS latest FROM parameters WHERE name = $1")
                .bind(&row.name)
                .fetch_one(&mut *write)
                .await?
                .try_get("latest")?;
        if latest.unwrap_or(0) + 1 != row.version {
            return Ok(ParameterStored::Overtaken);
        }
        let names: i64 = sqlx::query("SELECT COUNT(DISTINCT name) AS n FROM parameters")
            .fetch_one(&mut *write)
            .await?
            .try_get("n")?;
        if latest.is_none() && names >= limit {
            return Ok(ParameterStored::Full);
        }
        sqlx::query(
            "INSERT INTO parameters (name, version, kind, value, kms_key, description, allowed_pattern, modified, \
             modified_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(&row.name)
        .bind(row.version)
        .bind(row.kind.as_str())
        .bind(&row.value)
        .bind(&row.kms_key)
        .bind(&row.description)
        .bind(&row.allowed_pattern)
        .bind(row.modified)
        .bind(&row.modified_by)
        .execute(&mut *write)
        .await?;
        sqlx::query("DELETE FROM parameters WHERE name = $1 AND version <= $2")
            .bind(&row.name)
            .bind(row.version - kept)
            .execute(&mut *write)
            .await?;
        put(&mut write, Tagged::Parameter(&row.name), tags).await?;
        write.commit().await?;
        Ok(ParameterStored::Stored)
    }

    /// Deletes a parameter with all versions and tags. False if there is none.
    pub(crate) async fn delete_parameter(&self, name: &str) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let gone = sqlx::query("DELETE FROM parameters WHERE name = $1")
            .bind(name)
            .execute(&mut *write)
            .await?;
        forget(&mut write, Tagged::Parameter(name)).await?;
        write.commit().await?;
        Ok(gone.rows_affected() > 0)
    }
}
