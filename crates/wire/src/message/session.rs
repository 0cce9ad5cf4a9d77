//! Messages of a data channel outside the handshake: acknowledge, session state, closing, window size.

use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

use super::{null_as_default, to_json};
use crate::frame::MessageType;

/// Confirms one stream message. AWS's programs look at the number only, so only the number is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Acknowledge {
    /// The confirmed message's type.
    #[serde(rename = "AcknowledgedMessageType")]
    pub message_type: MessageType,
    /// Its id.
    #[serde(rename = "AcknowledgedMessageId", serialize_with = "hyphenated")]
    pub message_id: Uuid,
    /// Its number.
    #[serde(rename = "AcknowledgedMessageSequenceNumber")]
    pub sequence: i64,
    /// Always true in AWS's programs.
    #[serde(rename = "IsSequentialMessage")]
    pub is_sequential: bool,
}

#[derive(Deserialize)]
struct AcknowledgedNumber {
    #[serde(rename = "AcknowledgedMessageSequenceNumber")]
    sequence: i64,
}

impl Acknowledge {
    /// The number that an `acknowledge` payload confirms.
    pub fn number(payload: &[u8]) -> Result<i64, serde_json::Error> {
        serde_json::from_slice::<AcknowledgedNumber>(payload)
            .map(|acknowledged| acknowledged.sequence)
    }
}

fn hyphenated<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
}

/// The service ends a session; on the control channel to the agent, on the data channel to both ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChannelClosed {
    /// `channel_closed`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub message_type: String,
    /// A fresh UUID.
    #[serde(default, deserialize_with = "null_as_default")]
    pub message_id: String,
    /// The node.
    #[serde(default, deserialize_with = "null_as_default")]
    pub destination_id: String,
    /// The session that ends.
    #[serde(default, deserialize_with = "null_as_default")]
    pub session_id: String,
    /// 1.
    #[serde(default)]
    pub schema_version: u32,
    /// Milliseconds since the epoch, as text.
    #[serde(default, deserialize_with = "null_as_default")]
    pub created_date: String,
    /// A sentence for the person, or empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub output: String,
}

impl ChannelClosed {
    /// The message that ends `session_id` on node `destination_id`.
    pub fn new(
        message_id: Uuid,
        created_ms: u64,
        destination_id: &str,
        session_id: &str,
        output: &str,
    ) -> Self {
        Self {
            message_type: MessageType::ChannelClosed.name().to_owned(),
            message_id: message_id.hyphenated().to_string(),
            destination_id: destination_id.to_owned(),
            session_id: session_id.to_owned(),
            schema_version: 1,
            created_date: created_ms.to_string(),
            output: output.to_owned(),
        }
    }
}

/// `usher_notice`: the service, which cannot write into the stream, asks our agent to show the person a sentence. Sent
/// only to agents that announced `Usher`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Notice {
    /// The sentence, without line ends.
    pub text: String,
}

/// `agent_session_state`: how the agent's end of a session stands. For the service alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SessionState {
    /// 1.
    pub schema_version: u32,
    /// The state.
    pub session_state: SessionStateName,
    /// The session.
    pub session_id: String,
    /// How it ended, from our agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usher: Option<UsherSessionState>,
}

/// The two states AWS's agent reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionStateName {
    /// The data channel is open.
    Connected,
    /// The session has ended by itself; the socket closes next.
    Terminating,
}

/// How a session ended, told by our agent on the data channel since the session process has no control channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UsherSessionState {
    /// `Success`, `Failed` or `Cancelled`, as in `agent_task_complete`.
    pub status: super::TaskStatus,
    /// A sentence for the person, or empty.
    #[serde(default)]
    pub output: String,
    /// The shell's or command's exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
}

/// The client's window size (payload type 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
}

impl Size {
    /// The payload.
    pub fn to_payload(self) -> bytes::Bytes {
        to_json(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Captured from the AWS plugin 1.2.0.0.
    const ACKNOWLEDGE: &str = r#"{"AcknowledgedMessageType":"output_stream_data","AcknowledgedMessageId":"887659ab-3a1f-4b13-bf07-28336e422733","AcknowledgedMessageSequenceNumber":0,"IsSequentialMessage":true}"#;

    #[test]
    fn an_acknowledge_is_written_as_aws_programs_write_it() {
        let acknowledge = Acknowledge {
            message_type: MessageType::OutputStreamData,
            message_id: "887659ab-3a1f-4b13-bf07-28336e422733".parse().unwrap(),
            sequence: 0,
            is_sequential: true,
        };
        assert_eq!(serde_json::to_string(&acknowledge).unwrap(), ACKNOWLEDGE);
    }

    #[test]
    fn an_acknowledge_needs_nothing_but_its_number() {
        assert!(Acknowledge::number(b"{}").is_err());
        assert!(Acknowledge::number(b"junk").is_err());
        assert_eq!(Acknowledge::number(ACKNOWLEDGE.as_bytes()).unwrap(), 0);
        assert_eq!(
            Acknowledge::number(br#"{"AcknowledgedMessageSequenceNumber":7}"#).unwrap(),
            7
        );
    }

    #[test]
    fn a_channel_closed_without_output_is_read() {
        let closed: ChannelClosed = serde_json::from_str(
            r#"{"MessageType": "channel_closed", "MessageId": "4909b232-6de3-421a-9dc1-7fc2ec142548", "DestinationId": "mi-779936683e2154b23", "SessionId": "alice-71c4533c5180da477", "SchemaVersion": 1, "CreatedDate": "1795340354646"}"#,
        )
        .unwrap();
        assert_eq!(closed.output, "");
        assert_eq!(closed.session_id, "alice-71c4533c5180da477");
    }

    #[test]
    fn a_session_state_of_the_aws_agent_is_read_and_written() {
        let json = r#"{"SchemaVersion":1,"SessionState":"Connected","SessionId":"alice-d4a4f6400561127b3"}"#;
        let state: SessionState = serde_json::from_str(json).unwrap();
        assert_eq!(state.session_state, SessionStateName::Connected);
        assert_eq!(serde_json::to_string(&state).unwrap(), json);
    }
}
