//! The managed nodes as three operations list them: DescribeInstanceInformation, GetInventory and DescribeInstances.
//!
//! Owns what "online" means, so that no two listings differ about it.

use usher_wire::ids::NodeId;

use crate::context::Context;
use crate::store::{NodeRow, StoreError, TagRow, Tagged};

/// Nodes read from the database at once while a page fills.
const READ_AHEAD: i64 = 200;
/// A node that reported this recently is online even while its control channel is away.
const ONLINE_MS: i64 = 5 * 60 * 1000;

/// A node and what is known of it at this moment.
#[derive(Debug)]
pub(super) struct Listed {
    /// As it is stored.
    pub(super) row: NodeRow,
    /// Whether it is connected, or has been heard of in the last five minutes.
    pub(super) is_online: bool,
    /// Its tags, by key.
    pub(super) tags: Vec<TagRow>,
}

/// The first `count` nodes after the id `after` that pass.
pub(super) async fn listed(
    context: &Context,
    mut after: String,
    count: usize,
    passes: impl Fn(&Listed) -> bool + Send + Sync,
) -> Result<Vec<Listed>, StoreError> {
    let mut found = Vec::new();
    while found.len() < count {
        let rows = context.store.nodes(&after, READ_AHEAD).await?;
        let Some(last) = rows.last() else { break };
        after.clone_from(&last.node_id);
        for row in rows {
            let tags = context.store.ssm_tags(Tagged::Node(&row.node_id)).await?;
            let is_online = is_online(context, &row);
            let node = Listed {
                row,
                is_online,
                tags,
            };
            if passes(&node) {
                found.push(node);
            }
        }
    }
    Ok(found)
}

fn is_online(context: &Context, row: &NodeRow) -> bool {
    let is_connected =
        NodeId::parse(&row.node_id).is_ok_and(|node| context.gateway.is_connected(&node));
    let was_heard = row
        .last_ping
        .is_some_and(|ping| ping.saturating_add(ONLINE_MS) > context.now());
    is_connected || was_heard
}
