//! Why a bench stopped. Each is a sentence for the person who started it.

use std::io;
use std::path::PathBuf;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("`{0}` is not understood\n\nhint: start it as `cargo xtask bench`")]
    Argument(String),
    #[error("no folder for the bench can be made: {0}")]
    Folder(io::Error),
    #[error("{path} could not be used: {source}", path = path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("`{line}` could not be started: {source}")]
    NotStarted { line: String, source: io::Error },
    #[error("`{line}` failed: {said}")]
    Failed { line: String, said: String },
    #[error("{program} did not get ready; it wrote:\n{log}")]
    NotReady { program: &'static str, log: String },
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
    #[error("{awaited:?} was not seen on the terminal; it last showed:\n{shown}")]
    NotSeen { awaited: String, shown: String },
}

impl From<rustix::io::Errno> for BenchError {
    fn from(error: rustix::io::Errno) -> Self {
        Self::Terminal(error.into())
    }
}
