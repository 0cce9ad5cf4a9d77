//! Tasks on the control channel: start, completion and its receipt.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Terminal, null_as_default};
use crate::ids::SessionId;
use crate::secret::Secret;

/// `interactive_shell`: starts a session. The task proper is JSON inside the string `content`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartTask {
    /// A [`TaskContent`] as JSON text. It may hold credentials.
    pub content: Secret,
    /// Not used by AWS's agent.
    #[serde(default, deserialize_with = "null_as_default")]
    pub task_id: String,
    /// Not used by AWS's agent.
    #[serde(default, deserialize_with = "null_as_default")]
    pub topic: String,
    /// 1.
    #[serde(default)]
    pub schema_version: i64,
}

impl StartTask {
    /// Wraps a task for the wire.
    pub fn wrap(content: &TaskContent) -> Result<Self, serde_json::Error> {
        Ok(Self {
            content: Secret::from(serde_json::to_string(content)?),
            task_id: content.session_id.as_str().to_owned(),
            topic: "interactive_shell".to_owned(),
            schema_version: 1,
        })
    }

    /// The task inside.
    pub fn unwrap_content(&self) -> Result<TaskContent, serde_json::Error> {
        serde_json::from_str(self.content.expose())
    }
}

/// What to start: the document, its parameters and as whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskContent {
    /// Information only.
    #[serde(default, deserialize_with = "null_as_default")]
    pub document_name: String,
    /// The session document, schema 1.0.
    pub document_content: Value,
    /// The session.
    pub session_id: SessionId,
    /// Document parameters by name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub parameters: BTreeMap<String, Value>,
    /// The OS user, or empty. AWS's agent heeds it only when the document's `runAsEnabled` is true.
    #[serde(default, deserialize_with = "null_as_default")]
    pub run_as_user: String,
    /// ARN of the principal.
    #[serde(default, deserialize_with = "null_as_default")]
    pub session_owner: String,
    /// What our agent needs beside; only sent to agents that announced `Usher`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usher: Option<UsherTask>,
}

/// Our addition to a start task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UsherTask {
    /// The signed grant, base64.
    pub grant: String,
    /// The session's own credentials.
    pub credentials: NodeCredentials,
    /// The client's terminal, when it is known before the session starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Terminal>,
}

/// Temporary keys of the node's role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NodeCredentials {
    /// The key's id.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: Secret,
    /// The token that belongs to it.
    pub session_token: Secret,
    /// When they end, in seconds since the epoch.
    pub expiration: f64,
}

/// `agent_task_complete`: a session has ended. Sent up to three times a second apart until acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskComplete {
    /// 1.
    #[serde(default)]
    pub schema_version: i64,
    /// The session's id.
    pub task_id: String,
    /// `agent_task_complete`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub topic: String,
    /// How it ended.
    pub final_task_status: TaskStatus,
    /// Always false.
    #[serde(default)]
    pub is_routing_failure: bool,
    /// Empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub aws_account_id: String,
    /// The node.
    #[serde(default, deserialize_with = "null_as_default")]
    pub instance_id: String,
    /// Error text, or empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub output: String,
    /// Bucket of the session log, or empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub s3_bucket: String,
    /// Object key of the session log, or empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub s3_url_suffix: String,
    /// Log group, or empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub cwl_group: String,
    /// Log stream, or empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub cwl_stream: String,
    /// 1, 2, 3.
    #[serde(default)]
    pub retry_number: i64,
}

/// A session's final status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskStatus {
    /// Ran and ended.
    Success,
    /// Could not be started or broke.
    Failed,
    /// Ended from outside.
    Cancelled,
    /// A status AWS's agent has by type but was not seen to send for sessions.
    #[serde(untagged)]
    Other(String),
}

/// `agent_task_acknowledge`: stops the repeats of a completion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskAcknowledge {
    /// 1.
    #[serde(default)]
    pub schema_version: i64,
    /// Id of the completion's frame, hyphenated.
    pub message_id: String,
    /// The session's id.
    pub task_id: String,
    /// `agent_task_complete`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub topic: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_task_is_json_in_json_and_hides_its_credentials() {
        let content = TaskContent {
            document_name: "SSM-SessionManagerRunShell".to_owned(),
            document_content: serde_json::json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream"}),
            session_id: SessionId::parse("alice-8c75146cba29d6d96").unwrap(),
            parameters: BTreeMap::new(),
            run_as_user: "alice".to_owned(),
            session_owner: "arn:aws:iam::123456789012:user/alice".to_owned(),
            usher: Some(UsherTask {
                grant: "Z3JhbnQ=".to_owned(),
                credentials: NodeCredentials {
                    access_key_id: "ASIAEXAMPLE".to_owned(),
                    secret_access_key: Secret::from("hunter2"),
                    session_token: Secret::from("token3"),
                    expiration: 1_700_000_000.0,
                },
                terminal: None,
            }),
        };
        let task = StartTask::wrap(&content).unwrap();
        for shown in [format!("{task:?}"), format!("{content:?}")] {
            assert!(
                !shown.contains("hunter2") && !shown.contains("token3"),
                "{shown}"
            );
        }
        let json = serde_json::to_string(&task).unwrap();
        let back: StartTask = serde_json::from_str(&json).unwrap();
        assert_eq!(back.unwrap_content().unwrap(), content);
    }

    #[test]
    fn a_session_id_that_is_none_makes_the_task_unreadable() {
        let inner = r#"{"DocumentContent":{},"SessionId":"../x"}"#;
        assert!(serde_json::from_str::<TaskContent>(inner).is_err());
    }

    // Captured from the AWS agent 3.3.0.0.
    #[test]
    fn a_completion_of_the_aws_agent_is_read() {
        let complete: TaskComplete = serde_json::from_str(
            r#"{"SchemaVersion":1,"TaskId":"alice-d4a4f6400561127b3","Topic":"agent_task_complete","FinalTaskStatus":"Success","IsRoutingFailure":false,"AwsAccountId":"","InstanceId":"mi-779936683e2154b23","Output":"","S3Bucket":"","S3UrlSuffix":"","CwlGroup":"","CwlStream":"","RetryNumber":1}"#,
        )
        .unwrap();
        assert_eq!(complete.final_task_status, TaskStatus::Success);
        assert_eq!(
            serde_json::from_str::<TaskStatus>("\"TimedOut\"").unwrap(),
            TaskStatus::Other("TimedOut".to_owned())
        );
    }
}
