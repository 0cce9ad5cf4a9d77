//! The server's door: open its data, make the first identities, run until told to stop.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;
use usher_wire::ids::NodeId;
use usher_wire::secret::Secret;

use crate::audit::{
    HeadKey, Receiver, ReceiverError, SessionEnds, Trail, TrailError, head_files, send_events,
};
use crate::clock::Clock;
use crate::config::Config;
use crate::context::Context;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::http::Listener;
use crate::objects::{Folder, ObjectError};
use crate::openid::ProviderKeys;
use crate::recording::Recordings;
use crate::standing::Standing;
use crate::store::{Store, StoreError};
use crate::vault::{Vault, VaultError};
use crate::{aws_policies, bootstrap, chores, delivery, grant_key, http, standing};

/// Why the server does not start, or an identity cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The data directory cannot be made or closed to others.
    #[error("the data directory {path} cannot be used: {source}")]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it open.
    #[error(
        "another server is using the data directory {path}: stop it, or choose another directory"
    )]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The database.
    #[error("{0}")]
    Store(String),
    /// The folder of the embedded S3.
    #[error("{0}")]
    Objects(String),
    /// The root key or what is sealed under it.
    #[error("{0}")]
    Vault(String),
    /// The audit trail.
    #[error("{0}")]
    Trail(String),
    /// The audit trail's webhook.
    #[error("{0}")]
    Webhook(String),
    /// There is one, or there was.
    #[error("this server's first administrator was made already, as the IAM user {name}")]
    AdministratorExists {
        /// The user, or one that was made before any administrator.
        name: String,
    },
    /// Making an identity was refused.
    #[error("{0}")]
    Refused(String),
}

impl From<StoreError> for ServerError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<ObjectError> for ServerError {
    fn from(error: ObjectError) -> Self {
        Self::Objects(error.to_string())
    }
}

impl From<VaultError> for ServerError {
    fn from(error: VaultError) -> Self {
        Self::Vault(error.to_string())
    }
}

impl From<TrailError> for ServerError {
    fn from(error: TrailError) -> Self {
        Self::Trail(error.to_string())
    }
}

impl From<ReceiverError> for ServerError {
    fn from(error: ReceiverError) -> Self {
        Self::Webhook(error.to_string())
    }
}

impl From<ApiError> for ServerError {
    fn from(error: ApiError) -> Self {
        Self::Refused(error.inside().unwrap_or(error.message()).to_owned())
    }
}

/// An access key with its secret.
#[derive(Debug, Clone)]
pub struct AccessKeyPair {
    /// `AKIA…`
    pub access_key_id: String,
    /// 40 letters.
    pub secret_access_key: Secret,
}

/// What a node registers with.
#[derive(Debug, Clone)]
pub struct Activation {
    /// UUID form.
    pub id: String,
    /// Secret.
    pub code: Secret,
}

/// The nodes of a running server, seen from its own process.
#[derive(Debug, Clone)]
pub struct Nodes(Arc<Context>);

impl Nodes {
    /// Waits until `node` has a control channel; at once if it has one.
    pub async fn connected(&self, node: &NodeId) {
        self.0.gateway.until_connected(node).await;
    }
}

/// An opened server.
#[derive(Debug)]
pub struct Server {
    context: Arc<Context>,
    /// Held as long as the data is ours.
    _lock: File,
}

impl Server {
    /// Opens the data directory, making what is not there: database, root key, grant key.
    ///
    /// # Errors
    /// If another server has it open, or something in it cannot be read or made.
    pub async fn open(config: Config) -> Result<Self, ServerError> {
        Self::open_with_clock(config, Clock::System).await
    }

