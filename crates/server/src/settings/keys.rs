//! What can be said in `server.toml`, one line each. A key stands here when the server does what it says.

/// The shape of a key's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A string.
    Text,
    /// A list of strings; in a variable, separated by commas.
    List,
}

pub(super) const DATA_DIR: &str = "data_dir";
pub(super) const DATABASE: &str = "database";
pub(super) const ROOT_KEY_FILE: &str = "root_key_file";
pub(super) const LISTEN: &str = "listen";
pub(super) const LISTEN_TLS: &str = "listen_tls";
pub(super) const CERTIFICATE_FILE: &str = "certificate_file";
pub(super) const CERTIFICATE_KEY_FILE: &str = "certificate_key_file";
pub(super) const PUBLIC_URL: &str = "public_url";
pub(super) const HOSTS: &str = "hosts";
pub(super) const BUCKET_DOMAIN: &str = "bucket_domain";
pub(super) const TRUSTED_PROXIES: &str = "trusted_proxies";
pub(super) const ACCOUNT: &str = "account";
pub(super) const REGION: &str = "region";
pub(super) const ALLOWED_REGIONS: &str = "allowed_regions";
pub(super) const REFUSED_OS_USERS: &str = "refused_os_users";
pub(super) const IDENTITY_CHECK: &str = "identity_check";
pub(super) const RECORDING: &str = "recording";
pub(super) const RECORDING_RETENTION: &str = "recording_retention";
pub(super) const COMMAND_PARAMETERS: &str = "command_parameters";
pub(super) const STREAM_URL: &str = "stream_url";
pub(super) const LISTEN_PROXY: &str = "listen_proxy";
pub(super) const AUDIT_WEBHOOK_URL: &str = "audit_webhook_url";
pub(super) const AUDIT_WEBHOOK_SECRET_FILE: &str = "audit_webhook_secret_file";

/// A key, the form of its value, and what holds while nothing was said: for a list nothing, for a text nothing or this.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) default: Option<&'static str>,
}

/// Every key.
pub(super) const KEYS: [Key; 23] = [
    text_or(DATA_DIR, "/var/lib/usher"),
    text_or(DATABASE, "sqlite"),
    text(ROOT_KEY_FILE),
    text(LISTEN),
    text(LISTEN_TLS),
    text(CERTIFICATE_FILE),
    text(CERTIFICATE_KEY_FILE),
    text(PUBLIC_URL),
    list(HOSTS),
    text_or(BUCKET_DOMAIN, ""),
    list(TRUSTED_PROXIES),
    text_or(ACCOUNT, "000000000000"),
    text_or(REGION, "usher-1"),
    list(ALLOWED_REGIONS),
    list(REFUSED_OS_USERS),
    text_or(IDENTITY_CHECK, "60s"),
    text_or(RECORDING, "on"),
    text_or(RECORDING_RETENTION, "forever"),
    text_or(COMMAND_PARAMETERS, "constrained"),
    text_or(STREAM_URL, "direct"),
    text(LISTEN_PROXY),
    text(AUDIT_WEBHOOK_URL),
    text(AUDIT_WEBHOOK_SECRET_FILE),
];

/// What the name of every variable begins with; the key in capitals follows.
pub(super) const VARIABLE_PREFIX: &str = "USHER_SERVER_";

/// The variable that overrides `key`.
pub(super) fn variable(key: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", key.to_ascii_uppercase())
}

/// All keys, for a sentence.
pub(super) fn names() -> String {
    KEYS.map(|key| key.name).join(", ")
}

const fn text(name: &'static str) -> Key {
    Key {
        name,
        form: Form::Text,
        default: None,
    }
}

const fn text_or(name: &'static str, default: &'static str) -> Key {
    Key {
        name,
        form: Form::Text,
        default: Some(default),
    }
}

const fn list(name: &'static str) -> Key {
    Key {
        name,
        form: Form::List,
        default: None,
    }
}
