//! The three handshake messages. Each is numbered in the stream like any other payload.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Terminal, USHER_VERSION, null_as_default};

/// What kind of session a document describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SessionType {
    /// An interactive shell.
    #[serde(rename = "Standard_Stream")]
    StandardStream,
    /// A command on a terminal.
    InteractiveCommands,
    /// A command without a terminal.
    NonInteractiveCommands,
    /// A TCP stream.
    Port,
    /// Files, between our own programs.
    Copy,
}

impl SessionType {
    /// The type with this name in documents and handshakes.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "Standard_Stream" => Some(Self::StandardStream),
            "InteractiveCommands" => Some(Self::InteractiveCommands),
            "NonInteractiveCommands" => Some(Self::NonInteractiveCommands),
            "Port" => Some(Self::Port),
            "Copy" => Some(Self::Copy),
            _ => None,
        }
    }

    /// The name in documents and handshakes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StandardStream => "Standard_Stream",
            Self::InteractiveCommands => "InteractiveCommands",
            Self::NonInteractiveCommands => "NonInteractiveCommands",
            Self::Port => "Port",
            Self::Copy => "Copy",
        }
    }
}

/// Agent to client: what the client must do before the session starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HandshakeRequest {
    /// The agent's version; clients choose port multiplexing by it.
    pub agent_version: String,
    /// In the order in which they are to be processed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub requested_client_actions: Vec<RequestedAction>,
    /// Present when the agent is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usher: Option<UsherRequest>,
}

/// One action of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestedAction {
    /// `SessionType` or `KMSEncryption`.
    pub action_type: String,
    /// For `SessionType`: `SessionType` and `Properties`; for `KMSEncryption`: [`KmsParameters`](super::KmsParameters).
    #[serde(default)]
    pub action_parameters: Value,
}

/// Our member of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UsherRequest {
    /// 1.
    pub version: u32,
}

impl Default for UsherRequest {
    fn default() -> Self {
        Self {
            version: USHER_VERSION,
        }
    }
}

/// Client to agent: what became of each action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HandshakeResponse {
    /// The client's version; agents choose port multiplexing by it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub client_version: String,
    /// One for each requested action.
    #[serde(default, deserialize_with = "null_as_default")]
    pub processed_client_actions: Vec<ProcessedAction>,
    /// Texts, or null.
    #[serde(default)]
    pub errors: Option<Vec<String>>,
    /// Present when the client is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usher: Option<UsherResponse>,
}

/// What became of one action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessedAction {
    /// As requested.
    pub action_type: String,
    /// See [`ActionStatus`].
    pub action_status: i64,
    /// The action's result, or null.
    #[serde(default)]
    pub action_result: Value,
    /// Text, or empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub error: String,
}

impl ProcessedAction {
    /// It was done, with this result.
    pub fn succeed_with(&mut self, result: &impl Serialize) {
        self.action_status = ActionStatus::Success.number();
        self.action_result = serde_json::to_value(result).unwrap_or_default();
        self.error = String::new();
    }

    /// It could not be done, for this reason.
    pub fn fail(&mut self, reason: String) {
        self.action_status = ActionStatus::Failed.number();
        self.action_result = Value::Null;
        self.error = reason;
    }
}

/// The numbers in [`ProcessedAction::action_status`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionStatus {
    /// 1.
    Success,
    /// 2.
    Failed,
    /// 3, and 0: AWS's plugin swaps status and result of actions it does not know.
    Unsupported,
}

impl ActionStatus {
    /// The number to send.
    pub const fn number(self) -> i64 {
        match self {
            Self::Success => 1,
            Self::Failed => 2,
            Self::Unsupported => 3,
        }
    }
}

/// Our member of a response.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UsherResponse {
    /// 1.
    pub version: u32,
    /// The person's terminal, so that the shell starts at its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Terminal>,
}

/// Agent to client: the session starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HandshakeComplete {
    /// Nanoseconds from request to response.
    #[serde(default)]
    pub handshake_time_to_complete: u64,
    /// A line for the person, or empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub customer_message: String,
}
