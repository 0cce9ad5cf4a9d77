//! Refusals first: each names the place, the cause and the way out.

mod example;

use std::fs;

use usher_wire::ids::AccountId;

use super::*;
use crate::config::{Database, RootKey, StreamUrl};

/// The least that makes a server.
const LEAST: &str = r#"
    public_url = "https://usher.example.com"
    listen = "127.0.0.1:8480"
    root_key_file = "/nonexistent/root.key"
"#;

fn load(text: &str, environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.toml");
    fs::write(&path, text).unwrap();
    Settings::load(
        &path,
        environment
            .iter()
            .map(|(name, value)| (name.into(), value.into())),
    )
}

/// The least, with each line of `lines` in place of the one for its key, or added.
fn with(lines: &str) -> String {
    let key = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let replaced: Vec<String> = lines.lines().map(key).collect();
    let kept = LEAST.lines().filter(|line| !replaced.contains(&key(line)));
    kept.chain(lines.lines()).collect::<Vec<_>>().join("\n")
}

/// The sentence of a refusal holds all of `words`.
fn refused(text: &str, environment: &[(&str, &str)], words: &[&str]) {
    let sentence = load(text, environment)
        .err()
        .unwrap_or_else(|| panic!("accepted: {text}"))
        .to_string();
    for word in words {
        assert!(sentence.contains(word), "{word:?} is not in: {sentence}");
    }
}

#[test]
fn a_missing_file_is_named_with_the_way_out() {
    let refusal = Settings::load(Path::new("/nonexistent/server.toml"), [])
        .unwrap_err()
        .to_string();
    assert!(
        refusal.contains("/nonexistent/server.toml") && refusal.contains("--config"),
        "{refusal}"
    );
}

#[test]
fn what_is_not_toml_is_refused_with_its_line() {
    refused("\n\nlisten = 127.0.0.1", &[], &["line 3", "server.toml"]);
    refused(
        "region = \"a\"\nregion = \"b\"",
        &[],
        &["line 2", "duplicate"],
    );
}

#[test]
fn a_database_that_may_not_be_used_so_is_refused_and_its_password_not_repeated() {
    for (value, word) in [
        ("usher.db", "postgres://usher@"),
        ("postgres://usher:geheim@localhost/usher", "PGPASSFILE"),
        ("postgres://db.example.com/usher", "sslmode=verify-full"),
        ("postgres://localhost/usher?sslmod=on", "sslmod"),
    ] {
        let refusal = load(&with(&format!("database = {value:?}")), &[]).unwrap_err();
        let sentence = refusal.to_string();
        assert!(
            sentence.contains("server.toml")
                && sentence.contains(word)
                && !sentence.contains("geheim"),
            "{sentence}"
        );
    }
    let settings = load(
        &with("database = \"postgres:///usher?host=/run/postgresql\""),
        &[],
    );
    assert!(matches!(
        settings.unwrap().config.database,
        Database::Postgres(_)
    ));
}

#[test]
fn unknown_keys_are_refused_with_their_file_and_the_known_ones() {
    for (line, key) in [
        ("listn = \"127.0.0.1:1\"", "listn"),
        ("[server]", "server"),
        ("Listen = \"\"", "Listen"),
    ] {
        refused(
            &with(line),
            &[],
            &[&format!("the key {key},"), "server.toml", "listen_tls"],
        );
    }
}

#[test]
fn unknown_variables_are_refused_by_name() {
    for name in ["USHER_SERVER_LISTN", "USHER_SERVER_listen", "USHER_SERVER_"] {
        refused(LEAST, &[(name, "127.0.0.1:1")], &[name, "unset"]);
    }
}

#[test]
fn values_of_another_form_are_refused_by_their_place() {
    refused(
        &with("listen = 8480"),
        &[],
        &["listen in ", "server.toml", "a string"],
    );
    refused(&with("hosts = \"a\""), &[], &["hosts in ", "a list"]);
    refused(&with("hosts = [1]"), &[], &["hosts in ", "a list"]);
}

