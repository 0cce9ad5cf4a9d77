//! Buckets of the embedded S3.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError};

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketRow {
    /// Its name.
    pub(crate) name: String,
    /// Milliseconds.
    pub(crate) created: i64,
}

/// How an attempt to remove a bucket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BucketRemoval {
    /// It is gone.
    Removed,
    /// There is none.
    Missing,
    /// There are objects or uploads in it.
    NotEmpty,
}

fn bucket(row: &AnyRow) -> Result<BucketRow, StoreError> {
    Ok(BucketRow {
        name: row.try_get("name")?,
        created: row.try_get("created")?,
    })
}

impl Store {
    /// The bucket of that name.
    pub(crate) async fn bucket(&self, name: &str) -> Result<Option<BucketRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM buckets WHERE name = $1")
            .bind(name)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(bucket).transpose()
    }

    /// All buckets, by name.
    pub(crate) async fn buckets(&self) -> Result<Vec<BucketRow>, StoreError> {
        sqlx::query("SELECT * FROM buckets ORDER BY name")
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(bucket)
            .collect()
    }

    /// Makes a bucket. False if the name is taken, or there are `most` buckets already.
    pub(crate) async fn insert_bucket(
        &self,
        name: &str,
        created: i64,
        most: i64,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let made = sqlx::query(
            "INSERT INTO buckets (name, created) SELECT $1, $2 WHERE (SELECT COUNT(*) FROM buckets) < $3 \
             ON CONFLICT DO NOTHING",
        )
        .bind(name)
        .bind(created)
        .bind(most)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(made.rows_affected() > 0)
    }

    /// Removes a bucket that nothing is in.
    pub(crate) async fn delete_bucket(&self, name: &str) -> Result<BucketRemoval, StoreError> {
        let mut write = self.write().await?;
        let removed = sqlx::query(
            "DELETE FROM buckets WHERE name = $1 \
             AND NOT EXISTS (SELECT 1 FROM objects WHERE bucket = $1) \
             AND NOT EXISTS (SELECT 1 FROM uploads WHERE bucket = $1)",
        )
        .bind(name)
        .execute(&mut *write)
        .await?;
        let left = sqlx::query("SELECT 1 FROM buckets WHERE name = $1")
            .bind(name)
            .fetch_optional(&mut *write)
            .await?;
        write.commit().await?;
        Ok(match (removed.rows_affected(), left) {
            (0, None) => BucketRemoval::Missing,
            (0, Some(_)) => BucketRemoval::NotEmpty,
            _ => BucketRemoval::Removed,
        })
    }
}
