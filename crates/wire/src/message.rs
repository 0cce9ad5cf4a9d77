//! The JSON payloads of both channels, as serde structs with AWS's member names.
//!
//! Unknown members are ignored and members that AWS's programs leave out have defaults; our own additions live in one
//! member, `Usher`, which AWS's programs ignore. Nothing here decides anything.

mod encryption;
mod explain;
mod flag;
mod handshake;
mod open;
mod session;
mod task;
mod terminal;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};

pub use encryption::{EncryptionChallenge, KmsParameters, KmsResult};
pub use explain::{Explain, Explained};
pub use flag::{DialAnswer, Flag};
pub use handshake::{
    ActionStatus, HandshakeComplete, HandshakeRequest, HandshakeResponse, ProcessedAction,
    RequestedAction, SessionType, UsherRequest, UsherResponse,
};
pub use open::{OpenControlChannel, OpenDataChannel, UsherVersion};
pub use session::{
    Acknowledge, ChannelClosed, Notice, SessionState, SessionStateName, Size, UsherSessionState,
};
pub use task::{
    NodeCredentials, StartTask, TaskAcknowledge, TaskComplete, TaskContent, TaskStatus, UsherTask,
};
pub use terminal::Terminal;

/// The version in every `Usher` member.
pub const USHER_VERSION: u32 = 1;

/// A message as JSON bytes. Our own message structs always serialise; should one not, the empty payload that results is
/// refused by the peer's parser.
pub fn to_json(message: &impl Serialize) -> Bytes {
    serde_json::to_vec(message)
        .map(Bytes::from)
        .unwrap_or_default()
}

/// Go programs write `null` for an empty slice or string pointer.
fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
