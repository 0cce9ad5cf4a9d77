//! `agent_task_complete`: the agent's last word about a session, on the control channel.
//!
//! It comes up to three times, and after a failure as two different messages (agent.md 3.8), so it is taken by
//! session: the first one counts, every one is acknowledged. A node completes only its own sessions.

use bytes::Bytes;
use usher_wire::frame::Frame;
use usher_wire::ids::{NodeId, SessionId};
use usher_wire::message::{TaskComplete, TaskStatus};

use super::{Gateway, outgoing, sentence};
use crate::bus::{Message, Topic};
use crate::store::{SessionState, StoreError};

/// Stores what the agent reports and returns the receipt, or nothing when this is not the node's to report or could
/// not be stored (the agent then repeats it).
pub(crate) async fn take(gateway: &Gateway, node: &NodeId, frame: &Frame) -> Option<Bytes> {
    let complete: TaskComplete = serde_json::from_slice(&frame.payload).ok()?;
    let session = SessionId::parse(&complete.task_id).ok()?;
    match store(gateway, node, &session, &complete).await {
        Ok(true) => Some(outgoing::task_acknowledge(
            gateway.0.clock.now_ms(),
            frame.message_id,
            &session,
        )),
        Ok(false) => {
            tracing::warn!(%node, %session, "a node reported the end of a session that is not its own");
            None
        }
        Err(error) => {
            tracing::error!(%node, %session, %error, "the end of a session could not be stored");
            None
        }
    }
}

async fn store(
    gateway: &Gateway,
    node: &NodeId,
    session: &SessionId,
    complete: &TaskComplete,
) -> Result<bool, StoreError> {
    let Some(row) = gateway.store().session(session.as_str()).await? else {
        // Nothing is left to do for it; the receipt stops the repeats.
        return Ok(true);
    };
    if row.node_id != node.as_str() {
        return Ok(false);
    }
    let (state, sentence) = outcome(complete);
    let is_first = gateway
        .0
        .ends
        .end(session.as_str(), state, &sentence, gateway.now())
        .await?;
    let s3 = place(
        &complete.s3_bucket,
        &complete.s3_url_suffix,
        |bucket, key| format!("s3://{bucket}/{key}"),
    );
    let logs = place(
        &complete.cwl_group,
        &complete.cwl_stream,
        |group, stream| format!("{group}:{stream}"),
    );
    gateway
        .store()
        .agent_is_done(session.as_str(), s3.as_deref(), logs.as_deref())
        .await?;
    // A log that this node was writing is to be finished.
    gateway.0.recordings.wake_delivery();
    tracing::info!(%node, %session, status = ?complete.final_task_status, is_first, "session completed by its agent");
    let output = if state == SessionState::Failed {
        sentence
    } else {
        String::new()
    };
    let delivery = gateway.0.bus.publish(
        &Topic::Session(session.clone()),
        Message::Completed { output },
    );
    tracing::debug!(%session, ?delivery, "passed on a completion");
    Ok(true)
}

/// The final state, and the sentence for history and person.
fn outcome(complete: &TaskComplete) -> (SessionState, String) {
    let sentence = sentence::from_agent(&complete.output);
    match complete.final_task_status {
        TaskStatus::Failed if sentence.is_empty() => (
            SessionState::Failed,
            "The agent reported a failure without a reason.".to_owned(),
        ),
        TaskStatus::Failed => (SessionState::Failed, sentence),
        TaskStatus::Success | TaskStatus::Cancelled | TaskStatus::Other(_) => {
            (SessionState::Terminated, sentence)
        }
    }
}

fn place(container: &str, name: &str, write: impl FnOnce(&str, &str) -> String) -> Option<String> {
    (!container.is_empty() && !name.is_empty()).then(|| write(container, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: &str, output: &str, expected: (SessionState, &str)) {
        let json =
            serde_json::json!({"TaskId": "alice-1", "FinalTaskStatus": status, "Output": output});
        let (state, sentence) = outcome(&serde_json::from_value(json).unwrap());
        assert_eq!((state, sentence.as_str()), expected);
    }

    #[test]
    fn a_failure_always_has_a_sentence() {
        check(
            "Failed",
            "",
            (
                SessionState::Failed,
                "The agent reported a failure without a reason.",
            ),
        );
        check(
            "Failed",
            "\n----------ERROR-------\nUnable to start command: no\n",
            (SessionState::Failed, "Unable to start command: no"),
        );
    }

    #[test]
    fn everything_else_is_an_ordinary_end() {
        check("Success", "", (SessionState::Terminated, ""));
        check("Cancelled", "", (SessionState::Terminated, ""));
        check("TimedOut", "late", (SessionState::Terminated, "late"));
    }

    #[test]
    fn half_a_log_location_is_none() {
        let join = |a: &str, b: &str| format!("{a}/{b}");
        assert_eq!(place("bucket", "", join), None);
        assert_eq!(place("", "key", join), None);
        assert_eq!(place("bucket", "key", join).as_deref(), Some("bucket/key"));
    }
}