    /// As [`Server::open`], with another clock than the system's, for tests of expiry.
    ///
    /// # Errors
    /// As [`Server::open`].
    pub async fn open_with_clock(config: Config, clock: Clock) -> Result<Self, ServerError> {
        let folder = config.data_dir.clone();
        close_to_others(&folder).map_err(|source| ServerError::DataDirectory {
            path: folder.clone(),
            source,
        })?;
        let lock = lock(&folder)?;
        let store = Store::open(&config.database, &folder).await?;
        let has_secrets = store.has_sealed_values().await?;
        let vault = Arc::new(Vault::of(&config.root_key, &folder, has_secrets)?);
        let grant_key = grant_key::open(&store, &vault, clock.now_ms()).await?;
        let trail = Trail::open(
            store.clone(),
            clock.clone(),
            HeadKey::of(&vault)?,
            head_files(&folder),
        )
        .await?;
        let receiver = match &config.audit_webhook {
            Some(settings) => Some(Receiver::open(settings, &store).await?),
            None => None,
        };
        let recordings = Recordings::open(&folder, Arc::clone(&vault), &store).await?;
        let ends = SessionEnds::of(&config, store.clone());
        let gateway = Gateway::new(store.clone(), ends, clock.clone(), recordings.clone());
        let objects = Folder::open(&folder, &store).await?;
        gateway.restore().await?;
        let context = Context {
            config,
            store,
            vault,
            recordings,
            objects,
            grant_key,
            gateway,
            large_bodies: http::LargeBodies::new(),
            standing: Standing::default(),
            provider_keys: ProviderKeys::new(),
            trail,
            receiver,
            clock,
        };
        aws_policies::bring_up_to_date(&context).await?;
        Ok(Self {
            context: Arc::new(context),
            _lock: lock,
        })
    }

    /// Makes the IAM user `name` with a policy that allows everything, unless it exists, and
    /// returns its oldest access key: the same at every start.
    ///
    /// # Errors
    /// If the database or the vault fails.
    pub async fn bootstrap_admin(&self, name: &str) -> Result<AccessKeyPair, ServerError> {
        Ok(bootstrap::admin(&self.context, name).await?)
    }

    /// Makes the IAM user `name` with a policy that allows everything, and its access key, once in the life of the data.
    ///
    /// # Errors
    /// If that was done before, if there are users, if `name` is no name of a user, or if the database or the vault
    /// fails.
    pub async fn first_administrator(&self, name: &str) -> Result<AccessKeyPair, ServerError> {
        bootstrap::first_administrator(&self.context, name).await
    }

    /// Closes the database of a server that is not run.
    pub async fn close(self) {
        self.context.trail.close().await;
        self.context.store.close().await;
    }

    /// Makes an activation for one node, which will have the name `name`, good for ten minutes.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn local_activation(&self, name: &str) -> Result<Activation, ServerError> {
        Ok(bootstrap::activation(&self.context, name).await?)
    }

    /// Who is connected, for as long as [`Server::run`] has the server: take it before.
    pub fn nodes(&self) -> Nodes {
        Nodes(Arc::clone(&self.context))
    }

    /// Serves all `listeners` until `stop`, then ends open requests and closes the database. Where a certificate comes
    /// from files, SIGHUP reloads them meanwhile.
    pub async fn run(self, listeners: Vec<Listener>, stop: CancellationToken) {
        let routes = http::routes(Arc::clone(&self.context));
        let room = Arc::new(http::Room::new(
            &self.context.config.perimeter.trusted_proxies,
        ));
        let serve =
            |listener| http::serve(listener, routes.clone(), Arc::clone(&room), stop.clone());
        // Upgraded connections are not the listeners' any more: the gateway closes them itself.
        let close_channels = async {
            stop.cancelled().await;
            self.context.gateway.close().await;
        };
        let chores = chores::run(&self.context, &stop);
        let delivery = delivery::run(&self.context, &stop);
        let events = send_events(&self.context, &stop);
        let watch = standing::watch(Arc::clone(&self.context), stop.clone());
        tokio::join!(
            join_all(listeners.into_iter().map(serve)),
            close_channels,
            chores,
            delivery,
            events,
            watch
        );
        self.context.trail.close().await;
        self.context.store.close().await;
    }
}

fn close_to_others(folder: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

/// Two servers on one database would each know half of the channels.
fn lock(folder: &Path) -> Result<File, ServerError> {
    let failed = |source| ServerError::DataDirectory {
        path: folder.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(folder.join("lock"))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ServerError::InUse {
            path: folder.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
