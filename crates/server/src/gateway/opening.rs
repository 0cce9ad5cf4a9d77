//! Between the upgrade and the open message: the peer is nobody yet, so everything is bounded.
//!
//! Each connection in this state has little time and few bytes, and each address few of them (`gateway/upgrade.rs`). Pings may come
//! before the text: AWS's plugin sends one at once (traces.md section 7).

use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::limits::{OPEN_BYTES, OPEN_WITHIN};
use super::socket::{Inbound, Received};

/// Why there is no open message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OpenError {
    /// The peer left, or sent nothing in time.
    #[error("no open message came")]
    NothingCame,
    /// Longer than an open message can be.
    #[error("the open message is too long")]
    TooLong,
    /// A frame, or text that is not the message.
    #[error("the first message is no open message")]
    NotAnOpenMessage,
}

/// Reads the open message, which is the first that is no ping.
pub(crate) async fn open_message<T: DeserializeOwned>(
    inbound: &mut Inbound,
) -> Result<T, OpenError> {
    let first = timeout(OPEN_WITHIN, inbound.next()).await;
    let Ok(Ok(first)) = first else {
        return Err(OpenError::NothingCame);
    };
    match first {
        Received::Text(text) if text.len() > OPEN_BYTES => Err(OpenError::TooLong),
        Received::Text(text) => {
            serde_json::from_str(&text).map_err(|_| OpenError::NotAnOpenMessage)
        }
        Received::Binary(_) => Err(OpenError::NotAnOpenMessage),
    }
}
