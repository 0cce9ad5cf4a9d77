//! What can keep `usher server` and `usher admin` from their work. The sentences are the server's own; the hints say
//! what an operator does about them.

use std::io;
use std::path::PathBuf;

use usher_server::{ListenError, ServerError, SettingsError};

/// Why a server, or work on its data, does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// What was said cannot be followed.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A certificate or an address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Data, keys or identities.
    #[error(transparent)]
    Open(#[from] ServerError),
    /// Without these it could not be stopped in good order.
    #[error("signals cannot be received: {0}")]
    Signals(#[source] io::Error),
    /// What we would make there the server could not open.
    #[error(
        "the data directory {path} belongs to the user with uid {owner}, and this runs as uid {ours}"
    )]
    ForeignData {
        /// The data directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who we are.
        ours: u32,
    },
    /// Two processes must not use one database.
    #[error(
        "a server is running on the data directory {path}, so nothing can be made in it from outside"
    )]
    ServerRuns {
        /// The data directory.
        path: PathBuf,
    },
}

impl ServeError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Settings(SettingsError::Unreadable { .. }) => {
                "docs/server.toml is an example that can be copied there"
            }
            Self::Settings(_) => "docs/server.toml says what each key means",
            Self::Listen(ListenError::Address { source, .. })
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                "ports below 1024 need a capability: `AmbientCapabilities=CAP_NET_BIND_SERVICE` in the unit"
            }
            Self::Listen(ListenError::Address { source, .. })
                if source.kind() == io::ErrorKind::AddrInUse =>
            {
                "`ss -ltnp` shows what uses it"
            }
            Self::Open(ServerError::AdministratorExists { .. }) => {
                "an administrator makes further ones: `aws iam create-user`, `aws iam create-access-key`"
            }
            Self::ForeignData { owner, .. } => {
                return Some(format!(
                    "run it as that user: `setpriv --reuid {owner} --clear-groups …`, or `sudo -u`"
                ));
            }
            Self::ServerRuns { .. } => {
                "stop the server, run this again, and start it; if there is an administrator, they make users by `aws iam`"
            }
            Self::Listen(_) | Self::Open(_) | Self::Signals(_) => return None,
        };
        Some(hint.to_owned())
    }
}
