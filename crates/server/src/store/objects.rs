//! Objects of the embedded S3, and the files that hold their bytes.
//!
//! Owns one invariant: a row of an object and the rows of its files come and go in one transaction, and whoever removes
//! rows is told which files nobody needs any more.

use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use super::{Store, StoreError};

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectRow {
    /// Its bucket.
    pub(crate) bucket: String,
    /// Its key, as bytes.
    pub(crate) key: Vec<u8>,
    /// Never used again; the owner of its files.
    pub(crate) object_id: String,
    /// Bytes.
    pub(crate) size: i64,
    /// Milliseconds.
    pub(crate) modified: i64,
    /// Without quotes.
    pub(crate) etag: String,
    /// JSON.
    pub(crate) terms: String,
}

/// A file of an object or of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartRow {
    /// Its place in the object, from 1.
    pub(crate) number: i64,
    /// The file's name.
    pub(crate) file: String,
    /// Bytes.
    pub(crate) size: i64,
    /// Without quotes.
    pub(crate) etag: String,
    /// Milliseconds.
    pub(crate) modified: i64,
    /// What opens the file.
    pub(crate) sealed_key: Vec<u8>,
}

/// How an attempt to store an object ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stored {
    /// It is there. These files nobody needs any more.
    Yes(Vec<String>),
    /// There is no such bucket.
    NoBucket,
    /// It was to be created and is there already.
    Exists,
}

fn object(row: &AnyRow) -> Result<ObjectRow, StoreError> {
    Ok(ObjectRow {
        bucket: row.try_get("bucket")?,
        key: row.try_get("object_key")?,
        object_id: row.try_get("object_id")?,
        size: row.try_get("size")?,
        modified: row.try_get("modified")?,
        etag: row.try_get("etag")?,
        terms: row.try_get("terms")?,
    })
}

pub(super) fn part(row: &AnyRow) -> Result<PartRow, StoreError> {
    Ok(PartRow {
        number: row.try_get("number")?,
        file: row.try_get("file")?,
        size: row.try_get("size")?,
        etag: row.try_get("etag")?,
        modified: row.try_get("modified")?,
        sealed_key: row.try_get("sealed_key")?,
    })
}

impl Store {
    /// The object at that key.
    pub(crate) async fn object(
        &self,
        bucket: &str,
        key: &[u8],
    ) -> Result<Option<ObjectRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM objects WHERE bucket = $1 AND object_key = $2")
            .bind(bucket)
            .bind(key)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(object).transpose()
    }

    /// At most `most` objects of a bucket whose keys are not before `from`, by key.
    pub(crate) async fn objects_from(
        &self,
        bucket: &str,
        from: &[u8],
        most: i64,
    ) -> Result<Vec<ObjectRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM objects WHERE bucket = $1 AND object_key >= $2 ORDER BY object_key LIMIT $3",
        )
        .bind(bucket)
        .bind(from)
        .bind(most)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(object)
        .collect()
    }

    /// The files of an object or upload, in their order.
    pub(crate) async fn object_parts(&self, owner_id: &str) -> Result<Vec<PartRow>, StoreError> {
        sqlx::query("SELECT * FROM object_parts WHERE owner_id = $1 ORDER BY number")
            .bind(owner_id)
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(part)
            .collect()
    }

    /// Whether any object or upload has that file.
    pub(crate) async fn is_object_file(&self, file: &str) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 FROM object_parts WHERE file = $1")
            .bind(file)
            .fetch_optional(self.readers())
            .await?;
        Ok(row.is_some())
    }

    /// Stores an object of one file, in the place of what is there unless `create_only`.
    pub(crate) async fn put_object(
        &self,
        row: &ObjectRow,
        file: &PartRow,
        create_only: bool,
    ) -> Result<Stored, StoreError> {
        let mut write = self.write().await?;
        let stored = take_place(&mut write, row, create_only).await?;
        if matches!(stored, Stored::Yes(_)) {
            insert_part(&mut write, &row.object_id, file).await?;
        }
        write.commit().await?;
        Ok(stored)
    }

    /// Removes an object if there is one, and says which files nobody needs any more.
    pub(crate) async fn delete_object(
        &self,
        bucket: &str,
        key: &[u8],
    ) -> Result<Vec<String>, StoreError> {
        let mut write = self.write().await?;
        let freed = remove(&mut write, bucket, key).await?;
        write.commit().await?;
        Ok(freed)
    }
}

/// Puts the row of an object in its place; its files are the caller's to add.
pub(super) async fn take_place(
    write: &mut Transaction<'static, Any>,
    row: &ObjectRow,
    create_only: bool,
) -> Result<Stored, StoreError> {
    let bucket = sqlx::query("SELECT 1 FROM buckets WHERE name = $1")
        .bind(&row.bucket)
        .fetch_optional(&mut **write)
        .await?;
    if bucket.is_none() {
        return Ok(Stored::NoBucket);
    }
    let there = sqlx::query("SELECT 1 FROM objects WHERE bucket = $1 AND object_key = $2")
        .bind(&row.bucket)
        .bind(row.key.as_slice())
        .fetch_optional(&mut **write)
        .await?;
    if create_only && there.is_some() {
        return Ok(Stored::Exists);
    }
    let freed = remove(write, &row.bucket, &row.key).await?;
    sqlx::query(
        "INSERT INTO objects (bucket, object_key, object_id, size, modified, etag, terms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&row.bucket)
    .bind(row.key.as_slice())
    .bind(&row.object_id)
    .bind(row.size)
    .bind(row.modified)
    .bind(&row.etag)
    .bind(&row.terms)
    .execute(&mut **write)
    .await?;
    Ok(Stored::Yes(freed))
}

/// Adds a file to an object or upload.
pub(super) async fn insert_part(
    write: &mut Transaction<'static, Any>,
    owner_id: &str,
    part: &PartRow,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO object_parts (owner_id, number, file, size, etag, modified, sealed_key) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(owner_id)
    .bind(part.number)
    .bind(&part.file)
    .bind(part.size)
    .bind(&part.etag)
    .bind(part.modified)
    .bind(part.sealed_key.as_slice())
    .execute(&mut **write)
    .await?;
    Ok(())
}

/// Removes the files' rows of an owner and names the files.
pub(super) async fn remove_parts(
    write: &mut Transaction<'static, Any>,
    owner_id: &str,
) -> Result<Vec<String>, StoreError> {
    let files = sqlx::query("SELECT file FROM object_parts WHERE owner_id = $1")
        .bind(owner_id)
        .fetch_all(&mut **write)
        .await?;
    sqlx::query("DELETE FROM object_parts WHERE owner_id = $1")
        .bind(owner_id)
        .execute(&mut **write)
        .await?;
    files.iter().map(|row| Ok(row.try_get("file")?)).collect()
}

async fn remove(
    write: &mut Transaction<'static, Any>,
    bucket: &str,
    key: &[u8],
) -> Result<Vec<String>, StoreError> {
    let row = sqlx::query("SELECT * FROM objects WHERE bucket = $1 AND object_key = $2")
        .bind(bucket)
        .bind(key)
        .fetch_optional(&mut **write)
        .await?;
    let Some(there) = row.as_ref().map(object).transpose()? else {
        return Ok(Vec::new());
    };
    sqlx::query("DELETE FROM objects WHERE object_id = $1")
        .bind(&there.object_id)
        .execute(&mut **write)
        .await?;
    remove_parts(write, &there.object_id).await
}
