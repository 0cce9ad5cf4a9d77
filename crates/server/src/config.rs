//! What the server is told at its start, checked by whoever reads it from a file or makes it up.

use std::path::PathBuf;

use usher_policy::Preferences;
use usher_wire::ids::AccountId;

use crate::identity::Scope;

/// The server's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where database and keys live. Made with mode 0700 if it is missing.
    pub data_dir: PathBuf,
    /// How clients reach us, without a path: `http://127.0.0.1:8480`. Its host is the one `Host`
    /// that is answered beside the loopback names, and `StreamUrl`s are made from it.
    pub public_url: String,
    /// The account in every ARN.
    pub account: AccountId,
    /// The one region whose signatures are accepted.
    pub region: String,
    /// What applies while no document `SSM-SessionManagerRunShell` exists.
    pub default_preferences: Preferences,
    /// OS users that Run As refuses besides those that are always refused: the server's own account.
    pub extra_refused_os_users: Vec<String>,
}

impl Config {
    /// Account and region, for ARNs.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope {
            account: &self.account,
            region: &self.region,
        }
    }
}
