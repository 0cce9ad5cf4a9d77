//! Which nodes have a control channel in this process, and what each said about itself.
//!
//! At most one channel counts for a node, the newest; an older one that leaves later takes nothing away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use usher_wire::ids::NodeId;

/// A node with a control channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectedNode {
    /// Whether its agent announced `Usher`: its start tasks then carry a grant and credentials.
    pub(crate) is_ours: bool,
}

/// All nodes with a control channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectedNodes(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    serial: u64,
    nodes: HashMap<NodeId, (u64, ConnectedNode)>,
}

/// One control channel's entry; dropping it takes the node off, unless a newer channel has its place.
#[derive(Debug)]
pub(crate) struct Presence {
    nodes: ConnectedNodes,
    node: NodeId,
    serial: u64,
}

impl ConnectedNodes {
    /// Enters a node, in place of an earlier channel.
    pub(crate) fn enter(&self, node: NodeId, said: ConnectedNode) -> Presence {
        let serial = self.with_entries(|entries| {
            entries.serial += 1;
            entries.nodes.insert(node.clone(), (entries.serial, said));
            entries.serial
        });
        Presence {
            nodes: self.clone(),
            node,
            serial,
        }
    }

    /// The node's entry.
    pub(crate) fn find(&self, node: &NodeId) -> Option<ConnectedNode> {
        self.with_entries(|entries| entries.nodes.get(node).map(|(_, said)| *said))
    }

    fn with_entries<T>(&self, act: impl FnOnce(&mut Entries) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.nodes.with_entries(|entries| {
            if entries
                .nodes
                .get(&self.node)
                .is_some_and(|(serial, _)| *serial == self.serial)
            {
                entries.nodes.remove(&self.node);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_channel_that_leaves_late_does_not_take_the_node_off() {
        let nodes = ConnectedNodes::default();
        let node: NodeId = "mi-0123456789abcdef0".parse().unwrap();
        let old = nodes.enter(node.clone(), ConnectedNode { is_ours: false });
        let new = nodes.enter(node.clone(), ConnectedNode { is_ours: true });
        drop(old);
        assert_eq!(nodes.find(&node), Some(ConnectedNode { is_ours: true }));
        drop(new);
        assert_eq!(nodes.find(&node), None);
    }
}
