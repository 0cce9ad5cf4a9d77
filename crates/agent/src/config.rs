//! `agent.toml`: what the node's administrator decides.
//!
//! Owns that a configuration steering a root process belongs to root and to nobody else's pen, and
//! that an unknown key is an error: a misspelt `deny` must not read as "no rule". What each key means stands in
//! `docs/agent.toml`.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use usher_aws::{Endpoint, Trust};

use crate::port_rules::{MOST_RULES, PortRule};

/// More than any configuration needs; a longer file is refused unread.
const MAX_BYTES: u64 = 64 * 1024;

/// A handful of certificates. They travel to the workers inside messages.
pub(crate) const MAX_AUTHORITIES: usize = 32 * 1024;

/// Where the state is by default. macOS's own daemons keep theirs below `/var/db`.
#[cfg(target_os = "macos")]
pub(crate) const STATE_DIR: &str = "/var/db/usher-agent";
#[cfg(not(target_os = "macos"))]
pub(crate) const STATE_DIR: &str = "/var/lib/usher-agent";

/// What may vanish with a reboot. macOS has no `/run`, and nobody can make one.
#[cfg(target_os = "macos")]
const RUN_DIR: &str = "/var/run/usher-agent";
#[cfg(not(target_os = "macos"))]
const RUN_DIR: &str = "/run/usher-agent";

/// The whole configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where the service is: `http(s)://host[:port]`.
    pub(crate) endpoint: String,
    #[serde(default = "default_region")]
    pub(crate) region: String,
    /// The only authorities whose certificates count for the service; without it, the system's.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
    /// Registration and key; survives restarts.
    #[serde(default = "default_state_dir")]
    pub(crate) state_dir: PathBuf,
    /// Spent grants and locks; may vanish with a reboot.
    #[serde(default = "default_run_dir")]
    pub(crate) run_dir: PathBuf,
    #[serde(default)]
    pub(crate) policy: NodePolicy,
    /// Where what is made on the host is written down first, so that `undo` can remove it.
    #[serde(default)]
    pub(crate) journal: Option<PathBuf>,
}

/// Bounds what a hostile service could ask of this node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NodePolicy {
    /// OS users that may be logged in to; empty means all that no other rule refuses.
    pub(crate) allow: Vec<String>,
    /// OS users that are refused, even if allowed above.
    pub(crate) deny: Vec<String>,
    /// Members of these groups are refused.
    pub(crate) deny_groups: Vec<String>,
    /// Accounts below this uid are refused.
    pub(crate) min_uid: u32,
    /// What becomes of sessions without Run As.
    pub(crate) ssm_user: SsmUserRule,
    /// Whether a newly made ssm-user may use sudo without a password, as on AWS.
    pub(crate) ssm_user_sudo: bool,
    /// Whether PAM has a say in logins.
    pub(crate) pam: PamRule,
    /// Whether what a session leaves running goes on after its end.
    pub(crate) linger: bool,
    /// Where port sessions may connect; empty means all that no other rule refuses.
    pub(crate) ports: Vec<PortRule>,
    /// Where they may not, even if allowed above.
    pub(crate) deny_ports: Vec<PortRule>,
    /// Whether documents may run as root. Only `false` is served.
    pub(crate) elevated: bool,
}

/// What becomes of sessions without Run As.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SsmUserRule {
    /// ssm-user is made on first use, as on AWS.
    Create,
    /// Only an ssm-user that exists is used.
    Existing,
    /// They are refused.
    Deny,
}

/// Whether PAM has a say in logins.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PamRule {
    /// Where libpam and rules for `usher` are there.
    Auto,
    /// Always: without them nobody is let in.
    Require,
    /// Never.
    Off,
}

impl Default for NodePolicy {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            deny_groups: Vec::new(),
            // The first uid of people: /etc/login.defs on Linux, the Directory Service on macOS.
            min_uid: if cfg!(target_os = "macos") { 500 } else { 1000 },
            ssm_user: SsmUserRule::Create,
            ssm_user_sudo: true,
            pam: PamRule::Auto,
            linger: false,
            ports: Vec::new(),
            deny_ports: Vec::new(),
            elevated: false,
        }
    }
}

fn default_region() -> String {
    "usher-1".to_owned()
}

fn default_state_dir() -> PathBuf {
    PathBuf::from(STATE_DIR)
}

fn default_run_dir() -> PathBuf {
    PathBuf::from(RUN_DIR)
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{path} cannot be read: {cause}")]
    Unreadable { path: PathBuf, cause: io::Error },
    #[error("{0} is longer than 64 KiB")]
    TooLong(PathBuf),
    #[error(
        "{0} decides what root does, but others than root may write it: \
         give it to root and remove write permission from group and others"
    )]
    WritableByOthers(PathBuf),
    #[error("the configuration {path} is not valid: {cause}")]
    Invalid { path: PathBuf, cause: String },
    #[error(
        "`ca_file` in {0} has no effect on an endpoint that is reached by plain HTTP: use https://, or remove it"
    )]
    CaWithoutTls(PathBuf),
    #[error("`ca_file` names {path}, which cannot be used: {cause}")]
    Ca { path: PathBuf, cause: String },
    #[error("`elevated = true` in {0}: sessions as root are not served by this agent; remove it")]
    Elevated(PathBuf),
}

