//! What can keep `usher dev` from starting, each with what to do about it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;

use usher_server::{ServerError, TlsError};

/// Why `usher dev` stops.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DevError {
    /// It would be reached from beyond this machine.
    #[error("{address} is not a loopback address, and usher dev serves this machine alone")]
    NotLoopback {
        /// Which address it is.
        option: &'static str,
        /// As given.
        address: SocketAddr,
    },
    /// Somebody listens there.
    #[error("{address} is in use by another program")]
    AddressInUse {
        /// Which address it is.
        option: &'static str,
        /// As given, or the default.
        address: SocketAddr,
    },
    /// There is no certificate to speak TLS with.
    #[error("TLS cannot be spoken: {0}")]
    Tls(#[source] TlsError),
    /// Listening failed otherwise.
    #[error("the address cannot be listened on: {0}")]
    Listen(#[source] io::Error),
    /// The data directory.
    #[error("{path} cannot be used: {source}")]
    Data {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else could put files where root reads them.
    #[error("{path} can be changed by others than root and the user who called sudo")]
    UnsafeAncestor {
        /// The directory above the data.
        path: PathBuf,
    },
    /// Made by another user's `usher dev`.
    #[error("{path} belongs to another user")]
    ForeignData {
        /// The data directory.
        path: PathBuf,
    },
    /// Who runs us cannot be found out.
    #[error("the user who runs usher dev cannot be used: {0}")]
    Runner(String),
    /// The agent is not beside us.
    #[error("{path} does not exist")]
    NoAgent {
        /// Where it should be.
        path: PathBuf,
    },
    /// A subcommand of the agent did not do its work.
    #[error("usher-agent {subcommand} failed ({status}):\n{output}")]
    AgentFailed {
        /// `register` or `undo`.
        subcommand: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        output: String,
    },
    /// The agent ended by itself.
    #[error("usher-agent ended by itself ({status})")]
    AgentEnded {
        /// How it ended.
        status: String,
        /// Where it wrote why.
        log: PathBuf,
    },
    /// The agent runs but its control channel does not come up.
    #[error("this machine did not become a managed node in time")]
    NodeNotReady,
    /// The server.
    #[error("the server does not start: {0}")]
    Server(#[source] ServerError),
    /// The command after `--`.
    #[error("`{program}` cannot be run: {source}")]
    CommandNotRun {
        /// As given.
        program: String,
        /// What the system said.
        source: io::Error,
    },
}

impl DevError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotLoopback { option, .. } => {
                return Some(format!(
                    "use {option} 127.0.0.1:PORT; other machines need `usher server` with TLS"
                ));
            }
            Self::AddressInUse { option, .. } => {
                return Some(format!(
                    "stop it, or choose another port; {option} 127.0.0.1:0 takes a free one"
                ));
            }
            Self::UnsafeAncestor { .. } => "choose another place with --data-dir",
            Self::ForeignData { .. } => "run as that user, or choose another place with --data-dir",
            Self::NoAgent { .. } => {
                "build it with `cargo build --package usher-agent`, or use --no-agent"
            }
            Self::AgentEnded { log, .. } => return Some(format!("{} says why", log.display())),
            Self::NodeNotReady => "agent/agent.log in the data directory says what the agent did",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
