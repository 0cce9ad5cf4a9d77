//! The files of a copy session, read and written as the account that Run As decided.
//!
//! It is that account's own process, in its home directory, and holds nothing of the agent's but two pipes to the session
//! worker. What is copied and how, `usher-copy` knows.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;

use usher_copy::{CopyError, Link, serve};

/// Why a copy ended badly without the person's end knowing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopierError {
    #[error("{0}")]
    System(#[from] io::Error),
    #[error("{0}")]
    Copy(#[from] CopyError),
}

/// The subcommand `copy`, on standard input and output.
pub(crate) fn run() -> Result<ExitCode, CopierError> {
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    match serve(&mut Link::new(input, output)) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // The person's end said so or was told.
        Err(CopyError::Gone | CopyError::Place { .. }) => Ok(ExitCode::FAILURE),
        Err(error) => Err(error.into()),
    }
}
