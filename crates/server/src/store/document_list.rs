//! Documents as lists, and what changes them as a whole: the default version, and deletion.

use super::documents::{DocumentRow, VersionRow, document, version};
use super::ssm_tags::{Tagged, forget};
use super::{Store, StoreError};

/// What became of a deletion of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum VersionDeleted {
    /// It is gone.
    Gone,
    /// There is no such version.
    Missing,
    /// It is the default version, which stays as long as it is.
    IsDefault,
}

impl Store {
    /// Up to `limit` documents by name, after the name `after`.
    pub(crate) async fn documents(
        &self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        sqlx::query(
            "SELECT name, default_version, latest_version, created FROM documents \
             WHERE name > $1 ORDER BY name LIMIT $2",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(document)
        .collect()
    }

    /// Up to `limit` versions of a document, newest first, before the version `before`.
    pub(crate) async fn document_versions(
        &self,
        name: &str,
        before: i64,
        limit: i64,
    ) -> Result<Vec<VersionRow>, StoreError> {
        sqlx::query(
            "SELECT version, version_name, format, content, hash, created FROM document_versions \
             WHERE name = $1 AND version < $2 ORDER BY version DESC LIMIT $3",
        )
        .bind(name)
        .bind(before)
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(version)
        .collect()
    }

    /// Makes a version the default. False if the document has no such version.
    pub(crate) async fn set_default_document_version(
        &self,
        name: &str,
        number: i64,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let done = sqlx::query(
            "UPDATE documents SET default_version = $2 WHERE name = $1 \
             AND EXISTS (SELECT 1 FROM document_versions WHERE name = $1 AND version = $2)",
        )
        .bind(name)
        .bind(number)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Deletes a document with all versions and tags. False if there is none.
    pub(crate) async fn delete_document(&self, name: &str) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let gone = sqlx::query("DELETE FROM documents WHERE name = $1")
            .bind(name)
            .execute(&mut *write)
            .await?;
        forget(&mut write, Tagged::Document(name)).await?;
        write.commit().await?;
        Ok(gone.rows_affected() > 0)
    }

    /// Deletes one version that is not the default. Where it was the latest, the one before it is the latest then.
    pub(crate) async fn delete_document_version(
        &self,
        name: &str,
        number: i64,
    ) -> Result<VersionDeleted, StoreError> {
        let mut write = self.write().await?;
        let default =
            sqlx::query("SELECT 1 FROM documents WHERE name = $1 AND default_version = $2")
                .bind(name)
                .bind(number)
                .fetch_optional(&mut *write)
                .await?;
        if default.is_some() {
            return Ok(VersionDeleted::IsDefault);
        }
        let gone = sqlx::query("DELETE FROM document_versions WHERE name = $1 AND version = $2")
            .bind(name)
            .bind(number)
            .execute(&mut *write)
            .await?;
        sqlx::query(
            "UPDATE documents SET latest_version = \
             (SELECT MAX(version) FROM document_versions WHERE name = $1) WHERE name = $1",
        )
        .bind(name)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(match gone.rows_affected() {
            0 => VersionDeleted::Missing,
            _ => VersionDeleted::Gone,
        })
    }
}
