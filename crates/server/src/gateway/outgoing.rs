//! The frames that only the server makes: closing, publication, start tasks and receipts.
//!
//! Everything else that leaves the gateway is a peer's own bytes. Ids are random and times are passed in.

use bytes::Bytes;
use usher_wire::frame::{Frame, MessageType};
use usher_wire::ids::SessionId;
use usher_wire::message::{ChannelClosed, Notice, StartTask, TaskAcknowledge, to_json};
use uuid::Uuid;

/// `channel_closed`: ends `session` on `node` (empty where it must not be told). `output` is a sentence for the person, or empty.
pub(crate) fn channel_closed(now_ms: u64, node: &str, session: &str, output: &str) -> Bytes {
    let id = Uuid::new_v4();
    let payload = to_json(&ChannelClosed::new(id, now_ms, node, session, output));
    Frame::unsequenced(MessageType::ChannelClosed, 0, id, now_ms, payload).encode()
}

/// `pause_publication`: the other end is away.
pub(crate) fn pause_publication(now_ms: u64) -> Bytes {
    Frame::unsequenced(
        MessageType::PausePublication,
        0,
        Uuid::new_v4(),
        now_ms,
        Bytes::new(),
    )
    .encode()
}

/// `start_publication`: the other end is back.
pub(crate) fn start_publication(now_ms: u64) -> Bytes {
    Frame::unsequenced(
        MessageType::StartPublication,
        0,
        Uuid::new_v4(),
        now_ms,
        Bytes::new(),
    )
    .encode()
}

/// `usher_notice`: a sentence for the person's terminal, which our own agent writes there.
pub(crate) fn notice(now_ms: u64, text: String) -> Bytes {
    Frame::unsequenced(
        MessageType::UsherNotice,
        0,
        Uuid::new_v4(),
        now_ms,
        to_json(&Notice { text }),
    )
    .encode()
}

/// `interactive_shell`: starts a session. The bytes may hold credentials.
pub(crate) fn start_session(now_ms: u64, task: &StartTask) -> Bytes {
    Frame::unsequenced(
        MessageType::InteractiveShell,
        0,
        Uuid::new_v4(),
        now_ms,
        to_json(task),
    )
    .encode()
}

/// `agent_task_acknowledge`: the completion with the frame id `completion` was taken.
pub(crate) fn task_acknowledge(now_ms: u64, completion: Uuid, session: &SessionId) -> Bytes {
    let receipt = TaskAcknowledge {
        schema_version: 1,
        message_id: completion.hyphenated().to_string(),
        task_id: session.as_str().to_owned(),
        topic: MessageType::AgentTaskComplete.name().to_owned(),
    };
    Frame::unsequenced(
        MessageType::AgentTaskAcknowledge,
        0,
        Uuid::new_v4(),
        now_ms,
        to_json(&receipt),
    )
    .encode()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_one_that_peers_can_read() {
        let node = "mi-0123456789abcdef0";
        let session = "alice-1".parse().unwrap();
        let frames = [
            (
                channel_closed(7, node, "alice-1", "why"),
                MessageType::ChannelClosed,
            ),
            (pause_publication(7), MessageType::PausePublication),
            (notice(7, "soon".to_owned()), MessageType::UsherNotice),
            (start_publication(7), MessageType::StartPublication),
            (
                task_acknowledge(7, Uuid::nil(), &session),
                MessageType::AgentTaskAcknowledge,
            ),
        ];
        for (bytes, kind) in frames {
            let frame = Frame::decode(bytes).unwrap();
            assert_eq!(
                (frame.message_type, frame.created_ms, frame.sequence),
                (kind, 7, 0)
            );
        }
    }

    #[test]
    fn the_closing_frame_carries_the_sentence_and_the_session() {
        let node = "mi-0123456789abcdef0";
        let frame = Frame::decode(channel_closed(7, node, "alice-1", "why")).unwrap();
        let closed: ChannelClosed = serde_json::from_slice(&frame.payload).unwrap();
        assert_eq!(
            (closed.output.as_str(), closed.session_id.as_str()),
            ("why", "alice-1")
        );
        assert_eq!(closed.message_id, frame.message_id.to_string());
    }
}
