//! The database: the only room with SQL.
//!
//! One set of static statements with `$n` for SQLite and PostgreSQL. Readers share a pool; writers
//! go through one connection, so a transaction never meets another writer half-way and SQLite never
//! answers "busy". Methods take and give rows and plain values; they know no policy and no wire.

mod access_keys;
mod activations;
mod audit;
mod console;
mod document_list;
mod documents;
mod iam;
mod key_aliases;
mod key_grants;
mod keys;
mod log_deliveries;
mod log_events;
mod log_groups;
mod log_streams;
mod node_credentials;
mod nodes;
mod recordings;
mod resource_tags;
mod sealed;
mod sessions;
mod ssm_tags;
mod sts_credentials;
mod tokens;

#[cfg(test)]
mod migration_tests;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyPool, ConnectOptions, Executor, Transaction};

pub(crate) use access_keys::{AccessKeyRow, KeyUse};
pub(crate) use activations::ActivationRow;
pub(crate) use audit::{AuditEntry, AuditKey, AuditRow, AuditSelection, AuditSubject};
pub(crate) use console::{PassKind, PassRow};
pub(crate) use document_list::VersionDeleted;
pub(crate) use documents::{Appended, DocumentRow, VersionRow};
pub(crate) use iam::{
    EntityRow, Hindrance, InlinePolicyRow, Kind, PolicyRow, PolicySource, PolicyVersionRow,
    ProviderRow, RoleRow, Room, TagRow, TrustRow, VersionDeletion,
};
pub(crate) use key_aliases::AliasRow;
pub(crate) use key_grants::GrantRow;
pub(crate) use keys::{KeyRow, KeyState, MaterialRow};
pub(crate) use log_deliveries::{DeliveryRow, DeliveryState};
pub(crate) use log_events::{EventPlace, EventRange, LogEventRow};
pub(crate) use log_groups::{GroupKeyRow, LogGroupRow};
pub(crate) use log_streams::LogStreamRow;
pub(crate) use node_credentials::NodeCredentialRow;
pub(crate) use nodes::{NodeReport, NodeRow};
pub(crate) use recordings::RecordingRow;
pub(crate) use sessions::{SessionRow, SessionSelection, SessionState};
pub(crate) use ssm_tags::Tagged;
pub(crate) use sts_credentials::StsCredentialRow;
pub(crate) use tokens::{TokenRow, TokenSide};

/// Connections that read at the same time.
const READERS: u32 = 4;

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The database file cannot be made or has the wrong owner.
    #[error("the database file {path} cannot be opened: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A migration failed.
    #[error("the database schema cannot be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A statement failed.
    #[error("the database refused a statement: {0}")]
    Statement(#[from] sqlx::Error),
}

impl From<StoreError> for crate::error::ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

/// A handle to the database; clones share its connections.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    readers: AnyPool,
    writer: AnyPool,
}

impl Store {
    /// Opens (and makes, mode 0600) the SQLite database `path` and brings its schema up to date.
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        // The write-ahead log and its index inherit the mode of the database file.
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| StoreError::File {
                path: path.to_owned(),
                source,
            })?;
        let options = url::of_file(path)
            .parse::<AnyConnectOptions>()?
            .disable_statement_logging();
        let writer = pool(1).connect_with(options.clone()).await?;
        sqlx::migrate!().run(&writer).await?;
        let readers = pool(READERS).connect_with(options).await?;
        Ok(Self { readers, writer })
    }

    /// Opens the SQLite database `path`, which another process may be using, for reading alone.
    pub(crate) async fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let options = (url::of_file(path) + "?mode=rw")
            .parse::<AnyConnectOptions>()?
            .disable_statement_logging();
        let readers = pool(READERS).connect_with(options).await?;
        Ok(Self {
            writer: readers.clone(),
            readers,
        })
    }

    /// Where statements that only read run.
    pub(crate) fn readers(&self) -> &AnyPool {
        &self.readers
    }

    /// Begins a transaction on the one writing connection; waits while another holds it.
    /// What is not committed is rolled back when the value is dropped.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(self.writer.begin().await?)
    }

    /// Closes every connection after what runs has ended, and folds the write-ahead log away.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn pool(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new().max_connections(connections).min_connections(1).after_connect(|connection, _| {
        Box::pin(async move {
            connection
                .execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;")
                .await?;
            Ok(())
        })
    })
}

/// SQLite's address form: a path in a URL, where `?`, `#` and `%` would end or bend it.
mod url {
    use std::path::Path;

    pub(super) fn of_file(path: &Path) -> String {
        let mut url = String::from("sqlite://");
        for byte in path.as_os_str().as_encoded_bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                    url.push(char::from(*byte));
                }
                other => url.push_str(&format!("%{other:02X}")),
            }
        }
        url
    }
}
