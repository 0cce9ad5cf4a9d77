//! From what was said to [`Settings`]: every rule about a value, or about values beside each other.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Uri;
use ipnet::IpNet;
use rustls::pki_types::ServerName;
use usher_aws::WebhookUrl;
use usher_policy::Preferences;
use usher_wire::ids::{AccountId, OsUserName};

use super::given::{Given, Place};
use super::{Settings, SettingsError, TlsAddress, keys, paths};
use crate::config::{
    AuditWebhook, CommandParameters, Config, Database, Perimeter, Recording, RootKey, StreamUrl,
    aws_names,
};

/// The systemd credential that holds the root key.
const ROOT_KEY_CREDENTIAL: &str = "usher.root-key";

const AN_ADDRESS: &str = "an address with a port: write it as 127.0.0.1:8480 or [::1]:8480";
const A_PATH: &str = "an absolute path without `..`: write it as /etc/usher/file";
const A_URL: &str = "a URL of scheme, host and port alone: write it as https://usher.example.com";
const A_HOST: &str = "a host name or an address without a port: write it as usher.example.com";
const A_NETWORK: &str = "an address or a network: write it as 192.0.2.1 or 192.0.2.0/24";
const AN_ACCOUNT: &str = "an account id: 12 digits";
const A_REGION: &str = "the name of a region: lower-case letters and digits, parted by single hyphens, such as usher-1";
const AN_OS_USER: &str = "the name of an OS user";
const A_RECORDING: &str = "on or off";
const A_RETENTION: &str = "forever, or days from 1d to 36500d: write it as 90d";
const A_BOUND: &str = "constrained or any";
const A_STREAM: &str = "direct or aws-shaped";
const A_CHECK: &str = "a time from 1s to 3600s: write it as 60s";

/// Judges everything in `given`. `credentials` is systemd's directory for this unit.
pub(super) fn settings(
    given: &Given,
    credentials: Option<&Path>,
) -> Result<Settings, SettingsError> {
    let listen = plain_address(given)?;
    let listen_tls = tls_address(given)?;
    if listen.is_none() && listen_tls.is_none() {
        return Err(SettingsError::NothingToListenOn {
            path: given.path().to_owned(),
        });
    }
    let stream_url = required(given, keys::STREAM_URL, A_STREAM, stream_url)?;
    let listen_proxy = proxy_address(given, stream_url, listen_tls.is_some())?;
    let region = required(given, keys::REGION, A_REGION, region)?;
    let mut hosts: Vec<String> = all(given, keys::HOSTS, A_HOST, host)?;
    if stream_url == StreamUrl::AwsShaped {
        hosts.extend(aws_names(&region));
    }
    let data_dir = required(given, keys::DATA_DIR, A_PATH, plain_path)?;
    let root_key = root_key(given, &data_dir, credentials)?;
    let config = Config {
        data_dir,
        database: database(given)?,
        root_key,
        public_url: public_url(given)?,
        account: required(given, keys::ACCOUNT, AN_ACCOUNT, |text| {
            AccountId::parse(text).ok()
        })?,
        region,
        default_preferences: Preferences::default(),
        extra_refused_os_users: all(given, keys::REFUSED_OS_USERS, AN_OS_USER, os_user)?,
        identity_check: required(given, keys::IDENTITY_CHECK, A_CHECK, identity_check)?,
        recording: required(given, keys::RECORDING, A_RECORDING, recording)?,
        recording_retention: required(given, keys::RECORDING_RETENTION, A_RETENTION, retention)?,
        command_parameters: required(given, keys::COMMAND_PARAMETERS, A_BOUND, command_parameters)?,
        stream_url,
        perimeter: Perimeter {
            hosts,
            bucket_domain: parsed(unless_empty(given.text(keys::BUCKET_DOMAIN)), A_HOST, host)?,
            trusted_proxies: all(given, keys::TRUSTED_PROXIES, A_NETWORK, network)?,
            allowed_regions: all(given, keys::ALLOWED_REGIONS, A_REGION, self::region)?,
        },
        audit_webhook: audit_webhook(given)?,
    };
    Ok(Settings {
        config,
        listen,
        listen_tls,
        listen_proxy,
    })
}

/// SQLite's file, or PostgreSQL. What was said is not repeated in a refusal: it may hold a password.
fn database(given: &Given) -> Result<Database, SettingsError> {
    match given.text(keys::DATABASE) {
        None | Some(("sqlite", _)) => Ok(Database::InDataDir),
        Some((text, place)) => {
            let url = text.parse().map_err(|source| SettingsError::Database {
                place: place.clone(),
                source,
            })?;
            Ok(Database::Postgres(url))
        }
    }
}

