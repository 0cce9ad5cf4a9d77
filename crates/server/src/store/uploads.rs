//! Uploads in parts to the embedded S3, until they are complete or given up.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::objects::{insert_part, part, remove_parts, take_place};
use super::{ObjectRow, PartRow, Store, StoreError, Stored};

/// An upload that is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadRow {
    /// Its id; the object's, later.
    pub(crate) upload_id: String,
    /// The bucket that it is for.
    pub(crate) bucket: String,
    /// The key that it is for.
    pub(crate) key: Vec<u8>,
    /// Milliseconds.
    pub(crate) started: i64,
    /// JSON.
    pub(crate) terms: String,
}

fn upload(row: &AnyRow) -> Result<UploadRow, StoreError> {
    Ok(UploadRow {
        upload_id: row.try_get("upload_id")?,
        bucket: row.try_get("bucket")?,
        key: row.try_get("object_key")?,
        started: row.try_get("started")?,
        terms: row.try_get("terms")?,
    })
}

impl Store {
    /// Begins an upload. False if there is no such bucket, or it has `most` uploads already.
    pub(crate) async fn insert_upload(
        &self,
        row: &UploadRow,
        most: i64,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let made = sqlx::query(
            "INSERT INTO uploads (upload_id, bucket, object_key, started, terms) SELECT $1, $2, $3, $4, $5 \
             WHERE EXISTS (SELECT 1 FROM buckets WHERE name = $2) \
             AND (SELECT COUNT(*) FROM uploads WHERE bucket = $2) < $6",
        )
        .bind(&row.upload_id)
        .bind(&row.bucket)
        .bind(row.key.as_slice())
        .bind(row.started)
        .bind(&row.terms)
        .bind(most)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(made.rows_affected() > 0)
    }

    /// The upload of that id, if it is for that key.
    pub(crate) async fn upload(
        &self,
        upload_id: &str,
        bucket: &str,
        key: &[u8],
    ) -> Result<Option<UploadRow>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM uploads WHERE upload_id = $1 AND bucket = $2 AND object_key = $3",
        )
        .bind(upload_id)
        .bind(bucket)
        .bind(key)
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(upload).transpose()
    }

    /// A bucket's uploads, by key.
    pub(crate) async fn uploads(&self, bucket: &str) -> Result<Vec<UploadRow>, StoreError> {
        sqlx::query("SELECT * FROM uploads WHERE bucket = $1 ORDER BY object_key, upload_id")
            .bind(bucket)
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(upload)
            .collect()
    }

    /// Adds a part to an upload, in the place of the one of its number, and says which files nobody needs any more. None
    /// if there is no such upload.
    pub(crate) async fn put_part(
        &self,
        upload_id: &str,
        row: &PartRow,
    ) -> Result<Option<Vec<String>>, StoreError> {
        let mut write = self.write().await?;
        let there = sqlx::query("SELECT 1 FROM uploads WHERE upload_id = $1")
            .bind(upload_id)
            .fetch_optional(&mut *write)
            .await?;
        if there.is_none() {
            return Ok(None);
        }
        let old = sqlx::query("SELECT file FROM object_parts WHERE owner_id = $1 AND number = $2")
            .bind(upload_id)
            .bind(row.number)
            .fetch_optional(&mut *write)
            .await?;
        let freed = match old {
            Some(old) => vec![old.try_get("file")?],
            None => Vec::new(),
        };
        sqlx::query("DELETE FROM object_parts WHERE owner_id = $1 AND number = $2")
            .bind(upload_id)
            .bind(row.number)
            .execute(&mut *write)
            .await?;
        insert_part(&mut write, upload_id, row).await?;
        write.commit().await?;
        Ok(Some(freed))
    }

    /// Makes an upload the object `row`, of exactly these of its parts. None if it is no longer as `parts` says.
    pub(crate) async fn complete_upload(
        &self,
        row: &ObjectRow,
        parts: &[PartRow],
        create_only: bool,
    ) -> Result<Option<Stored>, StoreError> {
        let mut write = self.write().await?;
        let ended = sqlx::query("DELETE FROM uploads WHERE upload_id = $1")
            .bind(&row.object_id)
            .execute(&mut *write)
            .await?;
        let there = sqlx::query("SELECT * FROM object_parts WHERE owner_id = $1 ORDER BY number")
            .bind(&row.object_id)
            .fetch_all(&mut *write)
            .await?;
        let there: Vec<PartRow> = there.iter().map(part).collect::<Result<_, _>>()?;
        let is_chosen = |one: &PartRow| parts.contains(one);
        let chosen = there.iter().filter(|one| is_chosen(one)).count();
        if ended.rows_affected() == 0 || chosen != parts.len() {
            return Ok(None);
        }
        let stored = take_place(&mut write, row, create_only).await?;
        let Stored::Yes(mut freed) = stored else {
            return Ok(Some(stored));
        };
        for left in there.iter().filter(|one| !is_chosen(one)) {
            sqlx::query("DELETE FROM object_parts WHERE file = $1")
                .bind(&left.file)
                .execute(&mut *write)
                .await?;
            freed.push(left.file.clone());
        }
        write.commit().await?;
        Ok(Some(Stored::Yes(freed)))
    }

    /// Gives up an upload and says which files nobody needs any more. None if there is no such upload.
    pub(crate) async fn delete_upload(
        &self,
        upload_id: &str,
    ) -> Result<Option<Vec<String>>, StoreError> {
        let mut write = self.write().await?;
        let ended = sqlx::query("DELETE FROM uploads WHERE upload_id = $1")
            .bind(upload_id)
            .execute(&mut *write)
            .await?;
        if ended.rows_affected() == 0 {
            return Ok(None);
        }
        let freed = remove_parts(&mut write, upload_id).await?;
        write.commit().await?;
        Ok(Some(freed))
    }
}