#[test]
fn values_that_are_not_of_their_kind_are_refused_with_an_example() {
    let rows = [
        ("listen = \"8480\"", "127.0.0.1:8480"),
        ("listen = \"localhost:8480\"", "127.0.0.1:8480"),
        ("listen = \"\"", "127.0.0.1:8480"),
        (
            "public_url = \"usher.example.com\"",
            "https://usher.example.com",
        ),
        (
            "public_url = \"https://usher.example.com/path\"",
            "https://usher.example.com",
        ),
        (
            "public_url = \"https://usher.example.com?q\"",
            "https://usher.example.com",
        ),
        (
            "public_url = \"https://me@usher.example.com\"",
            "https://usher.example.com",
        ),
        (
            "public_url = \"ftp://usher.example.com\"",
            "https://usher.example.com",
        ),
        ("hosts = [\"usher.lan:8443\"]", "without a port"),
        ("hosts = [\"https://usher.lan\"]", "without a port"),
        ("hosts = [\"*.lan\"]", "without a port"),
        ("trusted_proxies = [\"proxy.lan\"]", "192.0.2.0/24"),
        ("trusted_proxies = [\"192.0.2.0/33\"]", "192.0.2.0/24"),
        ("account = \"1234\"", "12 digits"),
        ("region = \"\"", "usher-1"),
        ("region = \"EU\"", "usher-1"),
        ("region = \"eu--west\"", "usher-1"),
        ("allowed_regions = [\"eu west\"]", "usher-1"),
        ("refused_os_users = [\"a b\"]", "OS user"),
        ("data_dir = \"data\"", "absolute"),
        ("root_key_file = \"/etc/../root.key\"", "absolute"),
    ];
    for (line, example) in rows {
        let key = line.split(' ').next().unwrap();
        refused(&with(line), &[], &[key, "which is not", example]);
    }
}

#[test]
fn a_refused_variable_is_named_instead_of_the_key() {
    refused(
        LEAST,
        &[("USHER_SERVER_LISTEN", "8480")],
        &["the environment variable USHER_SERVER_LISTEN is \"8480\""],
    );
    refused(
        LEAST,
        &[("USHER_SERVER_HOSTS", "a, b c")],
        &["USHER_SERVER_HOSTS is \"b c\""],
    );
}

#[test]
fn plain_http_off_loopback_is_refused_with_the_way_out() {
    for address in [
        "0.0.0.0:80",
        "[::]:80",
        "192.0.2.1:80",
        "[::ffff:192.0.2.1]:80",
    ] {
        let line = format!("listen = \"{address}\"");
        refused(
            &with(&line),
            &[],
            &[
                "listen in ",
                address,
                "loopback only",
                "listen_tls",
                "proxy",
            ],
        );
    }
    let variable = ("USHER_SERVER_LISTEN", "0.0.0.0:80");
    refused(LEAST, &[variable], &[variable.0, "loopback only"]);
    refused(
        &with("public_url = \"http://usher.example.com\""),
        &[],
        &["public_url in ", "https://"],
    );
    for address in [
        "127.0.0.1:80",
        "127.9.9.9:80",
        "[::1]:80",
        "[::ffff:127.0.0.1]:80",
    ] {
        load(&with(&format!("listen = \"{address}\"")), &[]).unwrap();
    }
    for url in [
        "http://127.0.0.1:8480",
        "http://localhost",
        "http://[::1]:8480",
    ] {
        load(&with(&format!("public_url = \"{url}\"")), &[]).unwrap();
    }
}

#[test]
fn a_server_that_nobody_could_reach_or_name_is_refused() {
    let without = |key: &str| {
        LEAST
            .lines()
            .filter(|line| !line.contains(key))
            .collect::<Vec<_>>()
            .join("\n")
    };
    refused(
        &without("listen"),
        &[],
        &["neither listen nor listen_tls", "add one"],
    );
    refused(
        &without("public_url"),
        &[],
        &["does not say public_url", "USHER_SERVER_PUBLIC_URL"],
    );
}

