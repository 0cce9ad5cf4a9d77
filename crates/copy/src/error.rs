//! What ends a copy as a whole. A single file that cannot be copied is a [`Problem`](crate::Problem) instead.

use std::io;
use std::path::PathBuf;

use crate::Side;

/// Why a copy ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The peer hung up.
    #[error("the other end is gone")]
    Gone,
    /// The stream between the ends broke.
    #[error("the stream to the other end broke: {0}")]
    Stream(#[source] io::Error),
    /// The peer broke the protocol.
    #[error("the other end broke the rules of a copy: {0}")]
    Peer(&'static str),
    /// Nothing can be copied from or to there.
    #[error("{}: {cause}", .path.display())]
    Place {
        /// Where `path` is.
        side: Side,
        /// The source or destination.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
}

impl CopyError {
    pub(crate) fn of_stream(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset => Self::Gone,
            _ => Self::Stream(error),
        }
    }
}
