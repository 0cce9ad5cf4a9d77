//! One session, one process: its data channel on one side, its program on the other.
//!
//! It runs as the session uid and holds nothing that outlives the session: credentials for this
//! session only, a terminal it was handed, a socket to the login that watches the shell. It never
//! sees an account, a grant key or another session. Start reading at [`worker`].

mod data_key;
mod error;
mod line_prefix;
mod log;
mod pipes;
mod ports;
mod program;
mod task;
mod terminal;
mod worker;

use std::os::fd::OwnedFd;

use usher_sys::Worker;

use crate::confinement;
use crate::monitor::SessionEnd;

pub(crate) use log::FINISH_WITHIN;
pub(crate) use task::{SessionTask, TaskError, purpose, usher_member};

/// The subcommand `session`: its end is its exit code.
pub(crate) fn run() -> SessionEnd {
    let mut given = Worker::given_descriptors().into_iter();
    let (Some(login), Some(task)) = (given.next(), given.next()) else {
        return SessionEnd::TaskUnreadable;
    };
    let served = start(login, task);
    served.unwrap_or_else(|error| {
        tracing::error!("{error}");
        error.end()
    })
}

fn start(login: OwnedFd, task: OwnedFd) -> Result<SessionEnd, error::SessionError> {
    usher_sys::forbid_tracing()?;
    // The task is the first thing it reads that a stranger wrote.
    confinement::before_input();
    let task = SessionTask::from_file(task)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(worker::serve(login, task))
}
