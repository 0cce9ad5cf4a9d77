//! `server.toml`: what an operator says in a file or by variables, and what the server makes of it.
//!
//! Owns one invariant: nothing that was said is ignored. A key or variable that is not known is an error, and so is one
//! that has no effect beside the others. `keys` lists what can be said, `given` collects it, `check` judges it, `listen`
//! opens the sockets. Knows neither requests nor the database. What each key means stands in `docs/server.toml`.

mod check;
mod error;
mod given;
mod keys;
mod listen;
mod paths;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::config::Config;

pub use error::SettingsError;
pub use given::Place;
pub use listen::ListenError;

/// Where systemd puts the credentials of a unit.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// What `usher server` serves, and where.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What [`crate::Server::open`] takes.
    pub config: Config,
    listen: Option<SocketAddr>,
    listen_tls: Option<TlsAddress>,
    listen_proxy: Option<SocketAddr>,
}

/// Where TLS is spoken, and as whom.
#[derive(Debug, Clone)]
struct TlsAddress {
    address: SocketAddr,
    certificate: PathBuf,
    key: PathBuf,
}

impl Settings {
    /// Reads the file `path`, and lets the `USHER_SERVER_…` variables of `environment` override it. What stands in the
    /// environment beside these matters in one case: systemd's directory of credentials.
    ///
    /// # Errors
    /// If the file cannot be read, something in it or in a variable is not known or not allowed, or something that is
    /// needed was not said. Nothing has been opened then.
    pub fn load(
        path: &Path,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        let text = fs::read_to_string(path).map_err(|source| SettingsError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let environment: Vec<_> = environment.into_iter().collect();
        let given = given::Given::read(path, &text, &environment)?;
        let credentials = environment
            .iter()
            .find(|(name, _)| name == CREDENTIALS_DIRECTORY);
        check::settings(&given, credentials.map(|(_, folder)| Path::new(folder)))
    }
}
