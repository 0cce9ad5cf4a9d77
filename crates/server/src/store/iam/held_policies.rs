//! Every policy that bears on a user or role, in the version that counts, by one statement each for what grants and
//! what limits.

use sqlx::Row;

use super::EntityRow;
use super::entities::entity;
use crate::store::{Store, StoreError};

/// A policy that bears on somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeldPolicyRow {
    /// Where it comes from.
    pub(crate) source: PolicySource,
    /// The JSON text as it was given.
    pub(crate) document: String,
}

/// Where a policy comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PolicySource {
    /// Inline, by name.
    Inline(String),
    /// Managed.
    Managed(EntityRow),
}

/// The policy that is somebody's permissions boundary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BoundaryRow {
    /// The managed policy.
    pub(crate) policy: EntityRow,
    /// Its JSON text.
    pub(crate) document: String,
}

impl Store {
    /// The policies that grant to a user or role: inline and attached, and for a user those of its groups.
    pub(crate) async fn held_policies(
        &self,
        entity_id: &str,
    ) -> Result<Vec<HeldPolicyRow>, StoreError> {
        let inline = sqlx::query(
            "SELECT name, document FROM iam_inline_policies \
             WHERE entity_id = $1 OR entity_id IN (SELECT group_id FROM iam_memberships WHERE user_id = $1)",
        )
        .bind(entity_id)
        .fetch_all(self.readers())
        .await?;
        let attached = sqlx::query(
            "SELECT e.*, v.document FROM iam_entities e JOIN iam_policies p ON p.policy_id = e.entity_id \
             JOIN iam_policy_versions v ON v.policy_id = p.policy_id AND v.version = p.default_version \
             WHERE e.entity_id IN (SELECT policy_id FROM iam_attachments WHERE entity_id = $1 \
             OR entity_id IN (SELECT group_id FROM iam_memberships WHERE user_id = $1))",
        )
        .bind(entity_id)
        .fetch_all(self.readers())
        .await?;
        let inline = inline.iter().map(|row| {
            Ok(HeldPolicyRow {
                source: PolicySource::Inline(row.try_get("name")?),
                document: row.try_get("document")?,
            })
        });
        let attached = attached.iter().map(|row| {
            Ok(HeldPolicyRow {
                source: PolicySource::Managed(entity(row)?),
                document: row.try_get("document")?,
            })
        });
        inline.chain(attached).collect()
    }

    /// The policy that is the permissions boundary of a user or role, if it has one.
    pub(crate) async fn boundary_of(
        &self,
        entity_id: &str,
    ) -> Result<Option<BoundaryRow>, StoreError> {
        let row = sqlx::query(
            "SELECT p.*, v.document FROM iam_entities e JOIN iam_entities p ON p.entity_id = e.boundary_id \
             LEFT JOIN iam_policies m ON m.policy_id = p.entity_id \
             LEFT JOIN iam_policy_versions v ON v.policy_id = m.policy_id AND v.version = m.default_version \
             WHERE e.entity_id = $1",
        )
        .bind(entity_id)
        .fetch_optional(self.readers())
        .await?;
        row.map(|row| {
            Ok(BoundaryRow {
                policy: entity(&row)?,
                // A boundary without a text would be no boundary: that is an error, not "none".
                document: row.try_get("document")?,
            })
        })
        .transpose()
    }

    /// The text of a managed policy, in the version that counts.
    pub(crate) async fn policy_document(
        &self,
        policy_id: &str,
    ) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(
            "SELECT v.document FROM iam_policies p JOIN iam_policy_versions v \
             ON v.policy_id = p.policy_id AND v.version = p.default_version WHERE p.policy_id = $1",
        )
        .bind(policy_id)
        .fetch_optional(self.readers())
        .await?;
        Ok(row.map(|row| row.try_get("document")).transpose()?)
    }
}
