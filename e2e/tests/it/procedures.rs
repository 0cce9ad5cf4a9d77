//! AWS's page on session preferences by command line, followed as it is written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::fixtures::{MAY_START, SESSION};
use crate::harness::dev::{Dev, Principal};
use crate::harness::os_users::OsUser;
use crate::harness::process::output_of;
use crate::harness::skip::lacks;

/// The file of AWS's page, with this default user.
fn write_preferences(directory: &Path, default_user: &str) {
    let content = json!({
        "schemaVersion": "1.0",
        "description": "Document to hold regional settings for Session Manager",
        "sessionType": "Standard_Stream",
        "inputs": {
            "s3BucketName": "", "s3KeyPrefix": "", "s3EncryptionEnabled": true,
            "cloudWatchLogGroupName": "", "cloudWatchEncryptionEnabled": true, "cloudWatchStreamingEnabled": false,
            "kmsKeyId": "", "runAsEnabled": true, "runAsDefaultUser": default_user,
            "idleSessionTimeout": "20", "maxSessionDuration": "60",
            "shellProfile": {"windows": "", "linux": ""},
        },
    });
    fs::write(
        directory.join("SessionManagerRunShell.json"),
        content.to_string(),
    )
    .unwrap();
}

fn aws(dev: &Dev, caller: &Principal, directory: &Path, arguments: &[&str]) -> Command {
    let mut aws = dev.command(&caller.keys, "aws");
    aws.arg("ssm").args(arguments).current_dir(directory);
    aws
}

const CREATE: [&str; 9] = [
    "create-document",
    "--name",
    "SSM-SessionManagerRunShell",
    "--content",
    "file://SessionManagerRunShell.json",
    "--document-type",
    "Session",
    "--document-format",
    "JSON",
];

const UPDATE: [&str; 7] = [
    "update-document",
    "--name",
    "SSM-SessionManagerRunShell",
    "--content",
    "file://SessionManagerRunShell.json",
    "--document-version",
    "$LATEST",
];

const PREFERENCES: &str = "arn:aws:ssm:usher-1:000000000000:document/SSM-SessionManagerRunShell";

/// Where bob, who has no tag, lands now.
fn lands_in(dev: &Dev, bob: &Principal) -> String {
    let mut terminal = dev.start_session(&bob.keys);
    terminal.expect_shell();
    let name = terminal.shell("id -un");
    terminal.send(b"exit\r");
    terminal.end();
    name.trim_end().to_owned()
}

#[test]
fn preferences_are_created_and_updated_and_count_at_once() {
    if lacks(&SESSION) {
        return;
    }
    let first = OsUser::with_home("first", "/bin/bash", &[]);
    let second = OsUser::with_home("second", "/bin/bash", &[]);
    let directory = tempfile::tempdir().unwrap();
    let dev = Dev::start();
    let editor = dev.principal(
        "editor",
        &[
            ("ssm:CreateDocument", PREFERENCES),
            ("ssm:GetDocument", PREFERENCES),
            ("ssm:UpdateDocument", PREFERENCES),
        ],
    );
    let bob = dev.principal("bob", &MAY_START);

    write_preferences(directory.path(), first.name());
    let told: Value = serde_json::from_str(&output_of(&mut aws(
        &dev,
        &editor,
        directory.path(),
        &CREATE,
    )))
    .unwrap();
    let description = &told["DocumentDescription"];
    assert_eq!(description["Name"], "SSM-SessionManagerRunShell");
    assert_eq!(
        (
            &description["DocumentVersion"],
            &description["SchemaVersion"]
        ),
        (&json!("1"), &json!("1.0"))
    );
    assert_eq!(lands_in(&dev, &bob), first.name());

    write_preferences(directory.path(), second.name());
    let told: Value = serde_json::from_str(&output_of(&mut aws(
        &dev,
        &editor,
        directory.path(),
        &UPDATE,
    )))
    .unwrap();
    assert_eq!(told["DocumentDescription"]["DocumentVersion"], "2");
    // No version was made the default one, and the page does not ask for it.
    assert_eq!(told["DocumentDescription"]["DefaultVersion"], "1");
    assert_eq!(lands_in(&dev, &bob), second.name());

    let read = [
        "get-document",
        "--name",
        "SSM-SessionManagerRunShell",
        "--document-version",
        "$LATEST",
    ];
    let told: Value =
        serde_json::from_str(&output_of(&mut aws(&dev, &editor, directory.path(), &read))).unwrap();
    let content: Value = serde_json::from_str(told["Content"].as_str().unwrap()).unwrap();
    assert_eq!(content["inputs"]["runAsDefaultUser"], second.name());
}

