//! How the parts of the control plane reach the holder of a socket: messages to a node's control channel, and endings
//! to the holder of a session's data channels.
//!
//! The invariant: each topic has at most one subscriber and the newest wins; publishing never waits, and says whether
//! somebody took the message. The in-process `LocalBus` is all that one machine needs; a bus between gateway nodes
//! goes behind the same trait. It knows nothing of sockets, frames or the database.

use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc;
use usher_wire::ids::{NodeId, SessionId};

/// Messages that may wait for one subscriber. A full queue means that its socket is stuck, and counts as nobody there.
const QUEUE_MESSAGES: usize = 256;

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// The holder of the node's control channel.
    Node(NodeId),
    /// The holder of the session's data channels.
    Session(SessionId),
}

/// What is said over the bus.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Message {
    /// To a node: send this frame on the control channel. It may hold credentials.
    Frame(Bytes),
    /// To a session: someone entitled to it ends it; the text is what the person at the client reads. To a node: it is
    /// none any more.
    End {
        /// A full sentence, or empty for an ordinary end.
        output: String,
    },
    /// To a session: its agent reported the final state on the control channel, and it is stored.
    Completed {
        /// The sentence for the person when the session failed, else empty.
        output: String,
    },
}

impl Debug for Message {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Frame(_) => "Frame",
            Self::End { .. } => "End",
            Self::Completed { .. } => "Completed",
        })
    }
}

/// Whether anybody took a published message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Delivery {
    /// The subscriber has it in its queue.
    Taken,
    /// No subscriber, or one that does not keep up.
    NobodyThere,
}

/// The receiving end of one topic. It ends (`None`) when a newer subscriber took the topic.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Whether an earlier subscriber lost the topic to this one.
    pub(crate) displaced: bool,
    receiver: mpsc::Receiver<Message>,
}

impl Subscription {
    /// The next message; `None` once a newer subscriber has taken over. Cancel safe.
    pub(crate) async fn recv(&mut self) -> Option<Message> {
        self.receiver.recv().await
    }
}

/// The seam between whoever decides and whoever holds the socket.
pub(crate) trait Bus: Debug + Send + Sync {
    /// Becomes the one subscriber of a topic.
    fn subscribe(&self, topic: Topic) -> Subscription;

    /// Hands a message to the topic's subscriber, without waiting.
    fn publish(&self, topic: &Topic, message: Message) -> Delivery;
}

/// The bus of a single server process.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalBus {
    subscribers: Arc<Mutex<HashMap<Topic, mpsc::Sender<Message>>>>,
}

impl LocalBus {
    fn with_subscribers<T>(
        &self,
        act: impl FnOnce(&mut HashMap<Topic, mpsc::Sender<Message>>) -> T,
    ) -> T {
        // No code that can panic runs under this lock, and the map is whole at every step.
        act(&mut self
            .subscribers
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bus for LocalBus {
    fn subscribe(&self, topic: Topic) -> Subscription {
        let (sender, receiver) = mpsc::channel(QUEUE_MESSAGES);
        let displaced = self.with_subscribers(|subscribers| {
            // Subscribers leave by dropping their end; the map forgets them when the next one arrives.
            if subscribers.len() == subscribers.capacity() {
                subscribers.retain(|_, sender| !sender.is_closed());
            }
            subscribers
                .insert(topic, sender)
                .is_some_and(|earlier| !earlier.is_closed())
        });
        Subscription {
            displaced,
            receiver,
        }
    }

    fn publish(&self, topic: &Topic, message: Message) -> Delivery {
        let sender = self.with_subscribers(|subscribers| subscribers.get(topic).cloned());
        match sender.map(|sender| sender.try_send(message)) {
            Some(Ok(())) => Delivery::Taken,
            Some(Err(_)) | None => Delivery::NobodyThere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic() -> Topic {
        Topic::Node("mi-0123456789abcdef0".parse().unwrap())
    }

    fn message(output: &str) -> Message {
        Message::End {
            output: output.into(),
        }
    }

    #[test]
    fn a_topic_without_subscriber_takes_nothing() {
        let bus = LocalBus::default();
        assert_eq!(bus.publish(&topic(), message("x")), Delivery::NobodyThere);
        drop(bus.subscribe(topic()));
        assert_eq!(bus.publish(&topic(), message("x")), Delivery::NobodyThere);
    }

    #[test]
    fn a_subscriber_that_does_not_keep_up_counts_as_absent() {
        let bus = LocalBus::default();
        let _stuck = bus.subscribe(topic());
        let taken = (0..1000)
            .filter(|_| bus.publish(&topic(), message("x")) == Delivery::Taken)
            .count();
        assert_eq!(taken, QUEUE_MESSAGES);
    }

    #[tokio::test]
    async fn the_newest_subscriber_takes_the_topic() {
        let bus = LocalBus::default();
        let mut first = bus.subscribe(topic());
        assert!(!first.displaced);
        let mut second = bus.subscribe(topic());
        assert!(second.displaced);
        assert_eq!(bus.publish(&topic(), message("news")), Delivery::Taken);
        assert_eq!(first.recv().await, None);
        assert_eq!(second.recv().await, Some(message("news")));
    }
}
