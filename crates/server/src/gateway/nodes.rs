//! Which nodes have a control channel in this process, and what each said about itself.
//!
//! At most one channel counts for a node, the newest; an older one that leaves later takes nothing away.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use usher_wire::ids::NodeId;

/// A node with a control channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectedNode {
    /// Whether its agent announced `Usher`: its start tasks then carry a grant and credentials.
    pub(crate) is_ours: bool,
}

/// All nodes with a control channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectedNodes(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    entries: Mutex<Entries>,
    entered: Notify,
}

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
        self.0.entered.notify_waiters();
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

    /// Returns when the node has a control channel: at once if it has one.
    pub(crate) async fn until_entered(&self, node: &NodeId) {
        loop {
            let mut entered = pin!(self.0.entered.notified());
            // Listening begins before the look, so that no entry falls between the two.
            entered.as_mut().enable();
            if self.find(node).is_some() {
                return;
            }
            entered.await;
        }
    }

    fn with_entries<T>(&self, act: impl FnOnce(&mut Entries) -> T) -> T {
        act(&mut self
            .0
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
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

    /// Looks once.
    async fn is_over(wait: impl Future<Output = ()>) -> bool {
        tokio::select! {
            biased;
            () = wait => true,
            () = std::future::ready(()) => false,
        }
    }

    #[tokio::test]
    async fn who_waits_for_a_node_is_told_when_it_enters_and_at_once_afterwards() {
        let nodes = ConnectedNodes::default();
        let node: NodeId = "mi-0123456789abcdef0".parse().unwrap();
        let other: NodeId = "mi-0123456789abcdef1".parse().unwrap();
        let mut waiting = pin!(nodes.until_entered(&node));
        assert!(!is_over(waiting.as_mut()).await);
        let _other = nodes.enter(other, ConnectedNode { is_ours: true });
        assert!(!is_over(waiting.as_mut()).await);
        let _node = nodes.enter(node.clone(), ConnectedNode { is_ours: true });
        assert!(is_over(waiting).await);
        assert!(is_over(nodes.until_entered(&node)).await);
    }

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
