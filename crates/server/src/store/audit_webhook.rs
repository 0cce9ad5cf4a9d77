//! How far the trail's records were sent to the webhook.

use sqlx::Row;

use super::{Store, StoreError};

impl Store {
    /// Where sending begins, unless it has begun already: after the record of that number.
    pub(crate) async fn begin_audit_webhook(&self, number: i64) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO audit_webhook (name, number) VALUES ('webhook', $1) ON CONFLICT (name) DO NOTHING",
        )
        .bind(number)
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }

    /// The number of the last record that is through; zero where none is.
    pub(crate) async fn audit_webhook_place(&self) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT number FROM audit_webhook WHERE name = 'webhook'")
            .fetch_optional(self.readers())
            .await?;
        row.map_or(Ok(0), |row| Ok(row.try_get("number")?))
    }

    /// The records up to that number are through.
    pub(crate) async fn mark_audit_webhook(&self, number: i64) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE audit_webhook SET number = $1 WHERE name = 'webhook'")
            .bind(number)
            .execute(&mut *write)
            .await?;
        Ok(write.commit().await?)
    }
}