impl Config {
    /// Reads and checks the file at `path`.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = read_trusted(path)?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let invalid = |cause: String| ConfigError::Invalid {
            path: path.to_owned(),
            cause,
        };
        let config: Self = toml::from_str(text).map_err(|error| invalid(error.to_string()))?;
        let endpoint = config
            .endpoint
            .parse::<Endpoint>()
            .map_err(|error| invalid(format!("endpoint: {error}")))?;
        if config.ca_file.is_some() && !endpoint.is_secure() {
            return Err(ConfigError::CaWithoutTls(path.to_owned()));
        }
        if config.policy.elevated {
            return Err(ConfigError::Elevated(path.to_owned()));
        }
        let lists = [
            ("ports", &config.policy.ports),
            ("deny_ports", &config.policy.deny_ports),
        ];
        if let Some((key, rules)) = lists.iter().find(|(_, rules)| rules.len() > MOST_RULES) {
            let count = rules.len();
            return Err(invalid(format!(
                "`{key}` has {count} rules; at most {MOST_RULES} are taken: join networks or ranges of ports"
            )));
        }
        Ok(config)
    }

    /// The text of `ca_file`, for the workers: they may not be able to open it themselves.
    pub(crate) fn authorities(&self) -> Result<Option<String>, ConfigError> {
        let Some(path) = &self.ca_file else {
            return Ok(None);
        };
        let text = read_trusted(path)?;
        let unusable = |cause: String| ConfigError::Ca {
            path: path.clone(),
            cause,
        };
        if text.len() > MAX_AUTHORITIES {
            return Err(unusable(format!(
                "it is longer than {MAX_AUTHORITIES} bytes"
            )));
        }
        Trust::pinned(&text).map_err(|error| unusable(error.to_string()))?;
        Ok(Some(text))
    }
}

/// Reads a file that steers root, which therefore only root may write.
fn read_trusted(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |cause| ConfigError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    let writable_by_others = metadata.permissions().mode() & 0o022 != 0;
    let as_root = usher_sys::running_as_root();
    if as_root && (metadata.uid() != 0 || writable_by_others) {
        return Err(ConfigError::WritableByOthers(path.to_owned()));
    }
    let mut text = String::new();
    file.take(MAX_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(ConfigError::TooLong(path.to_owned()));
    }
    Ok(text)
}

#[cfg(test)]
mod example;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("agent.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_misspelt_key_is_an_error_and_not_a_missing_rule() {
        let text = "endpoint = \"http://h:1\"\n[policy]\ndenny = [\"alice\"]\n";
        assert!(parse(text).unwrap_err().contains("denny"));
        assert!(parse("endpoint = \"http://h:1\"\nendpont = \"\"\n").is_err());
    }

    #[test]
    fn sessions_as_root_cannot_be_switched_on() {
        let text = "endpoint = \"http://h:1\"\n[policy]\nelevated = true\n";
        assert!(parse(text).unwrap_err().contains("not served"));
    }

    #[test]
    fn more_port_rules_than_a_session_can_be_handed_are_refused_when_the_file_is_read() {
        for key in ["ports", "deny_ports"] {
            let rules = |count: u32| {
                let rules: Vec<String> = (1..=count).map(|port| format!("\"*:{port}\"")).collect();
                let rules = rules.join(",");
                parse(&format!(
                    "endpoint = \"http://h:1\"\n[policy]\n{key} = [{rules}]\n"
                ))
            };
            let refused = rules(257).unwrap_err();
            assert!(
                refused.contains(key) && refused.contains("257"),
                "{refused}"
            );
            assert!(rules(256).is_ok());
        }
    }

    #[test]
    fn an_endpoint_that_is_none_is_refused_by_name() {
        assert!(parse("endpoint = \"h\"").unwrap_err().contains("endpoint"));
    }

    #[test]
    fn a_pinned_authority_that_nothing_would_use_is_refused() {
        let text = "endpoint = \"http://h:1\"\nca_file = \"/etc/usher/ca.pem\"\n";
        assert!(parse(text).unwrap_err().contains("plain HTTP"));
    }

    #[test]
    fn a_pinned_authority_that_cannot_be_read_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        let config = || {
            let text = format!("endpoint = \"https://h:1\"\nca_file = {path:?}\n");
            parse(&text).unwrap().authorities().unwrap_err().to_string()
        };
        assert!(config().contains("ca.pem"), "{}", config());
        std::fs::write(&path, "no certificate").unwrap();
        assert!(config().contains("ca.pem"), "{}", config());
        assert!(config().contains("no PEM certificate"), "{}", config());
    }

    #[test]
    fn a_minimal_configuration_has_safe_defaults() {
        let config = parse("endpoint = \"http://127.0.0.1:8480\"").unwrap();
        assert_eq!(config.region, "usher-1");
        assert_eq!(config.policy.ssm_user, SsmUserRule::Create);
        assert!(config.policy.min_uid >= 500);
        assert!(config.journal.is_none());
    }
}
