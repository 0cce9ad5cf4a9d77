//! Activations: what a new node registers with. The code is kept as a hash.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::nodes::{NodeRow, insert_node};
use super::ssm_tags::{Tagged, forget, hand_on, put};
use super::{Store, StoreError, TagRow};

/// An activation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ActivationRow {
    /// UUID form.
    pub(crate) activation_id: String,
    /// SHA-256 of the code.
    pub(crate) code_hash: Vec<u8>,
    /// The role of the nodes it registers, with its path (`service-role/…`).
    pub(crate) role: String,
    /// For people.
    pub(crate) description: Option<String>,
    /// The name its nodes get.
    pub(crate) default_name: Option<String>,
    /// How many nodes may register.
    pub(crate) registration_limit: i64,
    /// How many have.
    pub(crate) registrations: i64,
    /// Milliseconds; no registration from then on.
    pub(crate) expires: i64,
    /// Milliseconds.
    pub(crate) created: i64,
}

fn activation(row: &AnyRow) -> Result<ActivationRow, StoreError> {
    Ok(ActivationRow {
        activation_id: row.try_get("activation_id")?,
        code_hash: row.try_get("code_hash")?,
        role: row.try_get("role")?,
        description: row.try_get("description")?,
        default_name: row.try_get("default_name")?,
        registration_limit: row.try_get("registration_limit")?,
        registrations: row.try_get("registrations")?,
        expires: row.try_get("expires")?,
        created: row.try_get("created")?,
    })
}

impl Store {
    /// Stores a new activation with its tags.
    pub(crate) async fn insert_activation(
        &self,
        row: &ActivationRow,
        tags: &[TagRow],
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO activations (activation_id, code_hash, role, description, default_name, \
             registration_limit, registrations, expires, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(&row.activation_id)
        .bind(&row.code_hash)
        .bind(&row.role)
        .bind(row.description.as_deref())
        .bind(row.default_name.as_deref())
        .bind(row.registration_limit)
        .bind(row.registrations)
        .bind(row.expires)
        .bind(row.created)
        .execute(&mut *write)
        .await?;
        put(&mut write, Tagged::Activation(&row.activation_id), tags).await?;
        Ok(write.commit().await?)
    }

    /// Up to `limit` activations by id, after the id `after`.
    pub(crate) async fn activations(
        &self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ActivationRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM activations WHERE activation_id > $1 ORDER BY activation_id LIMIT $2",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(activation)
        .collect()
    }

    /// Deletes an activation with its tags; its nodes stay. False if there is none.
    pub(crate) async fn delete_activation(&self, activation_id: &str) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let gone = sqlx::query("DELETE FROM activations WHERE activation_id = $1")
            .bind(activation_id)
            .execute(&mut *write)
            .await?;
        forget(&mut write, Tagged::Activation(activation_id)).await?;
        write.commit().await?;
        Ok(gone.rows_affected() > 0)
    }

    /// The activation with that id.
    pub(crate) async fn activation(
        &self,
        activation_id: &str,
    ) -> Result<Option<ActivationRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM activations WHERE activation_id = $1")
            .bind(activation_id)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(activation).transpose()
    }

    /// Uses the activation of `node` once and stores the node with the activation's tags, all or nothing. False if the
    /// activation has run out: of time at `now_ms`, or of registrations.
    pub(crate) async fn register_node(
        &self,
        node: &NodeRow,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let used = sqlx::query(
            "UPDATE activations SET registrations = registrations + 1 \
             WHERE activation_id = $1 AND registrations < registration_limit AND expires > $2",
        )
        .bind(&node.activation_id)
        .bind(now_ms)
        .execute(&mut *write)
        .await?;
        if used.rows_affected() == 0 {
            return Ok(false);
        }
        insert_node(&mut write, node).await?;
        hand_on(&mut write, &node.activation_id, &node.node_id).await?;
        write.commit().await?;
        Ok(true)
    }
}
