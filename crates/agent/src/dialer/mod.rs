//! The connections of a port session, made as the account that Run As decided.
//!
//! It is that account's own process and holds nothing of the agent's: login tells it the one place, the session worker
//! asks for a connection at a time and gets its descriptor. It carries no byte itself.

mod connect;

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use crate::ipc::{AsyncLink, FromDialer, LinkError, ToDialer};
use connect::Target;

/// Connections being made at the same time; more of them wait their turn.
const AT_ONCE: usize = 64;

/// Answers that wait to be sent.
const ANSWERS: usize = 64;

/// Why the dialer ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialerError {
    #[error("the dialer is started by the agent itself, not by hand")]
    NotAWorker,
    #[error("another process of the agent failed: {0}")]
    Link(#[from] LinkError),
    #[error("{0}")]
    System(#[from] io::Error),
}

/// The subcommand `dialer`; its socket is its standard input. It ends with the session.
pub(crate) fn run() -> Result<(), DialerError> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let served = runtime.block_on(serve(socket));
    // A name service that does not answer must not keep the session.
    runtime.shutdown_background();
    match served {
        Err(DialerError::Link(LinkError::Closed)) => Ok(()),
        served => served,
    }
}

async fn serve(socket: std::os::fd::OwnedFd) -> Result<(), DialerError> {
    let mut link = AsyncLink::new(socket)?;
    let ToDialer::Target {
        host,
        port,
        allow,
        deny,
    } = link.next().await?
    else {
        return Err(DialerError::NotAWorker);
    };
    let target = Arc::new(Target::new(host, port, &allow, &deny));
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let (answer, mut answers) = mpsc::channel(ANSWERS);
    loop {
        tokio::select! {
            asked = link.next() => match asked? {
                ToDialer::Dial { id } => {
                    let (target, turns, answer) = (Arc::clone(&target), Arc::clone(&turns), answer.clone());
                    tokio::spawn(async move {
                        let _turn = turns.acquire().await;
                        let _ = answer.send((id, target.connect().await)).await;
                    });
                }
                ToDialer::Target { .. } => return Err(DialerError::NotAWorker),
            },
            Some((id, connected)) = answers.recv() => {
                let answer = match connected {
                    Ok(socket) => FromDialer::Dialed { id, socket },
                    Err(refusal) => FromDialer::NotDialed { id, refusal: refusal.into() },
                };
                link.send(&answer)?;
            }
        }
    }
}