#[test]
fn half_of_a_tls_listener_is_refused_with_the_missing_half() {
    let tls = "listen_tls = \"0.0.0.0:443\"";
    let certificate = "certificate_file = \"/etc/usher/tls.pem\"";
    let key = "certificate_key_file = \"/etc/usher/tls.key\"";
    refused(&with(tls), &[], &["listen_tls in ", "set certificate_file"]);
    refused(
        &with(&[tls, key].join("\n")),
        &[],
        &["set certificate_file"],
    );
    refused(
        &with(&[tls, certificate].join("\n")),
        &[],
        &["set certificate_key_file"],
    );
    refused(
        &with(certificate),
        &[],
        &["certificate_file in ", "no effect without listen_tls"],
    );
    refused(
        &with(key),
        &[],
        &["certificate_key_file in ", "no effect without listen_tls"],
    );
    load(&with(&[tls, certificate, key].join("\n")), &[]).unwrap();
}

#[test]
fn a_retention_that_is_no_number_of_days_is_refused() {
    let retention = |text: &str| with(&format!("recording_retention = {text:?}"));
    for text in ["90", "0d", "36501d", "-1d", "1.5d", "1w", "never"] {
        refused(
            &retention(text),
            &[],
            &["recording_retention", "write it as 90d"],
        );
    }
    let kept = |text| {
        load(&retention(text), &[])
            .unwrap()
            .config
            .recording_retention
    };
    assert_eq!((kept("forever"), kept("90d")), (None, Some(90)));
}

#[test]
fn a_proxy_to_nothing_is_refused_with_what_it_takes() {
    let proxy = "listen_proxy = \"127.0.0.1:8481\"\n";
    let tls = "listen_tls = \"127.0.0.1:8443\"\ncertificate_file = \"/tls.pem\"\ncertificate_key_file = \"/tls.key\"\n";
    let shaped = "stream_url = \"aws-shaped\"\n";
    refused(
        &with("stream_url = \"aws\""),
        &[],
        &["stream_url", "direct or aws-shaped"],
    );
    refused(
        &with("listen_proxy = \"8481\""),
        &[],
        &["listen_proxy", "an address with a port"],
    );
    let lines = [proxy, shaped].concat();
    refused(
        &with(&lines),
        &[],
        &["listen_proxy", "has no effect without listen_tls"],
    );
    let lines = [proxy, tls].concat();
    refused(&with(&lines), &[], &["listen_proxy", "without stream_url"]);
    let settings = load(&with(&[proxy, tls, shaped].concat()), &[]).unwrap();
    assert_eq!(settings.config.stream_url, StreamUrl::AwsShaped);
    let hosts = &settings.config.perimeter.hosts;
    assert!(
        hosts.contains(&"ssmmessages.usher-1.amazonaws.com".to_owned()),
        "{hosts:?}"
    );
}

#[test]
fn half_of_a_webhook_and_one_that_leads_astray_are_refused_without_repeating_the_address() {
    let secret = "audit_webhook_secret_file = \"/etc/usher/webhook.secret\"";
    let url = |url: &str| format!("audit_webhook_url = \"{url}\"");
    let good = url("https://siem.example.com/hook?key=hunter2");
    refused(
        &with(&good),
        &[],
        &["audit_webhook_url in ", "without audit_webhook_secret_file"],
    );
    refused(
        &with(secret),
        &[],
        &["audit_webhook_secret_file in ", "without audit_webhook_url"],
    );
    for (given, words) in [
        (
            "http://siem.example.com/hunter2",
            "plain HTTP over a network",
        ),
        ("https://169.254.169.254/hunter2", "metadata address"),
        (
            "https://me:hunter2@siem.example.com",
            "is no address such as",
        ),
    ] {
        let lines = [&url(given), secret].join("\n");
        let sentence = load(&with(&lines), &[]).unwrap_err().to_string();
        assert!(sentence.contains(words), "{sentence}");
        assert!(!sentence.contains("hunter2"), "{sentence}");
    }
    let settings = load(&with(&[&good, secret].join("\n")), &[]).unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn a_root_key_that_a_copy_of_the_data_would_hold_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let link = folder.path().join("elsewhere");
    fs::create_dir(&data).unwrap();
    std::os::unix::fs::symlink(&data, &link).unwrap();
    for key in [
        data.join("root.key"),
        data.join("deep/root.key"),
        link.join("root.key"),
    ] {
        let lines = format!("data_dir = {data:?}\nroot_key_file = {key:?}");
        refused(
            &with(&lines),
            &[],
            &["root_key_file in ", "inside the data directory", "move"],
        );
    }
    let beside = folder.path().join("data.key");
    load(
        &with(&format!("data_dir = {data:?}\nroot_key_file = {beside:?}")),
        &[],
    )
    .unwrap();
}

