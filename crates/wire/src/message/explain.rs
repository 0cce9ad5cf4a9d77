//! Whether a node would let an OS user in, asked and answered on the control channel. Usher's own; only sent to agents that
//! announced `Usher`.

use serde::{Deserialize, Serialize};

/// `usher_explain`: asks a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Explain {
    /// Comes back in the answer; of at most 64 characters.
    pub request_id: String,
    /// The OS user; none: the account of sessions without Run As.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_user: Option<String>,
    /// Whether the session's document asks to run as root, which a node may refuse whoever it is for.
    #[serde(default)]
    pub elevated: bool,
}

/// `usher_explained`: the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Explained {
    /// Of the question.
    pub request_id: String,
    /// Why the node would refuse, a sentence; none: it would not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}
