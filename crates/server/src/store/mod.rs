//! The database: the only room with SQL.
//!
//! One set of static statements with `$n` for SQLite and PostgreSQL. Readers share a pool; writers
//! go through one connection, so a transaction never meets another writer half-way and SQLite never
//! answers "busy". Methods take and give rows and plain values; they know no policy and no wire.

mod access_keys;
mod activations;
mod audit;
mod audit_webhook;
mod buckets;
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
mod objects;
mod open;
mod parameters;
mod postgres_url;
mod recordings;
mod resource_tags;
mod sealed;
mod sessions;
mod sign_outs;
mod ssm_tags;
mod sts_credentials;
mod tokens;
mod uploads;

#[cfg(test)]
mod migration_tests;

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::{Any, AnyPool, Transaction};
use tokio::sync::Notify;

use crate::error::{ApiError, Code};

pub(crate) use access_keys::{AccessKeyRow, KeyUse};
pub(crate) use activations::ActivationRow;
pub(crate) use audit::{AuditEntry, AuditKey, AuditRow, AuditSelection, AuditSubject};
pub(crate) use buckets::{BucketRemoval, BucketRow};
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
pub(crate) use log_deliveries::{DeliveryRow, DeliveryState, Sink};
pub(crate) use log_events::{EventPlace, EventRange, LogEventRow};
pub(crate) use log_groups::{GroupKeyRow, LogGroupRow};
pub(crate) use log_streams::LogStreamRow;
pub(crate) use node_credentials::NodeCredentialRow;
pub(crate) use nodes::{NodeReport, NodeRow};
pub(crate) use objects::{ObjectRow, PartRow, Stored};
pub(crate) use parameters::{ParameterKind, ParameterRow, ParameterStored};
pub use postgres_url::{PostgresUrl, PostgresUrlError};
pub(crate) use recordings::RecordingRow;
pub(crate) use sessions::{SessionRow, SessionSelection, SessionState};
pub(crate) use sign_outs::SignOutRow;
pub(crate) use ssm_tags::Tagged;
pub(crate) use sts_credentials::StsCredentialRow;
pub(crate) use tokens::{TokenRow, TokenSide};
pub(crate) use uploads::UploadRow;

/// PostgreSQL's `character_not_in_repertoire`: of what a Rust string can hold that is NUL alone.
const NOT_UTF8: &str = "22021";

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
    /// PostgreSQL does not answer, or lets nobody in.
    #[error(
        "the database {} cannot be reached: {source}; it must be there before the server is, and let its user in",
        url.as_str()
    )]
    Unreachable {
        /// Its address.
        url: PostgresUrl,
        /// What was said there.
        source: sqlx::Error,
    },
    /// PostgreSQL would sort or keep texts in another way than this server.
    #[error(
        "the database {} is not in UTF-8 or sorts by a language: make one with CREATE DATABASE usher TEMPLATE template0 \
         ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C', and name that",
        url.as_str()
    )]
    Unsuitable {
        /// Its address.
        url: PostgresUrl,
    },
    /// Two servers on one database would each know half of the channels.
    #[error(
        "another server writes to the database {}: stop that one, or give this one a database of its own",
        url.as_str()
    )]
    HasServer {
        /// Its address.
        url: PostgresUrl,
    },
    /// A migration failed.
    #[error("the database schema cannot be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A statement failed.
    #[error("the database refused a statement: {0}")]
    Statement(#[from] sqlx::Error),
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Statement(sqlx::Error::Database(refused))
                if refused.code().as_deref() == Some(NOT_UTF8) =>
            {
                Self::new(
                    Code::Validation,
                    "A text in the call holds the character NUL, which the database of this server cannot keep.",
                )
            }
            _ => Self::internal(error),
        }
    }
}

/// A handle to the database; clones share its connections.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    readers: AnyPool,
    writer: AnyPool,
    appended: Arc<Notify>,
}

impl Store {
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
