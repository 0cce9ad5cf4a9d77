//! Why the server does not start as it was told. Each sentence names the place, the cause and what to do.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use usher_aws::WebhookUrlError;

use super::given::Place;
use super::keys;
use crate::store::PostgresUrlError;

/// A settings file, or the variables beside it, cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file is missing, unreadable or not UTF-8.
    #[error(
        "the settings file {path} cannot be read ({source}): name it with --config, and start from docs/server.toml"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Not TOML.
    #[error("line {line} of {path} is not TOML: {cause}")]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Counted from one.
        line: usize,
        /// What the reader said.
        cause: String,
    },
    /// No such setting.
    #[error(
        "{path} has the key {key}, which this server does not know: correct or remove it (known are {})",
        keys::names()
    )]
    UnknownKey {
        /// As written.
        key: String,
        /// The file.
        path: PathBuf,
    },
    /// No such setting.
    #[error(
        "the environment variable {name} belongs to no setting of this server: correct or unset it (after {}, a key in \
         capitals; known are {})",
        keys::VARIABLE_PREFIX,
        keys::names()
    )]
    UnknownVariable {
        /// Its name.
        name: String,
    },
    /// A number where a text belongs, and so on.
    #[error("{place} must be {expected}")]
    WrongForm {
        /// Where it stands.
        place: Place,
        /// What belongs there.
        expected: &'static str,
    },
    /// Something without a default was not said.
    #[error(
        "{path} does not say {key}: add it, {expected}, or set {}",
        keys::variable(key)
    )]
    Missing {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What belongs there, with an example.
        expected: &'static str,
    },
    /// A value is not of its kind.
    #[error("{place} is {value:?}, which is not {expected}")]
    NotValid {
        /// Where it stands.
        place: Place,
        /// As written.
        value: String,
        /// What belongs there, with an example.
        expected: &'static str,
    },
    /// The address is not this machine's alone.
    #[error(
        "{place} is {address}, which other machines can reach, but plain HTTP is served on loopback only: use listen_tls \
         with a certificate, or a loopback address behind a proxy that speaks TLS"
    )]
    PlainHttpOffLoopback {
        /// Where it stands.
        place: Place,
        /// As written.
        address: SocketAddr,
    },
    /// Clients would be told to use plain HTTP over a network.
    #[error(
        "{place} is {url}, by which clients would speak plain HTTP over a network: use https://, with listen_tls here or \
         a proxy in front that speaks TLS"
    )]
    PlainPublicUrl {
        /// Where it stands.
        place: Place,
        /// As written.
        url: String,
    },
    /// A proxy to no name, or without a certificate for it.
    #[error("{place} has no effect without {missing}: set that as well, or remove this")]
    ProxyForNothing {
        /// Where it stands.
        place: Place,
        /// What else it takes.
        missing: &'static str,
    },
    /// Events go to an address, signed, or nowhere.
    #[error("{place} has no effect without {missing}: set that as well, or remove this")]
    HalfAWebhook {
        /// Where the one that was said stands.
        place: Place,
        /// The other key.
        missing: &'static str,
    },
    /// Events must not go there.
    #[error("{place} {cause}")]
    Webhook {
        /// Where the address stands.
        place: Place,
        /// What is wrong with it.
        cause: WebhookUrlError,
    },
    /// Neither listener is set.
    #[error(
        "{path} says neither listen nor listen_tls, so nobody could reach the server: add one of them"
    )]
    NothingToListenOn {
        /// The file.
        path: PathBuf,
    },
    /// TLS needs both files.
    #[error("{place} needs a certificate: set {missing} as well")]
    TlsWithoutCertificate {
        /// Where the address or the other file stands.
        place: Place,
        /// The key that was not said.
        missing: &'static str,
    },
    /// A certificate that nothing serves.
    #[error("{place} has no effect without listen_tls: set that as well, or remove this")]
    CertificateWithoutTls {
        /// Where the file stands.
        place: Place,
    },
    /// Neither SQLite nor PostgreSQL as it may be used.
    #[error("{place} is not sqlite, and cannot be used: {source}")]
    Database {
        /// Where it stands.
        place: Place,
        /// Why.
        source: PostgresUrlError,
    },
    /// A backup of the data would hold the key to its secrets.
    #[error(
        "{place} is {path}, inside the data directory {data_dir}: who copies the data must not get the key to its \
         secrets with it, so move the key out"
    )]
    RootKeyBesideData {
        /// Where it stands.
        place: Place,
        /// The key's file.
        path: PathBuf,
        /// The data directory.
        data_dir: PathBuf,
    },
    /// Nobody said where the root key is.
    #[error(
        "there is no root key to seal secrets with: set root_key_file in {path} to a file outside the data directory, or \
         pass the systemd credential {credential}"
    )]
    NoRootKey {
        /// The settings file.
        path: PathBuf,
        /// The name of the credential.
        credential: &'static str,
    },
    /// Two root keys, and no way to know which one is meant.
    #[error(
        "there are two root keys, by {place} and by the systemd credential {credential}: remove one of them"
    )]
    TwoRootKeys {
        /// Where the file is named.
        place: Place,
        /// The name of the credential.
        credential: &'static str,
    },
}
