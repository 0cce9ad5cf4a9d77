//! The first text message on each channel. There is no answer; a refused token closes the channel.

use serde::{Deserialize, Serialize};

use super::{USHER_VERSION, null_as_default};
use crate::secret::Secret;

/// Announces that a peer is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UsherVersion {
    /// 1.
    pub version: u32,
}

impl Default for UsherVersion {
    fn default() -> Self {
        Self {
            version: USHER_VERSION,
        }
    }
}

/// First text on a data channel, of client and agent alike. The agent's has `ClientInstanceId`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OpenDataChannel {
    /// "1.0".
    pub message_schema_version: String,
    /// A fresh UUID.
    pub request_id: String,
    /// What opens this side of the session.
    pub token_value: Secret,
    /// A UUID per client process, kept across resumes; empty from AWS's agent, and missing means empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub client_id: String,
    /// The client's version; absent before plugin 1.2.677.0 and from agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_version: Option<String>,
    /// The node's id; agents only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_instance_id: Option<String>,
}

/// First text on a control channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OpenControlChannel {
    /// Always null.
    #[serde(default)]
    pub cookie: Option<String>,
    /// "1.0".
    pub message_schema_version: String,
    /// A fresh UUID.
    pub request_id: String,
    /// What opens the channel.
    pub token_value: Secret,
    /// The agent's version.
    #[serde(default, deserialize_with = "null_as_default")]
    pub agent_version: String,
    /// `linux`, `macos` or `windows`, in lower case here.
    #[serde(default, deserialize_with = "null_as_default")]
    pub platform_type: String,
    /// Present when the agent is ours; start tasks then carry a grant and credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usher: Option<UsherVersion>,
}

#[cfg(test)]
mod tests {
    use super::*;

    // Captured from the AWS plugin 1.2.0.0 and the AWS agent 3.3.0.0 (tokens replaced).
    #[test]
    fn both_first_texts_of_a_data_channel_are_read() {
        let client: OpenDataChannel = serde_json::from_str(
            r#"{"MessageSchemaVersion": "1.0", "RequestId": "6e891d76-8542-4147-b85d-2dde6377bb97", "TokenValue": "t", "ClientId": "d7d97057-6fb4-46ee-8143-7b36654c2b7c", "ClientVersion": "1.2.0.0"}"#,
        )
        .unwrap();
        assert_eq!(client.client_version.as_deref(), Some("1.2.0.0"));
        assert_eq!(client.client_instance_id, None);
        let agent: OpenDataChannel = serde_json::from_str(
            r#"{"MessageSchemaVersion": "1.0", "RequestId": "d22448fa-8876-4692-8ae5-a1403a5af732", "TokenValue": "t", "ClientInstanceId": "mi-e49ab30ce7eb65e65", "ClientId": ""}"#,
        )
        .unwrap();
        assert_eq!(
            agent.client_instance_id.as_deref(),
            Some("mi-e49ab30ce7eb65e65")
        );
    }

    #[test]
    fn a_missing_client_id_means_empty() {
        let open: OpenDataChannel = serde_json::from_str(
            r#"{"MessageSchemaVersion":"1.0","RequestId":"r","TokenValue":"t"}"#,
        )
        .unwrap();
        assert_eq!(open.client_id, "");
    }

    #[test]
    fn the_control_channel_tells_our_agents_from_aws_agents() {
        let aws: OpenControlChannel = serde_json::from_str(
            r#"{"Cookie": null, "MessageSchemaVersion": "1.0", "RequestId": "24ef9e23-e502-40f2-99c0-8278276d6b9a", "TokenValue": "t", "AgentVersion": "3.3.0.0", "PlatformType": "linux"}"#,
        )
        .unwrap();
        assert_eq!(aws.usher, None);
        let ours = OpenControlChannel {
            usher: Some(UsherVersion::default()),
            ..aws
        };
        let json = serde_json::to_string(&ours).unwrap();
        assert!(json.contains(r#""Usher":{"Version":1}"#), "{json}");
    }
}
