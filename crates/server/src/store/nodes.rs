//! Managed nodes: their registration key and what they last reported.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::ssm_tags::{Tagged, forget};
use super::{Store, StoreError};

/// What a node says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NodeReport {
    /// `3.3.9999.0`.
    pub(crate) agent_version: Option<String>,
    /// `Linux`, `MacOS` or `Windows`.
    pub(crate) platform_type: Option<String>,
    /// `Debian GNU/Linux`.
    pub(crate) platform_name: Option<String>,
    /// `13`.
    pub(crate) platform_version: Option<String>,
    /// As text.
    pub(crate) ip_address: Option<String>,
    /// Host name.
    pub(crate) computer_name: Option<String>,
}

/// A managed node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeRow {
    /// `mi-…`
    pub(crate) node_id: String,
    /// What it registered with.
    pub(crate) activation_id: String,
    /// Its role, with its path.
    pub(crate) role: String,
    /// From the activation.
    pub(crate) name: Option<String>,
    /// Base64 of the DER SubjectPublicKeyInfo.
    pub(crate) public_key: String,
    /// Opaque; changes when the machine is another one.
    pub(crate) fingerprint: String,
    /// Milliseconds.
    pub(crate) registered: i64,
    /// Milliseconds of the last report, none before the first.
    pub(crate) last_ping: Option<i64>,
    /// The last report.
    pub(crate) report: NodeReport,
}

fn node(row: &AnyRow) -> Result<NodeRow, StoreError> {
    Ok(NodeRow {
        node_id: row.try_get("node_id")?,
        activation_id: row.try_get("activation_id")?,
        role: row.try_get("role")?,
        name: row.try_get("name")?,
        public_key: row.try_get("public_key")?,
        fingerprint: row.try_get("fingerprint")?,
        registered: row.try_get("registered")?,
        last_ping: row.try_get("last_ping")?,
        report: NodeReport {
            agent_version: row.try_get("agent_version")?,
            platform_type: row.try_get("platform_type")?,
            platform_name: row.try_get("platform_name")?,
            platform_version: row.try_get("platform_version")?,
            ip_address: row.try_get("ip_address")?,
            computer_name: row.try_get("computer_name")?,
        },
    })
}

impl Store {
    /// The node with that id.
    pub(crate) async fn node(&self, node_id: &str) -> Result<Option<NodeRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM nodes WHERE node_id = $1")
            .bind(node_id)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(node).transpose()
    }

    /// Up to `limit` nodes by id, after the id `after`.
    pub(crate) async fn nodes(&self, after: &str, limit: i64) -> Result<Vec<NodeRow>, StoreError> {
        sqlx::query("SELECT * FROM nodes WHERE node_id > $1 ORDER BY node_id LIMIT $2")
            .bind(after)
            .bind(limit)
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(node)
            .collect()
    }

    /// Deletes a node with its keys and tags. False if there is none.
    pub(crate) async fn delete_node(&self, node_id: &str) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let gone = sqlx::query("DELETE FROM nodes WHERE node_id = $1")
            .bind(node_id)
            .execute(&mut *write)
            .await?;
        forget(&mut write, Tagged::Node(node_id)).await?;
        write.commit().await?;
        Ok(gone.rows_affected() > 0)
    }

    /// Replaces a node's registration key.
    pub(crate) async fn set_node_public_key(
        &self,
        node_id: &str,
        public_key: &str,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE nodes SET public_key = $2 WHERE node_id = $1")
            .bind(node_id)
            .bind(public_key)
            .execute(&mut *write)
            .await?;
        Ok(write.commit().await?)
    }

    /// Records a report. A member the node left out keeps its last value: the first, minimal ping
    /// names only agent and platform.
    pub(crate) async fn report_node(
        &self,
        node_id: &str,
        report: &NodeReport,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "UPDATE nodes SET last_ping = $2, agent_version = COALESCE($3, agent_version), \
             platform_type = COALESCE($4, platform_type), platform_name = COALESCE($5, platform_name), \
             platform_version = COALESCE($6, platform_version), ip_address = COALESCE($7, ip_address), \
             computer_name = COALESCE($8, computer_name) WHERE node_id = $1",
        )
        .bind(node_id)
        .bind(now_ms)
        .bind(report.agent_version.as_deref())
        .bind(report.platform_type.as_deref())
        .bind(report.platform_name.as_deref())
        .bind(report.platform_version.as_deref())
        .bind(report.ip_address.as_deref())
        .bind(report.computer_name.as_deref())
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }
}

pub(super) async fn insert_node(
    write: &mut sqlx::Transaction<'_, sqlx::Any>,
    node: &NodeRow,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO nodes (node_id, activation_id, role, name, public_key, fingerprint, registered) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&node.node_id)
    .bind(&node.activation_id)
    .bind(&node.role)
    .bind(node.name.as_deref())
    .bind(&node.public_key)
    .bind(&node.fingerprint)
    .bind(node.registered)
    .execute(&mut **write)
    .await?;
    Ok(())
}
