//! Which users are in which groups.

use sqlx::Row;

use super::entities::entity;
use super::{EntityRow, Room};
use crate::store::{Store, StoreError};

impl Store {
    /// Puts a user into a group, unless it is in `limit` others already. Who is in it stays in it.
    pub(crate) async fn add_member(
        &self,
        group_id: &str,
        user_id: &str,
        limit: i64,
    ) -> Result<Room, StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO iam_memberships (group_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(group_id)
        .bind(user_id)
        .execute(&mut *write)
        .await?;
        let count: i64 =
            sqlx::query("SELECT COUNT(*) AS n FROM iam_memberships WHERE user_id = $1")
                .bind(user_id)
                .fetch_one(&mut *write)
                .await?
                .try_get("n")?;
        if count > limit {
            return Ok(Room::Full);
        }
        write.commit().await?;
        Ok(Room::Stored)
    }

    /// Takes a user out of a group; who is not in it is no error.
    pub(crate) async fn remove_member(
        &self,
        group_id: &str,
        user_id: &str,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM iam_memberships WHERE group_id = $1 AND user_id = $2")
            .bind(group_id)
            .bind(user_id)
            .execute(&mut *write)
            .await?;
        Ok(write.commit().await?)
    }

    /// The users of a group, by name, after the name `after`.
    pub(crate) async fn members(
        &self,
        group_id: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<EntityRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM iam_entities JOIN iam_memberships ON user_id = entity_id \
             WHERE group_id = $1 AND name_folded > $2 ORDER BY name_folded LIMIT $3",
        )
        .bind(group_id)
        .bind(super::folded(after))
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(entity)
        .collect()
    }

    /// The groups of a user, by name.
    pub(crate) async fn groups_of(&self, user_id: &str) -> Result<Vec<EntityRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM iam_entities JOIN iam_memberships ON group_id = entity_id \
             WHERE user_id = $1 ORDER BY name_folded",
        )
        .bind(user_id)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(entity)
        .collect()
    }
}
