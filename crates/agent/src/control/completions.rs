//! What the service has not yet acknowledged: ended sessions, told again until it has.
//!
//! Owns that a completion keeps its message id through every repeat, so that the service counts it
//! once, and that repeats slow down.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use usher_wire::frame::{Frame, MessageType};
use usher_wire::ids::{NodeId, SessionId};
use usher_wire::message::{TaskAcknowledge, TaskComplete, TaskStatus, to_json};
use uuid::Uuid;

use crate::ipc::Outcome;

/// The first repeat comes after this, each further one after twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);

const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Completion {
    message_id: Uuid,
    complete: TaskComplete,
    due: Instant,
    wait: Duration,
}

/// The sessions whose end the service may not know.
#[derive(Debug, Default)]
pub(super) struct Completions {
    waiting: BTreeMap<SessionId, Completion>,
}

impl Completions {
    /// Adds an ended session, due at once. The monitor repeats itself only to a new process, and its
    /// table bounds this one.
    pub(super) fn add(
        &mut self,
        node: &NodeId,
        session: SessionId,
        outcome: Outcome,
        now: Instant,
    ) {
        let (status, output) = match outcome {
            Outcome::Success => (TaskStatus::Success, String::new()),
            Outcome::Failed(sentence) => (TaskStatus::Failed, sentence),
        };
        let complete = TaskComplete {
            schema_version: 1,
            task_id: session.as_str().to_owned(),
            topic: MessageType::AgentTaskComplete.name().to_owned(),
            final_task_status: status,
            is_routing_failure: false,
            aws_account_id: String::new(),
            instance_id: node.as_str().to_owned(),
            output,
            s3_bucket: String::new(),
            s3_url_suffix: String::new(),
            cwl_group: String::new(),
            cwl_stream: String::new(),
            retry_number: 0,
        };
        let completion = Completion {
            message_id: Uuid::new_v4(),
            complete,
            due: now,
            wait: FIRST_WAIT,
        };
        self.waiting.entry(session).or_insert(completion);
    }

    /// A receipt from the service; answers whose it was.
    pub(super) fn acknowledge(&mut self, receipt: &TaskAcknowledge) -> Option<SessionId> {
        let session = SessionId::parse(&receipt.task_id).ok()?;
        let known = self.waiting.get(&session)?;
        if known.message_id.to_string() != receipt.message_id {
            return None;
        }
        self.waiting.remove(&session).map(|_| session)
    }

    /// A new channel: everything is due at once.
    pub(super) fn repeat_all(&mut self, now: Instant) {
        for completion in self.waiting.values_mut() {
            completion.due = now;
            completion.wait = FIRST_WAIT;
        }
    }

    /// When the next one is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.values().map(|completion| completion.due).min()
    }

    /// One that is due, as a frame; it is due again later.
    pub(super) fn take_due(&mut self, now: Instant, wall_ms: u64) -> Option<Bytes> {
        let completion = self
            .waiting
            .values_mut()
            .find(|completion| completion.due <= now)?;
        completion.due = now + completion.wait;
        completion.wait = (completion.wait * 2).min(LONGEST_WAIT);
        completion.complete.retry_number += 1;
        let frame = Frame::unsequenced(
            MessageType::AgentTaskComplete,
            0,
            completion.message_id,
            wall_ms,
            to_json(&completion.complete),
        );
        Some(frame.encode())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(completions: &mut Completions, now: Instant) {
        let node = NodeId::parse("mi-0123456789abcdef0").unwrap();
        let session = SessionId::parse("alice-1").unwrap();
        let failed = Outcome::Failed("no such user".to_owned());
        completions.add(&node, session, failed, now);
    }

    fn receipt(message_id: &str) -> TaskAcknowledge {
        TaskAcknowledge {
            schema_version: 1,
            message_id: message_id.to_owned(),
            task_id: "alice-1".to_owned(),
            topic: String::new(),
        }
    }

    #[test]
    fn a_receipt_for_another_message_stops_nothing() {
        let mut completions = Completions::default();
        let now = Instant::now();
        add(&mut completions, now);
        assert_eq!(completions.acknowledge(&receipt("other")), None);
        assert!(completions.due().is_some());
    }

    #[test]
    fn a_completion_is_repeated_with_one_id_ever_slower_until_acknowledged() {
        let mut completions = Completions::default();
        let now = Instant::now();
        add(&mut completions, now);
        add(&mut completions, now);
        let first = Frame::decode(completions.take_due(now, 1).unwrap()).unwrap();
        assert!(
            completions.take_due(now, 1).is_none(),
            "one session, one completion"
        );
        assert_eq!(completions.due(), Some(now + FIRST_WAIT));
        let later = now + FIRST_WAIT;
        let second = Frame::decode(completions.take_due(later, 2).unwrap()).unwrap();
        assert_eq!(first.message_id, second.message_id);
        assert_eq!(completions.due(), Some(later + FIRST_WAIT * 2));
        let complete: TaskComplete = serde_json::from_slice(&second.payload).unwrap();
        assert_eq!(complete.retry_number, 2);
        assert_eq!(complete.output, "no such user");

        completions.repeat_all(later);
        assert_eq!(completions.due(), Some(later));
        let id = first.message_id.to_string();
        let acknowledged = completions.acknowledge(&receipt(&id)).unwrap();
        assert_eq!(acknowledged.as_str(), "alice-1");
        assert_eq!(completions.due(), None);
    }
}