/// Whole seconds, with their unit, so that nobody takes them for minutes.
fn identity_check(text: &str) -> Option<Duration> {
    let seconds: u64 = text.strip_suffix('s')?.parse().ok()?;
    (1..=3600)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

fn recording(text: &str) -> Option<Recording> {
    match text {
        "on" => Some(Recording::On),
        "off" => Some(Recording::Off),
        _ => None,
    }
}

/// Whole days, with their unit; none: for ever.
fn retention(text: &str) -> Option<Option<u32>> {
    if text == "forever" {
        return Some(None);
    }
    let days: u32 = text.strip_suffix('d')?.parse().ok()?;
    (1..=36_500).contains(&days).then_some(Some(days))
}

fn command_parameters(text: &str) -> Option<CommandParameters> {
    match text {
        "constrained" => Some(CommandParameters::Constrained),
        "any" => Some(CommandParameters::Any),
        _ => None,
    }
}

fn stream_url(text: &str) -> Option<StreamUrl> {
    match text {
        "direct" => Some(StreamUrl::Direct),
        "aws-shaped" => Some(StreamUrl::AwsShaped),
        _ => None,
    }
}

/// Where `CONNECT` is answered: of use only for AWS's names, and only with a certificate for them.
fn proxy_address(
    given: &Given,
    stream_url: StreamUrl,
    speaks_tls: bool,
) -> Result<Option<SocketAddr>, SettingsError> {
    let said = given.text(keys::LISTEN_PROXY);
    let address = parsed(said, AN_ADDRESS, |text| text.parse().ok())?;
    let missing = match (speaks_tls, stream_url) {
        (false, _) => Some("listen_tls"),
        (true, StreamUrl::Direct) => Some("stream_url = \"aws-shaped\""),
        (true, StreamUrl::AwsShaped) => None,
    };
    match (said, missing) {
        (Some((_, place)), Some(missing)) => Err(SettingsError::ProxyForNothing {
            place: place.clone(),
            missing,
        }),
        _ => Ok(address),
    }
}

fn plain_address(given: &Given) -> Result<Option<SocketAddr>, SettingsError> {
    let said = given.text(keys::LISTEN);
    let address = parsed(said, AN_ADDRESS, |text| text.parse::<SocketAddr>().ok())?;
    match (address, said) {
        (Some(address), Some((_, place))) if !address.ip().to_canonical().is_loopback() => {
            Err(SettingsError::PlainHttpOffLoopback {
                place: place.clone(),
                address,
            })
        }
        (address, _) => Ok(address),
    }
}

fn tls_address(given: &Given) -> Result<Option<TlsAddress>, SettingsError> {
    let address = parsed(given.text(keys::LISTEN_TLS), AN_ADDRESS, |text| {
        text.parse().ok()
    })?;
    let certificate = path(given, keys::CERTIFICATE_FILE)?;
    let key = path(given, keys::CERTIFICATE_KEY_FILE)?;
    let place = given.text(keys::LISTEN_TLS).map(|(_, place)| place);
    match (address.zip(place), certificate, key) {
        (None, None, None) => Ok(None),
        (None, Some((_, place)), _) | (None, None, Some((_, place))) => {
            Err(SettingsError::CertificateWithoutTls {
                place: place.clone(),
            })
        }
        (Some((_, place)), None, _) => Err(SettingsError::TlsWithoutCertificate {
            place: place.clone(),
            missing: keys::CERTIFICATE_FILE,
        }),
        (Some(_), Some((_, place)), None) => Err(SettingsError::TlsWithoutCertificate {
            place: place.clone(),
            missing: keys::CERTIFICATE_KEY_FILE,
        }),
        (Some((address, _)), Some((certificate, _)), Some((key, _))) => Ok(Some(TlsAddress {
            address,
            certificate,
            key,
        })),
    }
}

fn root_key(
    given: &Given,
    data_dir: &Path,
    credentials: Option<&Path>,
) -> Result<RootKey, SettingsError> {
    let credential = credentials
        .map(|folder| folder.join(ROOT_KEY_CREDENTIAL))
        .filter(|file| file.exists());
    match (path(given, keys::ROOT_KEY_FILE)?, credential) {
        (None, None) => Err(SettingsError::NoRootKey {
            path: given.path().to_owned(),
            credential: ROOT_KEY_CREDENTIAL,
        }),
        (Some((_, place)), Some(_)) => Err(SettingsError::TwoRootKeys {
            place: place.clone(),
            credential: ROOT_KEY_CREDENTIAL,
        }),
        (Some((path, place)), None) if paths::is_inside(&path, data_dir) => {
            Err(SettingsError::RootKeyBesideData {
                place: place.clone(),
                path,
                data_dir: data_dir.to_owned(),
            })
        }
        (Some((path, _)), None) => Ok(RootKey::File(path)),
        (None, Some(file)) => Ok(RootKey::Credential(file)),
    }
}

/// Both keys or none. The address may hold a secret, so that no refusal repeats it.
fn audit_webhook(given: &Given) -> Result<Option<AuditWebhook>, SettingsError> {
    let url = given.text(keys::AUDIT_WEBHOOK_URL);
    let secret_file = path(given, keys::AUDIT_WEBHOOK_SECRET_FILE)?;
    match (url, secret_file) {
        (None, None) => Ok(None),
        (Some((_, place)), None) => Err(SettingsError::HalfAWebhook {
            place: place.clone(),
            missing: keys::AUDIT_WEBHOOK_SECRET_FILE,
        }),
        (None, Some((_, place))) => Err(SettingsError::HalfAWebhook {
            place: place.clone(),
            missing: keys::AUDIT_WEBHOOK_URL,
        }),
        (Some((text, place)), Some((secret_file, _))) => match WebhookUrl::parse(text) {
            Ok(url) => Ok(Some(AuditWebhook { url, secret_file })),
            Err(cause) => Err(SettingsError::Webhook {
                place: place.clone(),
                cause,
            }),
        },
    }
}

/// A URL that a path can be put after.
fn public_url(given: &Given) -> Result<String, SettingsError> {
    let url = required(given, keys::PUBLIC_URL, A_URL, base_url)?;
    match given.text(keys::PUBLIC_URL) {
        Some((text, place))
            if url.scheme_str() == Some("http") && !url.host().is_some_and(is_loopback) =>
        {
            Err(SettingsError::PlainPublicUrl {
                place: place.clone(),
                url: text.to_owned(),
            })
        }
        _ => Ok(url.to_string().trim_end_matches('/').to_owned()),
    }
}

fn base_url(text: &str) -> Option<Uri> {
    let url = text.parse::<Uri>().ok()?;
    let is_known = matches!(url.scheme_str()?, "http" | "https");
    let is_bare =
        !url.authority()?.as_str().contains('@') && url.path() == "/" && url.query().is_none();
    Some(url).filter(|_| is_known && is_bare)
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn region(text: &str) -> Option<String> {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.split('-').all(word).then(|| text.to_owned())
}

fn os_user(text: &str) -> Option<String> {
    OsUserName::parse(text).ok().map(String::from)
}

fn host(text: &str) -> Option<String> {
    ServerName::try_from(text)
        .ok()
        .map(|_| text.to_ascii_lowercase())
}

fn network(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn plain_path(text: &str) -> Option<PathBuf> {
    Some(PathBuf::from(text)).filter(|path| paths::is_plain(path))
}

fn path<'a>(given: &'a Given, key: &str) -> Result<Option<(PathBuf, &'a Place)>, SettingsError> {
    let said = given.text(key);
    Ok(parsed(said, A_PATH, plain_path)?.zip(said.map(|(_, place)| place)))
}

fn required<T>(
    given: &Given,
    key: &'static str,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, SettingsError> {
    parsed(given.text(key), expected, parse)?.ok_or_else(|| SettingsError::Missing {
        path: given.path().to_owned(),
        key,
        expected,
    })
}

fn all<T>(
    given: &Given,
    key: &str,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, SettingsError> {
    given
        .list(key)
        .filter_map(|said| parsed(Some(said), expected, &parse).transpose())
        .collect()
}

/// What `parse` makes of a value that was said.
/// An empty text says nothing, for keys whose default is empty.
fn unless_empty<'a>(said: Option<(&'a str, &'a Place)>) -> Option<(&'a str, &'a Place)> {
    said.filter(|(text, _)| !text.is_empty())
}

fn parsed<T>(
    said: Option<(&str, &Place)>,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, SettingsError> {
    let Some((text, place)) = said else {
        return Ok(None);
    };
    match parse(text) {
        Some(value) => Ok(Some(value)),
        None => Err(SettingsError::NotValid {
            place: place.clone(),
            value: text.to_owned(),
            expected,
        }),
    }
}