#[test]
fn who_lacks_the_permission_can_change_no_preferences() {
    if lacks(&SESSION) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let dev = Dev::start();
    dev.save_run_as("daemon");
    let reader = dev.principal("reader", &[("ssm:GetDocument", PREFERENCES)]);
    write_preferences(directory.path(), "bin");
    for arguments in [&CREATE[..], &UPDATE[..]] {
        let refused: Output = aws(&dev, &reader, directory.path(), arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(
            said.contains("An error occurred (AccessDeniedException)"),
            "{said}"
        );
        assert!(!refused.status.success());
    }
}

#[test]
fn a_document_that_breaks_the_schema_is_refused_with_the_key_and_the_rule() {
    if lacks(&SESSION) {
        return;
    }
    let dev = Dev::start();
    let create = |inputs: Value| {
        let content =
            json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": inputs});
        let arguments = json!({
            "Name": "SSM-SessionManagerRunShell", "Content": content.to_string(), "DocumentType": "Session",
        });
        dev.call(&dev.admin(), "ssm", "create_document", &arguments)
            .refused_with("InvalidDocumentContent")
    };
    // A caller's parameter must never decide as whom the caller appears.
    let refused = create(json!({"runAsEnabled": true, "runAsDefaultUser": "{{ user }}"}));
    assert!(refused.message.contains("runAsDefaultUser"), "{refused:?}");
    let refused = create(json!({"runAsEnable": true}));
    assert!(refused.message.contains("runAsEnable"), "{refused:?}");
    let refused = create(json!({"idleSessionTimeout": "61"}));
    assert!(
        refused.message.contains("idleSessionTimeout"),
        "{refused:?}"
    );
}

#[test]
fn a_session_is_not_started_without_the_encryption_or_the_logs_its_preferences_ask_for() {
    if lacks(&SESSION) {
        return;
    }
    let os_user = OsUser::with_home("unlogged", "/bin/bash", &[]);
    let dev = Dev::start();
    dev.save_run_as(os_user.name());
    let bob = dev.principal("bob", &MAY_START);
    for (key, value, says) in [
        (
            "kmsKeyId",
            "alias/sessions",
            "encrypted with the KMS key alias/sessions, and",
        ),
        (
            "s3BucketName",
            "session-logs",
            "the S3 bucket session-logs cannot be checked: s3:GetEncryptionConfiguration by",
        ),
        (
            "cloudWatchLogGroupName",
            "/session/logs",
            "the CloudWatch Logs log group /session/logs: it does not exist",
        ),
    ] {
        let inputs =
            json!({"runAsEnabled": true, "runAsDefaultUser": os_user.name(), (key): value});
        let content =
            json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": inputs});
        let arguments = json!({
            "Name": "SSM-SessionManagerRunShell", "Content": content.to_string(), "DocumentVersion": "$LATEST",
        });
        dev.call(&dev.admin(), "ssm", "update_document", &arguments)
            .must();
        let mut terminal = dev.start_session(&bob.keys);
        terminal.expect("SessionId: bob-");
        terminal.expect(says);
        terminal.end();
    }
}
