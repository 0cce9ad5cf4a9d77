//! Session documents and their versions.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::ssm_tags::{Tagged, put};
use super::{Store, StoreError, TagRow};

/// A document without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentRow {
    /// Its name, case-sensitive.
    pub(crate) name: String,
    /// What is used when no version is named.
    pub(crate) default_version: i64,
    /// The newest version.
    pub(crate) latest_version: i64,
    /// Milliseconds.
    pub(crate) created: i64,
}

/// One version's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VersionRow {
    /// Counted from 1.
    pub(crate) version: i64,
    /// The name the author gave it.
    pub(crate) version_name: Option<String>,
    /// `JSON` or `YAML`.
    pub(crate) format: String,
    /// The text as it was given.
    pub(crate) content: String,
    /// SHA-256 of the text, hex.
    pub(crate) hash: String,
    /// Milliseconds.
    pub(crate) created: i64,
}

/// What became of a new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Appended {
    /// Stored under this number.
    As(i64),
    /// Another version has the same content.
    SameContent,
    /// Another version has the same version name.
    SameVersionName,
    /// There are as many versions as allowed.
    TooMany,
}

pub(super) fn document(row: &AnyRow) -> Result<DocumentRow, StoreError> {
    Ok(DocumentRow {
        name: row.try_get("name")?,
        default_version: row.try_get("default_version")?,
        latest_version: row.try_get("latest_version")?,
        created: row.try_get("created")?,
    })
}

pub(super) fn version(row: &AnyRow) -> Result<VersionRow, StoreError> {
    Ok(VersionRow {
        version: row.try_get("version")?,
        version_name: row.try_get("version_name")?,
        format: row.try_get("format")?,
        content: row.try_get("content")?,
        hash: row.try_get("hash")?,
        created: row.try_get("created")?,
    })
}

impl Store {
    /// The document of that name.
    pub(crate) async fn document(&self, name: &str) -> Result<Option<DocumentRow>, StoreError> {
        let row = sqlx::query(
            "SELECT name, default_version, latest_version, created FROM documents WHERE name = $1",
        )
        .bind(name)
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(document).transpose()
    }

    /// One version of a document.
    pub(crate) async fn document_version(
        &self,
        name: &str,
        number: i64,
    ) -> Result<Option<VersionRow>, StoreError> {
        let row = sqlx::query(
            "SELECT version, version_name, format, content, hash, created FROM document_versions \
             WHERE name = $1 AND version = $2",
        )
        .bind(name)
        .bind(number)
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(version).transpose()
    }

    /// The version its author called `version_name`.
    pub(crate) async fn document_version_named(
        &self,
        name: &str,
        version_name: &str,
    ) -> Result<Option<VersionRow>, StoreError> {
        let row = sqlx::query(
            "SELECT version, version_name, format, content, hash, created FROM document_versions \
             WHERE name = $1 AND version_name = $2",
        )
        .bind(name)
        .bind(version_name)
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(version).transpose()
    }

    /// Makes a document with its first version, which is also the default, and its tags. False if the name is taken.
    pub(crate) async fn insert_document(
        &self,
        name: &str,
        first: &VersionRow,
        tags: &[TagRow],
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let made = sqlx::query(
            "INSERT INTO documents (name, default_version, latest_version, created) VALUES ($1, $2, $2, $3) \
             ON CONFLICT DO NOTHING",
        )
        .bind(name)
        .bind(first.version)
        .bind(first.created)
        .execute(&mut *write)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(false);
        }
        insert_version(&mut write, name, first).await?;
        put(&mut write, Tagged::Document(name), tags).await?;
        write.commit().await?;
        Ok(true)
    }

    /// Adds `new` as the version after `latest`; its own number is not looked at. The default stays.
    pub(crate) async fn append_document_version(
        &self,
        name: &str,
        new: &VersionRow,
        limit: i64,
    ) -> Result<Appended, StoreError> {
        let mut write = self.write().await?;
        let same = sqlx::query("SELECT hash, version_name FROM document_versions WHERE name = $1 AND (hash = $2 OR version_name = $3)")
            .bind(name)
            .bind(&new.hash)
            .bind(new.version_name.as_deref())
            .fetch_optional(&mut *write)
            .await?;
        if let Some(row) = same {
            let hash: String = row.try_get("hash")?;
            return Ok(if hash == new.hash {
                Appended::SameContent
            } else {
                Appended::SameVersionName
            });
        }
        let latest: i64 = sqlx::query("SELECT latest_version FROM documents WHERE name = $1")
            .bind(name)
            .fetch_one(&mut *write)
            .await?
            .try_get("latest_version")?;
        if latest >= limit {
            return Ok(Appended::TooMany);
        }
        let number = latest + 1;
        insert_version(
            &mut write,
            name,
            &VersionRow {
                version: number,
                ..new.clone()
            },
        )
        .await?;
        sqlx::query("UPDATE documents SET latest_version = $2 WHERE name = $1")
            .bind(name)
            .bind(number)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        Ok(Appended::As(number))
    }
}

async fn insert_version(
    write: &mut sqlx::Transaction<'_, sqlx::Any>,
    name: &str,
    row: &VersionRow,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO document_versions (name, version, version_name, format, content, hash, created) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(name)
    .bind(row.version)
    .bind(row.version_name.as_deref())
    .bind(&row.format)
    .bind(&row.content)
    .bind(&row.hash)
    .bind(row.created)
    .execute(&mut **write)
    .await?;
    Ok(())
}
