//! Which managed policies are attached to which users, roles and groups, and whose boundary they are.

use sqlx::Row;

use super::entities::entity;
use super::{EntityRow, Room};
use crate::store::{Store, StoreError};

impl Store {
    /// Attaches a policy, unless the entity has `limit` others already. What is attached stays attached.
    pub(crate) async fn attach(
        &self,
        entity_id: &str,
        policy_id: &str,
        limit: i64,
    ) -> Result<Room, StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO iam_attachments (entity_id, policy_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(entity_id)
        .bind(policy_id)
        .execute(&mut *write)
        .await?;
        let count: i64 =
            sqlx::query("SELECT COUNT(*) AS n FROM iam_attachments WHERE entity_id = $1")
                .bind(entity_id)
                .fetch_one(&mut *write)
                .await?
                .try_get("n")?;
        if count > limit {
            return Ok(Room::Full);
        }
        write.commit().await?;
        Ok(Room::Stored)
    }

    /// Detaches a policy. False if it was not attached.
    pub(crate) async fn detach(
        &self,
        entity_id: &str,
        policy_id: &str,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let gone =
            sqlx::query("DELETE FROM iam_attachments WHERE entity_id = $1 AND policy_id = $2")
                .bind(entity_id)
                .bind(policy_id)
                .execute(&mut *write)
                .await?;
        write.commit().await?;
        Ok(gone.rows_affected() > 0)
    }

    /// The policies attached to an entity, by name.
    pub(crate) async fn attached_policies(
        &self,
        entity_id: &str,
    ) -> Result<Vec<EntityRow>, StoreError> {
        sqlx::query(
            "SELECT p.* FROM iam_attachments a JOIN iam_entities p ON p.entity_id = a.policy_id \
             WHERE a.entity_id = $1 ORDER BY p.name_folded",
        )
        .bind(entity_id)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(entity)
        .collect()
    }

    /// The users, roles and groups that a policy is attached to.
    pub(crate) async fn attached_to(&self, policy_id: &str) -> Result<Vec<EntityRow>, StoreError> {
        sqlx::query(
            "SELECT e.* FROM iam_attachments a JOIN iam_entities e ON e.entity_id = a.entity_id \
             WHERE a.policy_id = $1",
        )
        .bind(policy_id)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(entity)
        .collect()
    }

    /// The users and roles whose permissions boundary is this policy.
    pub(crate) async fn bounded_by(&self, policy_id: &str) -> Result<Vec<EntityRow>, StoreError> {
        sqlx::query("SELECT * FROM iam_entities WHERE boundary_id = $1")
            .bind(policy_id)
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(entity)
            .collect()
    }
}
