//! How the agent's processes talk: framed, bounded, versioned messages over stream socket pairs,
//! with descriptors passed beside them.
//!
//! Invariants: a length is checked before anything is kept, no message is longer than
//! [`MAX_MESSAGE`], and a message that is not exactly what its kind says ends the link. Both ends
//! are copies of one executable, so a foreign version is refused rather than negotiated.

mod dialer_messages;
mod fields;
mod link;
mod messages;
mod shell_messages;
mod stream;

pub(crate) use dialer_messages::{FromDialer, NotDialed, ToDialer};
pub(crate) use link::{Link, LinkError};
pub(crate) use messages::{Asked, FromLogin, Outcome, ToControl, ToLogin, ToMonitor};
pub(crate) use shell_messages::{FromShell, Open, Run, ToShell};
pub(crate) use stream::AsyncLink;

/// The longest message, its header left out.
pub(crate) const MAX_MESSAGE: usize = 64 * 1024;

/// Stands in every header.
const VERSION: u8 = 1;

/// Length (4 bytes, big-endian, of what follows the header) and version.
const HEADER: usize = 5;

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IpcError {
    #[error("a message is longer than 64 KiB")]
    TooLong,
    #[error("a message has version {0}; this agent speaks version 1")]
    ForeignVersion(u8),
    #[error("a message ends before its last field")]
    Truncated,
    #[error("a message goes on after its last field")]
    Trailing,
    #[error("a message has the unknown kind {0}")]
    UnknownKind(u8),
    #[error("a field holds what it must not")]
    InvalidField,
    #[error("a message came without its descriptor")]
    MissingDescriptor,
    #[error("descriptors came that no message speaks of")]
    StrayDescriptor,
}

/// A message that crosses one of the sockets.
pub(crate) trait Message: Sized {
    fn encode<'a>(&'a self, fields: &mut fields::Writer<'a>);
    fn decode(fields: &mut fields::Reader<'_>) -> Result<Self, IpcError>;
}
