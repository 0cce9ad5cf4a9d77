//! Everything the ends of a session say to each other, as values and bytes: names, frames, channel messages,
//! the data channel's state machine, request signatures and login grants.
//!
//! The room is pure. It owns no socket, reads no clock and draws no randomness: time, wall-clock milliseconds and
//! seeds are arguments, so every behaviour can be replayed. It knows nothing of IAM, SQL or operating-system accounts.
//!
//! Start at [`data_channel::DataChannel`] for a session's stream and at [`frame::Frame`] for its bytes.

#![forbid(unsafe_code)]

pub mod cast;
pub mod data_channel;
pub mod encryption;
pub mod frame;
pub mod grant;
pub mod ids;
pub mod message;
pub mod sealed_recording;
pub mod secret;
pub mod session_log;
pub mod sigv4;
pub mod version;
