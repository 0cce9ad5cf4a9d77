//! Values that exist once per server and are kept sealed under the root key.

use sqlx::Row;

use super::{Store, StoreError};

impl Store {
    /// Whether there is a secret already: every database that a server has used holds one.
    pub(crate) async fn has_sealed_values(&self) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT name FROM sealed_values LIMIT 1")
            .fetch_optional(self.readers())
            .await?;
        Ok(row.is_some())
    }

    /// The sealed value of that name.
    pub(crate) async fn sealed_value(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("SELECT sealed FROM sealed_values WHERE name = $1")
            .bind(name)
            .fetch_optional(self.readers())
            .await?;
        Ok(row.map(|row| row.try_get("sealed")).transpose()?)
    }

    /// Stores a value once; an existing one stays.
    pub(crate) async fn insert_sealed_value(
        &self,
        name: &str,
        sealed: &[u8],
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("INSERT INTO sealed_values (name, sealed, created) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(name)
            .bind(sealed)
            .bind(now_ms)
            .execute(&mut *write)
            .await?;
        Ok(write.commit().await?)
    }
}
