//! The node's own process toward the service: credentials, health, control channel.
//!
//! It runs as the control uid and holds the registration key. It decides nothing about logins: it
//! hands grant and task to the monitor and tells the service what became of them. Three futures
//! share one thread and one piece of state, the newest credentials.

mod channel;
mod completions;
mod credentials;
mod health;

use std::fs::File;
use std::io;

use aws_lc_rs::rsa::KeyPair;
use tokio::sync::watch;
use usher_aws::Ssm;
use usher_sys::Worker;
use usher_wire::ids::{IdError, NodeId};

use crate::confinement;
use crate::ipc::{AsyncLink, LinkError, ToControl};
use crate::registration::read_key;
use crate::service::{self, ServiceError};
use credentials::RegistrationKey;

/// Why the control process ends; the monitor starts another one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    #[error("control is started by the agent itself, not by hand")]
    NotAWorker,
    #[error("the monitor's first message is not the configuration")]
    NotConfigured,
    #[error("the node id is none: {0}")]
    Node(#[from] IdError),
    #[error("{0}")]
    Client(#[from] ServiceError),
    #[error("the registration key cannot be used: register this node again")]
    Key,
    #[error("the monitor: {0}")]
    Monitor(#[from] LinkError),
    #[error("{0}")]
    System(#[from] io::Error),
}

/// The subcommand `control`. Returns only when something is wrong, or the monitor is gone.
pub(crate) fn run() -> Result<(), ControlError> {
    let monitor = Worker::given_descriptors()
        .into_iter()
        .next()
        .ok_or(ControlError::NotAWorker)?;
    usher_sys::forbid_tracing()?;
    confinement::before_input();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let monitor = AsyncLink::new(monitor)?;
        serve(monitor).await
    })
}

async fn serve(mut monitor: AsyncLink) -> Result<(), ControlError> {
    let ToControl::Configure {
        endpoint,
        region,
        node,
        fingerprint,
        authorities,
        key,
    } = monitor.next().await?
    else {
        return Err(ControlError::NotConfigured);
    };
    let node = NodeId::parse(&node)?;
    let der = zeroize::Zeroizing::new(read_key(File::from(key))?);
    let key = KeyPair::from_pkcs8(&der).map_err(|_| ControlError::Key)?;
    let client = service::client(authorities.as_deref(), &endpoint, &region)?;
    confinement::toward(client.endpoint());
    let ssm = Ssm::new(client.clone());
    let registration = RegistrationKey {
        node: node.clone(),
        key,
        fingerprint,
    };

    let (publish, newest) = watch::channel(None);
    let served = tokio::select! {
        never = credentials::renew(&ssm, &registration, &publish) => match never {},
        never = health::report(&ssm, client.endpoint(), &node, newest.clone()) => match never {},
        ended = channel::serve(&client, authorities.clone(), &node, newest.clone(), monitor) => ended,
    };
    match served {
        // The monitor is gone: a new one starts a control process of its own.
        Err(ControlError::Monitor(LinkError::Closed)) => Ok(()),
        other => other,
    }
}
