//! Questions to a node: would this OS user be let in? Asked on its control channel, answered there, given up in time.
//!
//! Owns that an answer counts only from the node that was asked, and that the open questions are few.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio::time::timeout;
use usher_wire::frame::{Frame, MessageType};
use usher_wire::ids::NodeId;
use usher_wire::message::{Explain, Explained, to_json};
use uuid::Uuid;

use super::Gateway;
use super::limits::{EXPLAIN_TIME, OPEN_QUESTIONS};
use crate::bus::{Delivery, Message, Topic};

/// Why a node's own verdict is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unexplained {
    /// It has no control channel.
    #[error("The node is not connected.")]
    NotConnected,
    /// AWS's agent answers no such question.
    #[error(
        "The node's agent is not Usher's and cannot be asked; it finds out when a session starts."
    )]
    OtherAgent,
    /// Too many are asked at once.
    #[error("Too many such questions are open; ask again.")]
    Busy,
    /// It was asked.
    #[error("The node gave no answer in time.")]
    Silent,
}

/// Who waits for which answer.
#[derive(Debug, Default)]
pub(super) struct Questions(Mutex<HashMap<String, Waiting>>);

#[derive(Debug)]
struct Waiting {
    node: NodeId,
    answer: oneshot::Sender<Option<String>>,
}

/// An open question; dropping it takes it off.
struct Question<'a> {
    questions: &'a Questions,
    id: String,
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.questions.with(|open| open.remove(&self.id));
    }
}

impl Questions {
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, Waiting>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn open(&self, node: &NodeId) -> Option<(Question<'_>, oneshot::Receiver<Option<String>>)> {
        let id = Uuid::new_v4().to_string();
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            node: node.clone(),
            answer,
        };
        let has_room = self.with(|open| {
            let has_room = open.len() < OPEN_QUESTIONS;
            if has_room {
                open.insert(id.clone(), waiting);
            }
            has_room
        });
        let questions = self;
        has_room.then_some((Question { questions, id }, answered))
    }
}

impl Gateway {
    /// Asks the node whether it would let `os_user` in, or where none is named the account of sessions without Run As.
    /// Answers why not, if it would not.
    pub(crate) async fn explain(
        &self,
        node: &NodeId,
        os_user: Option<&str>,
        elevated: bool,
    ) -> Result<Option<String>, Unexplained> {
        let connected = self.connected_node(node).ok_or(Unexplained::NotConnected)?;
        if !connected.is_ours {
            return Err(Unexplained::OtherAgent);
        }
        let (question, answered) = self.0.questions.open(node).ok_or(Unexplained::Busy)?;
        let asked = to_json(&Explain {
            request_id: question.id.clone(),
            os_user: os_user.map(str::to_owned),
            elevated,
        });
        let (id, now) = (Uuid::new_v4(), self.0.clock.now_ms());
        let frame = Frame::unsequenced(MessageType::UsherExplain, 0, id, now, asked).encode();
        let topic = Topic::Node(node.clone());
        if self.0.bus.publish(&topic, Message::Frame(frame)) == Delivery::NobodyThere {
            return Err(Unexplained::NotConnected);
        }
        match timeout(EXPLAIN_TIME, answered).await {
            Ok(Ok(refusal)) => Ok(refusal),
            Ok(Err(_)) | Err(_) => Err(Unexplained::Silent),
        }
    }

    /// A node has answered. Answers to what nobody asked this node are dropped.
    pub(super) fn explained(&self, node: &NodeId, frame: &Frame) {
        let Ok(said) = serde_json::from_slice::<Explained>(&frame.payload) else {
            return;
        };
        let waiting = self.0.questions.with(|open| {
            let is_its_own = open
                .get(&said.request_id)
                .is_some_and(|waiting| waiting.node == *node);
            is_its_own.then(|| open.remove(&said.request_id)).flatten()
        });
        if let Some(waiting) = waiting {
            let refusal = said.refusal.as_deref().map(super::sentence::from_agent);
            if waiting.answer.send(refusal).is_err() {
                tracing::debug!(%node, "an answer came after who asked had left");
            }
        }
    }
}
