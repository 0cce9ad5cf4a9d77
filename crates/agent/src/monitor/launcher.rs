//! Starting the other processes: which subcommand, which ids, which sockets.
//!
//! Owns that each gets the sockets it needs and no others, and that nothing secret stands in an
//! argument or in an environment.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use usher_sys::{Pid, ServiceIds, SpawnError, Worker, set_nonblocking, socket_pair};

use crate::identities::Identities;
use crate::ipc::Link;

/// What a worker needs to know of the monitor's environment: where certificates and proxies are,
/// and how much to log.
const INHERITED: [&str; 10] = [
    "AWS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "RUST_LOG",
];

/// Why a process could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LaunchError {
    #[error("the agent's {0} process could not be started: {1}")]
    Spawn(&'static str, SpawnError),
    #[error("no socket for another process: {0}")]
    Socket(#[from] io::Error),
    #[error("the path of the configuration is not UTF-8: {0}")]
    Path(PathBuf),
}

/// A login process with its two links.
#[derive(Debug)]
pub(super) struct LoginProcess {
    pub(super) pid: Pid,
    pub(super) link: Link,
    /// The session worker's end of its socket to login.
    pub(super) for_session: OwnedFd,
}

/// Starts processes.
#[derive(Debug)]
pub(super) struct Launcher {
    config_path: String,
    identities: Option<Identities>,
    environment: Vec<(String, String)>,
}

impl Launcher {
    pub(super) fn new(
        config_path: &Path,
        identities: Option<Identities>,
    ) -> Result<Self, LaunchError> {
        let path = config_path.canonicalize()?;
        let environment = INHERITED
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)))
            .collect();
        Ok(Self {
            config_path: path
                .to_str()
                .ok_or_else(|| LaunchError::Path(path.clone()))?
                .to_owned(),
            identities,
            environment,
        })
    }

    /// The control worker, and our end of its socket.
    pub(super) fn control(&self) -> Result<(Pid, Link), LaunchError> {
        let (ours, theirs) = socket_pair()?;
        set_nonblocking(&ours)?;
        let ids = self.identities.map(|identities| identities.control);
        let pid = self.start("control", &["control"], ids, &[theirs.as_fd()])?;
        Ok((pid, Link::new(ours)))
    }

    /// A login process, as root.
    pub(super) fn login(&self) -> Result<LoginProcess, LaunchError> {
        let (ours, theirs) = socket_pair()?;
        set_nonblocking(&ours)?;
        let (for_session, for_login) = socket_pair()?;
        let arguments = ["login-child", "--config", &self.config_path];
        let descriptors = [theirs.as_fd(), for_login.as_fd()];
        let pid = self.start("login", &arguments, None, &descriptors)?;
        Ok(LoginProcess {
            pid,
            link: Link::new(ours),
            for_session,
        })
    }

    /// A session worker with its socket to login and its task.
    pub(super) fn session(
        &self,
        for_session: BorrowedFd<'_>,
        task: BorrowedFd<'_>,
    ) -> Result<Pid, LaunchError> {
        let ids = self.identities.map(|identities| identities.session);
        self.start("session", &["session"], ids, &[for_session, task])
    }

    fn start(
        &self,
        name: &'static str,
        arguments: &[&str],
        ids: Option<ServiceIds>,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<Pid, LaunchError> {
        let worker = Worker {
            name: "usher-agent",
            arguments,
            environment: &self.environment,
            ids,
            descriptors,
        };
        worker
            .spawn()
            .map_err(|error| LaunchError::Spawn(name, error))
    }
}
