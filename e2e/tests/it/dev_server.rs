//! What `usher dev` promises to who starts it: its files, its command's status, and whom it answers.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::fixtures::{BY_TAG, ByTag, SESSION};
use crate::harness::dev::Dev;
use crate::harness::process::output_of;
use crate::harness::programs;
use crate::harness::skip::{Need, lacks};

/// The status line that the server answers to a plain request for `/healthz` under this `Host`.
fn answer_to_host(dev: &Dev, host: &str) -> String {
    let address = dev
        .variable("AWS_ENDPOINT_URL")
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let mut connection = TcpStream::connect(address).unwrap();
    let host = host.replace("ADDRESS", address);
    write!(
        connection,
        "GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_request_for_another_host_is_not_answered() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    // A page of that name, made to resolve to this machine, must learn nothing.
    assert!(answer_to_host(dev, "rebound.example").starts_with("HTTP/1.1 421"));
    assert!(answer_to_host(dev, "ADDRESS").starts_with("HTTP/1.1 200"));
}

#[test]
fn the_status_of_the_command_is_the_servers() {
    let directory = tempfile::TempDir::with_prefix("ushertest-").unwrap();
    let mut dev = Command::new(programs::usher());
    dev.args(["dev", "--no-agent", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(directory.path().join("data"));
    dev.args(["--", "sh", "-c", "test -n \"$AWS_ENDPOINT_URL\" && exit 5"]);
    let output = dev.output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(5),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_command_reaches_the_server_whatever_profile_the_person_works_with() {
    if lacks(&[Need::Aws]) {
        return;
    }
    let directory = tempfile::TempDir::with_prefix("ushertest-").unwrap();
    let path = std::env::join_paths([programs::aws().unwrap(), "/usr/bin".into(), "/bin".into()]);
    let mut dev = Command::new(programs::usher());
    dev.args(["dev", "--no-agent", "--listen", "127.0.0.1:0", "--data-dir"]);
    dev.arg(directory.path().join("data"));
    dev.args([
        "--",
        "aws",
        "sts",
        "get-caller-identity",
        "--query",
        "Arn",
        "--output",
        "text",
    ]);
    dev.env_clear()
        .env("PATH", path.unwrap())
        .env("HOME", directory.path());
    dev.env("AWS_PROFILE", "work")
        .env("AWS_SESSION_TOKEN", "of another account");
    assert_eq!(
        output_of(&mut dev).trim_end(),
        "arn:aws:iam::000000000000:user/admin"
    );
}

#[test]
fn the_environment_file_is_the_owners_alone_and_says_what_the_command_was_given() {
    if lacks(&SESSION) {
        return;
    }
    let dev = Dev::start();
    let file = dev.data().join("env.sh");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&dev.data()), 0o700);
    assert_eq!(
        fs::read_to_string(dev.data().join(".gitignore"))
            .unwrap()
            .trim(),
        "*"
    );

    let told = output_of(
        Command::new("sh")
            .args(["-c", ". \"$0\" && env -0"])
            .arg(&file)
            .env_clear(),
    );
    for name in [
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "USHER_NODE",
    ] {
        let variable = format!("{name}={}", dev.variable(name));
        assert!(
            told.split('\0').any(|line| line == variable),
            "{variable} is not in env.sh"
        );
    }
}
