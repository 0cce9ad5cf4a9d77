//! What the server is told at its start, checked by whoever reads it from a file or makes it up.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use usher_aws::WebhookUrl;
use usher_policy::Preferences;
use usher_wire::ids::AccountId;

use crate::identity::Scope;
use crate::store::PostgresUrl;

/// The server's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where files live: keys, recordings, and the database unless that is elsewhere. Made with mode 0700 if it is
    /// missing.
    pub data_dir: PathBuf,
    /// Where the database is.
    pub database: Database,
    /// Where the key is that seals the secrets in `data_dir`.
    pub root_key: RootKey,
    /// How clients reach us, without a path: `http://127.0.0.1:8480`. Its host is
    /// answered beside the loopback names, and direct `StreamUrl`s are made from it.
    pub public_url: String,
    /// The account in every ARN.
    pub account: AccountId,
    /// The region in every ARN, whose signatures are accepted.
    pub region: String,
    /// What applies while no document `SSM-SessionManagerRunShell` exists.
    pub default_preferences: Preferences,
    /// OS users that Run As refuses besides those that are always refused: the server's own account.
    pub extra_refused_os_users: Vec<String>,
    /// How long at most a session may outlive the user, key or role that it was started with, or the permission to
    /// resume it, when nothing but time tells.
    pub identity_check: Duration,
    /// Whether sessions are recorded.
    pub recording: Recording,
    /// How many days a finished recording is kept; none: for ever.
    pub recording_retention: Option<u32>,
    /// What a session document may let its caller say in a command.
    pub command_parameters: CommandParameters,
    /// Where people's clients are told to open a session's data channel.
    pub stream_url: StreamUrl,
    /// Whom the server listens to beyond what is always right.
    pub perimeter: Perimeter,
    /// Where the audit trail's events are sent.
    pub audit_webhook: Option<AuditWebhook>,
}

/// Where the audit trail's events are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditWebhook {
    /// The receiver.
    pub url: WebhookUrl,
    /// What they are signed with, as the receiver knows it: `whsec_` and base64.
    pub secret_file: PathBuf,
}

/// Where the database is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Database {
    /// The file `usher.db` of SQLite in the data directory.
    #[default]
    InDataDir,
    /// PostgreSQL. One server uses it at a time, or one of its schemas.
    Postgres(PostgresUrl),
}

/// Where the root key is: 32 random bytes that open every secret in the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RootKey {
    /// `root.key` in the data directory, made at the first start: for one's own machine.
    #[default]
    InDataDir,
    /// This file, of mode 0600, made at the first start.
    File(PathBuf),
    /// This file, which systemd put there for the server alone; never made.
    Credential(PathBuf),
}

/// Whether the server records what it relays. Sessions of ports never are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Recording {
    /// Every session.
    #[default]
    On,
    /// None.
    Off,
}

/// Where people's clients are told to open a session's data channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StreamUrl {
    /// At `public_url`.
    #[default]
    Direct,
    /// At `ssmmessages.REGION.amazonaws.com`, for versions of AWS's plugin that dial no other name.
    AwsShaped,
}

/// The services that AWS's programs look for at `SERVICE.REGION.amazonaws.com`.
const AWS_SHAPED: [&str; 8] = [
    "cloudtrail",
    "ec2",
    "kms",
    "logs",
    "s3",
    "ssm",
    "ssmmessages",
    "sts",
];

/// The names at which AWS's programs look for the services in `region`.
pub(crate) fn aws_names(region: &str) -> impl Iterator<Item = String> {
    AWS_SHAPED
        .iter()
        .map(move |service| format!("{service}.{region}.amazonaws.com"))
}

/// What may stand in the `commands` of session documents other than those that come with the service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CommandParameters {
    /// Parameters that say what they take: `allowedValues`, `allowedPattern`, or a type that is no text.
    #[default]
    Constrained,
    /// All: whoever may start a session with such a document may run any command by it.
    Any,
}

/// Whom the server listens to beyond what is always right. The default is nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Perimeter {
    /// Host names and addresses, without a port and in lower case, that requests may name beside `public_url`'s.
    pub hosts: Vec<String>,
    /// The names below this one are buckets, for clients that put a bucket into the host name; none: it is in the path alone.
    pub bucket_domain: Option<String>,
    /// Who may say, by `X-Forwarded-For`, that a request is somebody else's.
    pub trusted_proxies: Vec<IpNet>,
    /// Regions beside `region` whose signatures are accepted.
    pub allowed_regions: Vec<String>,
}

impl Config {
    /// The regions whose signatures are accepted.
    pub(crate) fn regions(&self) -> Vec<&str> {
        let allowed = self.perimeter.allowed_regions.iter();
        std::iter::once(&self.region)
            .chain(allowed)
            .map(String::as_str)
            .collect()
    }

    /// Account and region, for ARNs.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope {
            account: &self.account,
            region: &self.region,
        }
    }
}
