//! Keys of the embedded KMS and the versions of their material, sealed.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::resource_tags::put_resource_tags;
use super::{Store, StoreError};

/// What a key can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyState {
    /// Everything.
    Enabled,
    /// Nothing until it is enabled again.
    Disabled,
    /// Nothing, and it will be destroyed.
    PendingDeletion,
}

impl KeyState {
    /// As AWS and the database spell it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion => "PendingDeletion",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "Enabled" => Self::Enabled,
            "PendingDeletion" => Self::PendingDeletion,
            // What is not known is of no use to anybody.
            _ => Self::Disabled,
        }
    }
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyRow {
    /// UUID.
    pub(crate) key_id: String,
    /// In words.
    pub(crate) description: String,
    /// What it can be used for.
    pub(crate) state: KeyState,
    /// The JSON text as it was given.
    pub(crate) policy: String,
    /// A JSON object: the ids behind the ARNs that the policy names.
    pub(crate) policy_ids: String,
    /// Milliseconds.
    pub(crate) created: i64,
    /// When it is destroyed, milliseconds, and the days that were asked for.
    pub(crate) deletion: Option<(i64, i64)>,
    /// Days between rotations and when the next one is due, milliseconds; none: off.
    pub(crate) rotation: Option<(i64, i64)>,
}

/// A version of a key's material.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MaterialRow {
    /// From 1; the highest is the current one.
    pub(crate) version: i64,
    /// Its public name, 64 hexadecimal digits.
    pub(crate) material_id: String,
    /// Under the root key.
    pub(crate) sealed: Vec<u8>,
    /// `CREATION`, `AUTOMATIC` or `ON_DEMAND`.
    pub(crate) cause: String,
    /// Milliseconds.
    pub(crate) created: i64,
}

fn key(row: &AnyRow) -> Result<KeyRow, StoreError> {
    let pair = |one: Option<i64>, other: Option<i64>| one.zip(other);
    Ok(KeyRow {
        key_id: row.try_get("key_id")?,
        description: row.try_get("description")?,
        state: KeyState::of(row.try_get("state")?),
        policy: row.try_get("policy")?,
        policy_ids: row.try_get("policy_ids")?,
        created: row.try_get("created")?,
        deletion: pair(row.try_get("deletion")?, row.try_get("deletion_days")?),
        rotation: pair(row.try_get("rotation_days")?, row.try_get("next_rotation")?),
    })
}

fn material(row: &AnyRow) -> Result<MaterialRow, StoreError> {
    Ok(MaterialRow {
        version: row.try_get("version")?,
        material_id: row.try_get("material_id")?,
        sealed: row.try_get("sealed")?,
        cause: row.try_get("cause")?,
        created: row.try_get("created")?,
    })
}

