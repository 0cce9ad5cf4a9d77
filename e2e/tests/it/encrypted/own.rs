//! Usher's agent with Usher's client, under both of its names.

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::{SAYS_SO, Vault};
use crate::fixtures::{BY_DEFAULT, ByDefault, MAY_START, SESSION};
use crate::harness::boto3::Keys;
use crate::harness::dev::Dev;
use crate::harness::programs;
use crate::harness::shared::Shared;
use crate::harness::skip::lacks;
use crate::harness::terminal::Terminal;

static VAULT: Shared<Vault> = Shared::new();

fn usher(dev: &Dev, keys: &Keys, words: &[&str]) -> Command {
    let mut usher = dev.command(keys, programs::usher().to_str().unwrap());
    usher.args(words);
    usher
}

/// `usher start-session`, whose session is refused: what it said.
fn refused(dev: &Dev, keys: &Keys, words: &[&str]) -> String {
    let mut command = usher(dev, keys, &["start-session", dev.node()]);
    let output = command.args(words).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(255), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    said(&output)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn whoever_may_not_make_a_data_key_is_told_which_call_is_missing() {
    if lacks(&SESSION) {
        return;
    }
    let vault = VAULT.hold(|| Vault::start("vault"));
    let nobody = vault.dev.principal("keyless", &MAY_START);
    let sentence = refused(&vault.dev, &nobody.keys, &[]);
    for part in [
        "KMS key alias/sessions",
        "kms:GenerateDataKey",
        "user/keyless",
        &vault.key,
    ] {
        assert!(sentence.contains(part), "{part}: {sentence}");
    }
}

#[test]
fn a_key_that_is_disabled_or_that_the_node_may_not_use_opens_no_session() {
    if lacks(&SESSION) {
        return;
    }
    let vault = Vault::start("disabled");
    let kms = |operation: &str, mut arguments: Value| {
        arguments["KeyId"] = json!(vault.key);
        vault
            .dev
            .call(&vault.dev.admin(), "kms", operation, &arguments)
            .must()
    };
    kms("disable_key", json!({}));
    let sentence = refused(&vault.dev, &vault.vera.keys, &[]);
    assert!(sentence.contains("is disabled"), "{sentence}");
    kms("enable_key", json!({}));

    let only_people = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"},
    ]});
    kms(
        "put_key_policy",
        json!({"Policy": only_people.to_string(), "BypassPolicyLockoutSafetyCheck": true}),
    );
    let sentence = refused(&vault.dev, &vault.vera.keys, &[]);
    for part in ["kms:Decrypt", vault.dev.node(), &vault.key] {
        assert!(sentence.contains(part), "{part}: {sentence}");
    }
}

#[test]
fn a_client_that_requires_encryption_takes_no_session_without() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let sentence = refused(&fixture.dev, &fixture.bob.keys, &["--require-encryption"]);
    assert!(sentence.contains("is not encrypted by KMS"), "{sentence}");
}

#[test]
fn a_shell_is_encrypted_and_ends_with_its_status() {
    if lacks(&SESSION) {
        return;
    }
    let vault = VAULT.hold(|| Vault::start("vault"));
    let words = ["start-session", vault.dev.node(), "--require-encryption"];
    let mut own = Terminal::start(&usher(&vault.dev, &vault.vera.keys, &words), 80, 24);
    let mut plugin = vault.dev.start_session(&vault.vera.keys);
    for (terminal, status) in [(&mut own, 7), (&mut plugin, 0)] {
        terminal.expect(SAYS_SO);
        terminal.expect_shell();
        let size = terminal.shell("stty size; id -un");
        assert_eq!(size, format!("24 80\r\n{}\r\n", vault.os_user.name()));
        let count = terminal.shell("seq 1 20000 | tail -n 1; seq 1 20000");
        assert!(count.ends_with("\r\n20000\r\n"), "{count}");
        terminal.send(b"exit 7\r");
        assert_eq!(terminal.end().0.code(), Some(status));
    }
}

#[test]
fn commands_are_encrypted_with_their_input_errors_and_status() {
    if lacks(&SESSION) {
        return;
    }
    let vault = VAULT.hold(|| Vault::start("vault"));
    let script = "cat; echo wrong >&2; exit 5";
    let target = ["exec", "--target", vault.dev.node()];
    let mut command = usher(&vault.dev, &vault.vera.keys, &target);
    command.args(["--require-encryption", "--", "sh", "-c", script]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"as it came").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert_eq!(output.stdout, b"as it came");
    assert_eq!(said(&output), "wrong\n");

    let mut aws = vault.dev.command(&vault.vera.keys, "aws");
    aws.args(["ssm", "start-session", "--target", vault.dev.node()]);
    aws.args(["--document-name", "AWS-StartInteractiveCommand"]);
    aws.args(["--parameters", r#"{"command":["id -un; tty"]}"#]);
    let mut terminal = Terminal::start(&aws, 80, 24);
    terminal.expect(SAYS_SO);
    let output = terminal.expect("Exiting session with sessionId: ");
    assert!(output.contains(vault.os_user.name()), "{output}");
    assert!(output.contains("/dev/pts/"), "{output}");
}
