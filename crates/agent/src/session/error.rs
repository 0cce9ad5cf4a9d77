//! How a session can end badly, and the exit code that says so to the monitor.

use std::io;

use usher_aws::NoRandomness;
use usher_wire::data_channel::PeerError;

use super::data_key::KeyError;
use super::task::TaskError;
use crate::ipc::LinkError;
use crate::monitor::SessionEnd;
use crate::service::ServiceError;
use crate::transport::OpenError;

/// Why a session ended badly.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    #[error("{0}")]
    Task(#[from] TaskError),
    #[error("{0}")]
    Service(#[from] ServiceError),
    #[error("the data channel was refused: {0}")]
    Refused(OpenError),
    #[error("the data channel could not be opened within 60 s")]
    NotOpened,
    #[error("The login process on the node ended before the shell did: {0}")]
    Login(#[from] LinkError),
    #[error("{0}")]
    Shell(String),
    #[error("the session was ended: {0}")]
    Client(#[from] PeerError),
    #[error("{0}")]
    Key(#[from] KeyError),
    #[error("The session was ended because its log cannot be written: {0}")]
    Log(String),
    #[error("{0}")]
    Random(#[from] NoRandomness),
    #[error("{0}")]
    System(#[from] io::Error),
}

impl SessionError {
    pub(super) fn end(&self) -> SessionEnd {
        match self {
            Self::Task(_) | Self::Service(ServiceError::Endpoint(_)) => SessionEnd::TaskUnreadable,
            Self::Service(_) | Self::Refused(_) | Self::NotOpened => SessionEnd::ChannelRefused,
            Self::Login(_) => SessionEnd::LoginLost,
            Self::Shell(_) => SessionEnd::ShellFailed,
            Self::System(_) => SessionEnd::NodeExhausted,
            Self::Client(_) => SessionEnd::ClientFailed,
            Self::Log(_) => SessionEnd::LogFailed,
            Self::Key(_) | Self::Random(_) => SessionEnd::KeyFailed,
        }
    }
}