impl Store {
    /// The key with that id, unless its end has come.
    pub(crate) async fn key(&self, key_id: &str, now: i64) -> Result<Option<KeyRow>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM kms_keys WHERE key_id = $1 AND (deletion IS NULL OR deletion > $2)",
        )
        .bind(key_id)
        .bind(now)
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(key).transpose()
    }

    /// Ids of keys, in their order, after `after`.
    pub(crate) async fn key_ids(
        &self,
        after: &str,
        limit: i64,
        now: i64,
    ) -> Result<Vec<String>, StoreError> {
        sqlx::query(
            "SELECT key_id FROM kms_keys WHERE key_id > $1 AND (deletion IS NULL OR deletion > $2) \
             ORDER BY key_id LIMIT $3",
        )
        .bind(after)
        .bind(now)
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| Ok(row.try_get("key_id")?))
        .collect()
    }

    /// Makes a key with its first material and tags, unless there are `limit` keys. False if there are.
    pub(crate) async fn insert_key(
        &self,
        key: &KeyRow,
        material: &MaterialRow,
        tags: &[(String, String)],
        limit: i64,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        if !insert_key(&mut write, key, material, limit).await? {
            return Ok(false);
        }
        put_resource_tags(&mut write, &key.key_id, tags).await?;
        write.commit().await?;
        Ok(true)
    }

    /// The same for a key with an alias and no tags. False too if the alias stands for a key already.
    pub(crate) async fn insert_aliased_key(
        &self,
        key: &KeyRow,
        material: &MaterialRow,
        alias: &str,
        limit: i64,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        if !insert_key(&mut write, key, material, limit).await? {
            return Ok(false);
        }
        let made = sqlx::query(
            "INSERT INTO kms_aliases (name, key_id, created, updated) VALUES ($1, $2, $3, $3) \
             ON CONFLICT DO NOTHING",
        )
        .bind(alias)
        .bind(&key.key_id)
        .bind(key.created)
        .execute(&mut *write)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(false);
        }
        write.commit().await?;
        Ok(true)
    }

    /// All material of a key, the oldest first.
    pub(crate) async fn materials(&self, key_id: &str) -> Result<Vec<MaterialRow>, StoreError> {
        sqlx::query("SELECT * FROM kms_materials WHERE key_id = $1 ORDER BY version")
            .bind(key_id)
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(material)
            .collect()
    }

    /// One version of a key's material; without a version the current one.
    pub(crate) async fn material(
        &self,
        key_id: &str,
        version: Option<i64>,
    ) -> Result<Option<MaterialRow>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM kms_materials WHERE key_id = $1 AND ($2 = 0 OR version = $2) \
             ORDER BY version DESC LIMIT 1",
        )
        .bind(key_id)
        .bind(version.unwrap_or(0))
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(material).transpose()
    }

    /// Adds the next version of a key's material, if the current one is still the one before it, and says when the next
    /// rotation is due. False if somebody else was faster.
    pub(crate) async fn rotate_key(
        &self,
        key_id: &str,
        material: &MaterialRow,
        next_rotation: Option<i64>,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let current =
            sqlx::query("SELECT MAX(version) AS version FROM kms_materials WHERE key_id = $1")
                .bind(key_id)
                .fetch_one(&mut *write)
                .await?;
        let current: Option<i64> = current.try_get("version")?;
        if current != Some(material.version - 1) {
            return Ok(false);
        }
        insert_material(&mut write, key_id, material).await?;
        if let Some(next) = next_rotation {
            sqlx::query("UPDATE kms_keys SET next_rotation = $1 WHERE key_id = $2")
                .bind(next)
                .bind(key_id)
                .execute(&mut *write)
                .await?;
        }
        write.commit().await?;
        Ok(true)
    }

    /// Puts back what may change about a key: its description, state, policy, deletion and rotation. False if any of
    /// that is no longer as it was `before`.
    pub(crate) async fn update_key(
        &self,
        changed: &KeyRow,
        before: &KeyRow,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let done = sqlx::query(
            "UPDATE kms_keys SET description = $1, state = $2, policy = $3, policy_ids = $4, deletion = $5, \
             deletion_days = $6, rotation_days = $7, next_rotation = $8 \
             WHERE key_id = $9 AND description = $10 AND state = $11 AND policy = $12 \
             AND COALESCE(next_rotation, 0) = $13",
        )
        .bind(&changed.description)
        .bind(changed.state.as_str())
        .bind(&changed.policy)
        .bind(&changed.policy_ids)
        .bind(changed.deletion.map(|(at, _)| at))
        .bind(changed.deletion.map(|(_, days)| days))
        .bind(changed.rotation.map(|(days, _)| days))
        .bind(changed.rotation.map(|(_, next)| next))
        .bind(&changed.key_id)
        .bind(&before.description)
        .bind(before.state.as_str())
        .bind(&before.policy)
        .bind(before.rotation.map_or(0, |(_, next)| next))
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Destroys the keys whose end has come, material and all, and tells how many they were.
    pub(crate) async fn destroy_due_keys(&self, now: i64) -> Result<u64, StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "DELETE FROM resource_tags WHERE resource_id IN \
             (SELECT key_id FROM kms_keys WHERE deletion IS NOT NULL AND deletion <= $1)",
        )
        .bind(now)
        .execute(&mut *write)
        .await?;
        let gone =
            sqlx::query("DELETE FROM kms_keys WHERE deletion IS NOT NULL AND deletion <= $1")
                .bind(now)
                .execute(&mut *write)
                .await?;
        write.commit().await?;
        Ok(gone.rows_affected())
    }
}

async fn insert_key(
    write: &mut sqlx::Transaction<'static, sqlx::Any>,
    key: &KeyRow,
    material: &MaterialRow,
    limit: i64,
) -> Result<bool, StoreError> {
    let made = sqlx::query(
        "INSERT INTO kms_keys (key_id, description, state, policy, policy_ids, created) \
         SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT COUNT(*) FROM kms_keys) < $7",
    )
    .bind(&key.key_id)
    .bind(&key.description)
    .bind(key.state.as_str())
    .bind(&key.policy)
    .bind(&key.policy_ids)
    .bind(key.created)
    .bind(limit)
    .execute(&mut **write)
    .await?;
    if made.rows_affected() == 0 {
        return Ok(false);
    }
    insert_material(write, &key.key_id, material).await?;
    Ok(true)
}

async fn insert_material(
    write: &mut sqlx::Transaction<'static, sqlx::Any>,
    key_id: &str,
    material: &MaterialRow,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO kms_materials (key_id, version, material_id, sealed, cause, created) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(key_id)
    .bind(material.version)
    .bind(&material.material_id)
    .bind(&material.sealed)
    .bind(&material.cause)
    .bind(material.created)
    .execute(&mut **write)
    .await?;
    Ok(())
}
