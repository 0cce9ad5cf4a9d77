//! Tags of documents, nodes, activations and parameters.
//!
//! Keys are compared folded, like those of IAM entities: policies read them without regard to case, and two tags that
//! differ in nothing else would make a policy mean either.

use sqlx::{Any, Row, Transaction};

use super::iam::folded;
use super::{Room, Store, StoreError, TagRow};

/// What has the tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tagged<'a> {
    /// A document, by its plain name.
    Document(&'a str),
    /// A managed node, by its id.
    Node(&'a str),
    /// An activation, by its id.
    Activation(&'a str),
    /// A parameter, by its plain name.
    Parameter(&'a str),
}

impl<'a> Tagged<'a> {
    fn columns(self) -> (&'static str, &'a str) {
        match self {
            Self::Document(name) => ("document", name),
            Self::Node(id) => ("node", id),
            Self::Activation(id) => ("activation", id),
            Self::Parameter(name) => ("parameter", name),
        }
    }
}

impl Store {
    /// The tags, by key.
    pub(crate) async fn ssm_tags(&self, tagged: Tagged<'_>) -> Result<Vec<TagRow>, StoreError> {
        let (kind, id) = tagged.columns();
        sqlx::query(
            "SELECT tag_key, tag_value FROM ssm_tags WHERE kind = $1 AND resource_id = $2 ORDER BY key_folded",
        )
        .bind(kind)
        .bind(id)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| {
            Ok(TagRow {
                key: row.try_get("tag_key")?,
                value: row.try_get("tag_value")?,
            })
        })
        .collect()
    }

    /// Sets tags, all or none: none when there would then be more than `limit`.
    pub(crate) async fn put_ssm_tags(
        &self,
        tagged: Tagged<'_>,
        tags: &[TagRow],
        limit: i64,
    ) -> Result<Room, StoreError> {
        let mut write = self.write().await?;
        put(&mut write, tagged, tags).await?;
        let (kind, id) = tagged.columns();
        let count: i64 =
            sqlx::query("SELECT COUNT(*) AS n FROM ssm_tags WHERE kind = $1 AND resource_id = $2")
                .bind(kind)
                .bind(id)
                .fetch_one(&mut *write)
                .await?
                .try_get("n")?;
        if count > limit {
            return Ok(Room::Full);
        }
        write.commit().await?;
        Ok(Room::Stored)
    }

    /// Removes tags by key, in any case; keys that are not there are no error.
    pub(crate) async fn remove_ssm_tags(
        &self,
        tagged: Tagged<'_>,
        keys: &[String],
    ) -> Result<(), StoreError> {
        let (kind, id) = tagged.columns();
        let mut write = self.write().await?;
        for key in keys {
            sqlx::query(
                "DELETE FROM ssm_tags WHERE kind = $1 AND resource_id = $2 AND key_folded = $3",
            )
            .bind(kind)
            .bind(id)
            .bind(folded(key))
            .execute(&mut *write)
            .await?;
        }
        Ok(write.commit().await?)
    }
}

/// Sets tags within a transaction.
pub(super) async fn put(
    write: &mut Transaction<'_, Any>,
    tagged: Tagged<'_>,
    tags: &[TagRow],
) -> Result<(), StoreError> {
    let (kind, id) = tagged.columns();
    for tag in tags {
        sqlx::query(
            "INSERT INTO ssm_tags (kind, resource_id, key_folded, tag_key, tag_value) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (kind, resource_id, key_folded) DO UPDATE SET tag_key = excluded.tag_key, tag_value = excluded.tag_value",
        )
        .bind(kind)
        .bind(id)
        .bind(folded(&tag.key))
        .bind(&tag.key)
        .bind(&tag.value)
        .execute(&mut **write)
        .await?;
    }
    Ok(())
}

/// Gives a new node the tags of its activation.
pub(super) async fn hand_on(
    write: &mut Transaction<'_, Any>,
    activation_id: &str,
    node_id: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO ssm_tags (kind, resource_id, key_folded, tag_key, tag_value) \
         SELECT 'node', $2, key_folded, tag_key, tag_value FROM ssm_tags WHERE kind = 'activation' AND resource_id = $1",
    )
    .bind(activation_id)
    .bind(node_id)
    .execute(&mut **write)
    .await?;
    Ok(())
}

/// Forgets the tags of what is deleted: the next of that name begins without any.
pub(super) async fn forget(
    write: &mut Transaction<'_, Any>,
    tagged: Tagged<'_>,
) -> Result<(), StoreError> {
    let (kind, id) = tagged.columns();
    sqlx::query("DELETE FROM ssm_tags WHERE kind = $1 AND resource_id = $2")
        .bind(kind)
        .bind(id)
        .execute(&mut **write)
        .await?;
    Ok(())
}
