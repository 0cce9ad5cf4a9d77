//! `usher dev` without an agent: what it refuses, what it writes, and whose status it ends with.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use tokio::net::TcpListener;

use crate::program::{complained, output, said, usher};

async fn dev(data: &Path, words: &[&str]) -> Output {
    let mut command = usher();
    command
        .args(["dev", "--no-agent", "--data-dir"])
        .arg(data)
        .args(words);
    output(command).await
}

#[tokio::test]
async fn plain_http_is_for_loopback_only() {
    let directory = tempfile::tempdir().unwrap();
    let output = dev(&directory.path().join("data"), &["--listen", "0.0.0.0:0"]).await;
    assert_eq!(output.status.code(), Some(1));
    let text = complained(&output);
    assert!(
        text.contains("0.0.0.0:0 is not a loopback address") && text.contains("\n\nhint: "),
        "{text}"
    );
}

#[tokio::test]
async fn an_address_in_use_is_named_with_a_hint() {
    let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = held.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let output = dev(&directory.path().join("data"), &["--listen", &address]).await;
    assert_eq!(output.status.code(), Some(1));
    let text = complained(&output);
    assert!(
        text.contains(&format!("{address} is in use")) && text.contains("hint: stop it"),
        "{text}"
    );
}

#[tokio::test]
async fn a_tls_address_in_use_is_named_with_its_option() {
    let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = held.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let words = ["--listen", "127.0.0.1:0", "--listen-tls", &address];
    let output = dev(&directory.path().join("data"), &words).await;
    assert_eq!(output.status.code(), Some(1));
    let text = complained(&output);
    assert!(
        text.contains(&format!("{address} is in use")) && text.contains("--listen-tls 127.0.0.1:0"),
        "{text}"
    );
}

#[tokio::test]
async fn the_authority_is_made_once_and_its_key_is_the_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let words = ["--listen", "127.0.0.1:0", "--", "true"];
    let mut seen = Vec::new();
    for _ in 0..2 {
        let output = dev(&data, &words).await;
        assert_eq!(output.status.code(), Some(0), "{}", complained(&output));
        let certificate = data.join("tls/ca.pem");
        assert!(
            complained(&output).contains(&format!("AWS_CA_BUNDLE={}", certificate.display())),
            "{}",
            complained(&output)
        );
        seen.push(std::fs::read(certificate).unwrap());
    }
    assert_eq!(seen[0], seen[1], "people trust the first one");
    let key = data.join("tls/ca.key").metadata().unwrap();
    assert_eq!(key.permissions().mode() & 0o7777, 0o600);
}

#[tokio::test]
async fn a_command_that_does_not_exist_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let output = dev(
        &directory.path().join("data"),
        &["--listen", "127.0.0.1:0", "--", "/nonexistent"],
    )
    .await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        complained(&output).contains("`/nonexistent` cannot be run"),
        "{}",
        complained(&output)
    );
}

#[tokio::test]
async fn the_command_reaches_the_server_and_its_status_is_ours() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let script = "session-manager-plugin --version; usher=$(readlink \"$(command -v session-manager-plugin)\"); \
                  \"$usher\" nodes --output json; exit 5";
    let words = ["--listen", "127.0.0.1:0", "--", "sh", "-c", script];
    let first = dev(&data, &words).await;
    assert_eq!(first.status.code(), Some(5), "{}", complained(&first));
    assert!(said(&first).starts_with("1.2.900.0\n"), "{}", said(&first));
    assert!(
        said(&first).contains("\"InstanceInformationList\": []"),
        "{}",
        said(&first)
    );

    let environment = std::fs::read_to_string(data.join("env.sh")).unwrap();
    assert_eq!(
        data.join("env.sh").metadata().unwrap().permissions().mode() & 0o7777,
        0o600
    );
    let key = |text: &str| {
        text.lines()
            .find(|line| line.contains("AWS_SECRET_ACCESS_KEY"))
            .unwrap()
            .to_owned()
    };
    let second = dev(&data, &words).await;
    assert_eq!(second.status.code(), Some(5));
    let again = std::fs::read_to_string(data.join("env.sh")).unwrap();
    assert_eq!(
        key(&again),
        key(&environment),
        "a second start made other keys"
    );
}
