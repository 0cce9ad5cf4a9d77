//! Grants on KMS keys.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError};

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GrantRow {
    /// 64 hexadecimal digits.
    pub(crate) grant_id: String,
    /// The key it is on.
    pub(crate) key_id: String,
    /// The name that makes a repeated CreateGrant the same grant.
    pub(crate) name: Option<String>,
    /// What its grant token is compared with.
    pub(crate) token_hash: Vec<u8>,
    /// Who may: ARN and the id behind it.
    pub(crate) grantee: (String, String),
    /// Who may retire it: ARN and id.
    pub(crate) retiring: Option<(String, String)>,
    /// A JSON list of operations.
    pub(crate) operations: String,
    /// A JSON object.
    pub(crate) constraints: String,
    /// Milliseconds.
    pub(crate) created: i64,
}

fn grant(row: &AnyRow) -> Result<GrantRow, StoreError> {
    let retiring: Option<String> = row.try_get("retiring")?;
    let retiring_id: Option<String> = row.try_get("retiring_id")?;
    Ok(GrantRow {
        grant_id: row.try_get("grant_id")?,
        key_id: row.try_get("key_id")?,
        name: row.try_get("name")?,
        token_hash: row.try_get("token_hash")?,
        grantee: (row.try_get("grantee")?, row.try_get("grantee_id")?),
        retiring: retiring.zip(retiring_id),
        operations: row.try_get("operations")?,
        constraints: row.try_get("limits")?,
        created: row.try_get("created")?,
    })
}

impl Store {
    /// A key's grants in the order of their ids, after `after`.
    pub(crate) async fn grants(
        &self,
        key_id: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<GrantRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM kms_grants WHERE key_id = $1 AND grant_id > $2 ORDER BY grant_id LIMIT $3",
        )
        .bind(key_id)
        .bind(after)
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(grant)
        .collect()
    }

    /// The grants on a key whose grantee has this id.
    pub(crate) async fn grants_to(
        &self,
        key_id: &str,
        grantee_id: &str,
    ) -> Result<Vec<GrantRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM kms_grants WHERE key_id = $1 AND grantee_id = $2 ORDER BY grant_id",
        )
        .bind(key_id)
        .bind(grantee_id)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(grant)
        .collect()
    }

    /// The grant with this id, or the one whose token has this hash.
    pub(crate) async fn grant(
        &self,
        grant_id: &str,
        token_hash: &[u8],
    ) -> Result<Option<GrantRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM kms_grants WHERE grant_id = $1 OR token_hash = $2")
            .bind(grant_id)
            .bind(token_hash)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(grant).transpose()
    }

    /// Makes a grant, unless the key has `limit` of them. False if it has.
    pub(crate) async fn insert_grant(
        &self,
        grant: &GrantRow,
        limit: i64,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let made = sqlx::query(
            "INSERT INTO kms_grants (grant_id, key_id, name, token_hash, grantee, grantee_id, retiring, \
             retiring_id, operations, limits, created) \
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 \
             WHERE (SELECT COUNT(*) FROM kms_grants WHERE key_id = $2) < $12",
        )
        .bind(&grant.grant_id)
        .bind(&grant.key_id)
        .bind(&grant.name)
        .bind(&grant.token_hash)
        .bind(&grant.grantee.0)
        .bind(&grant.grantee.1)
        .bind(grant.retiring.as_ref().map(|(arn, _)| arn))
        .bind(grant.retiring.as_ref().map(|(_, id)| id))
        .bind(&grant.operations)
        .bind(&grant.constraints)
        .bind(grant.created)
        .bind(limit)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(made.rows_affected() > 0)
    }

    /// Removes a grant. False if there is none of that id.
    pub(crate) async fn delete_grant(&self, grant_id: &str) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let gone = sqlx::query("DELETE FROM kms_grants WHERE grant_id = $1")
            .bind(grant_id)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        Ok(gone.rows_affected() > 0)
    }
}