#[test]
fn no_root_key_and_two_root_keys_are_refused() {
    let credentials = tempfile::tempdir().unwrap();
    let directory = (
        "CREDENTIALS_DIRECTORY",
        credentials.path().to_str().unwrap(),
    );
    let without = LEAST.replace("root_key_file", "#root_key_file");
    refused(
        &without,
        &[],
        &["root_key_file", "systemd credential usher.root-key"],
    );
    refused(
        &without,
        &[directory],
        &["root_key_file", "systemd credential usher.root-key"],
    );
    fs::write(credentials.path().join("usher.root-key"), [7; 32]).unwrap();
    refused(LEAST, &[directory], &["two root keys", "root_key_file in "]);

    let settings = load(&without, &[directory]).unwrap();
    assert_eq!(
        settings.config.root_key,
        RootKey::Credential(credentials.path().join("usher.root-key"))
    );
}

#[test]
fn the_least_is_served_with_the_defaults() {
    let settings = load(LEAST, &[("USHER_ELSE", "x"), ("HOME", "/root")]).unwrap();
    let config = settings.config;
    assert_eq!(config.data_dir, Path::new("/var/lib/usher"));
    assert_eq!(
        config.root_key,
        RootKey::File("/nonexistent/root.key".into())
    );
    assert_eq!(config.public_url, "https://usher.example.com");
    assert_eq!(config.account, AccountId::parse("000000000000").unwrap());
    assert_eq!(config.regions(), ["usher-1"]);
    assert_eq!(config.perimeter, crate::config::Perimeter::default());
    assert_eq!(settings.listen, Some("127.0.0.1:8480".parse().unwrap()));
    assert!(settings.listen_tls.is_none());
}

#[test]
fn variables_override_the_file() {
    let settings = load(
        &with("hosts = [\"a.lan\"]\nallowed_regions = [\"eu-west-1\"]"),
        &[
            ("USHER_SERVER_LISTEN", "[::1]:9000"),
            ("USHER_SERVER_REGION", "us-east-1"),
            ("USHER_SERVER_ACCOUNT", "123456789012"),
            ("USHER_SERVER_HOSTS", "B.lan, 192.0.2.1,"),
            ("USHER_SERVER_ALLOWED_REGIONS", ""),
            ("USHER_SERVER_TRUSTED_PROXIES", "192.0.2.0/24,2001:db8::1"),
            ("USHER_SERVER_PUBLIC_URL", "https://usher.example.com:8443/"),
        ],
    )
    .unwrap();
    assert_eq!(settings.listen, Some("[::1]:9000".parse().unwrap()));
    assert_eq!(settings.config.regions(), ["us-east-1"]);
    assert_eq!(settings.config.account.as_str(), "123456789012");
    assert_eq!(settings.config.perimeter.hosts, ["b.lan", "192.0.2.1"]);
    let proxies = ["192.0.2.0/24", "2001:db8::1/128"].map(|network| network.parse().unwrap());
    assert_eq!(settings.config.perimeter.trusted_proxies, proxies);
    assert_eq!(settings.config.public_url, "https://usher.example.com:8443");
}
