//! Session documents as they are stored: what is refused, and with which sentence.

use serde_json::{Value, json};
use usher_policy::{DocumentErrorCode, DocumentFormat, Preferences, SessionDocument};

use crate::binding::command;

pub(crate) fn parse(document: &Value) -> Result<SessionDocument, String> {
    SessionDocument::parse(&document.to_string(), DocumentFormat::Json)
        .map_err(|error| error.to_string())
}

pub(crate) fn shell(inputs: Value) -> Value {
    json!({ "schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": inputs })
}

pub(crate) fn refused(document: &Value, sentence: &str) {
    match parse(document) {
        Ok(_) => assert_eq!("stored", sentence, "{document}"),
        Err(error) => assert!(
            error.contains(sentence),
            "{document}\n{error}\nnot: {sentence}"
        ),
    }
}

#[test]
fn documents_that_are_no_session_documents_are_refused() {
    for text in ["", "[]", "\"x\"", "{", "null"] {
        assert!(
            SessionDocument::parse(text, DocumentFormat::Json).is_err(),
            "{text}"
        );
        assert!(
            SessionDocument::parse(text, DocumentFormat::Yaml).is_err(),
            "{text}"
        );
    }
    for version in [json!("1.1"), json!(1.0), json!(null), json!("2.2")] {
        let mut document = shell(json!({}));
        document["schemaVersion"] = version;
        let error =
            SessionDocument::parse(&document.to_string(), DocumentFormat::Json).unwrap_err();
        assert_eq!(
            error.code(),
            DocumentErrorCode::InvalidDocumentSchemaVersion
        );
    }
    refused(
        &json!({ "schemaVersion": "1.0", "inputs": {} }),
        "sessionType is missing",
    );
    refused(
        &json!({ "schemaVersion": "1.0", "sessionType": "Shell", "inputs": {} }),
        "sessionType must be",
    );
    refused(
        &json!({ "schemaVersion": "1.0", "sessionType": "Standard_Stream" }),
        "inputs is missing",
    );
    refused(
        &json!({ "schemaVersion": "1.0", "sessionType": "Port" }),
        "properties is missing",
    );
}

#[test]
fn unknown_keys_are_refused_with_their_path() {
    let mut document = shell(json!({}));
    document["mainSteps"] = json!([]);
    refused(&document, "The key mainSteps is not known");
    refused(
        &shell(json!({ "runasEnabled": true })),
        "The key inputs.runasEnabled is not known",
    );
    refused(
        &shell(json!({ "shellProfile": { "macos": "" } })),
        "The key inputs.shellProfile.macos is not known",
    );
    let mut document = shell(json!({}));
    document["properties"] = json!({});
    refused(&document, "The key properties is not known");
}

#[test]
fn a_key_given_twice_is_refused() {
    let text = r#"{"schemaVersion":"1.0","sessionType":"Standard_Stream",
        "inputs":{"runAsEnabled":true,"runAsEnabled":false}}"#;
    let error = SessionDocument::parse(text, DocumentFormat::Json)
        .unwrap_err()
        .to_string();
    assert!(error.contains("'runAsEnabled' is given twice"), "{error}");
}

#[test]
fn each_input_has_its_rule() {
    for (key, values, rule) in [
        (
            "s3BucketName",
            vec![
                json!("ab"),
                json!("Logs"),
                json!("a..b"),
                json!("-ab"),
                json!("a_b"),
            ],
            "bucket name",
        ),
        (
            "s3KeyPrefix",
            vec![json!("a\nb"), json!("x".repeat(501))],
            "at most 500 bytes",
        ),
        (
            "cloudWatchLogGroupName",
            vec![json!("a b"), json!("x".repeat(513))],
            "log group name",
        ),
        (
            "kmsKeyId",
            vec![json!("alias/"), json!("alias/a b"), json!("my/key")],
            "KMS key id",
        ),
        (
            "idleSessionTimeout",
            ["0", "61", "-1", "+5", "05", "1.5", "x"]
                .map(Value::from)
                .to_vec(),
            "from 1 to 60",
        ),
        (
            "maxSessionDuration",
            ["0", "1441", "1e3"].map(Value::from).to_vec(),
            "from 1 to 1440",
        ),
        (
            "usherLogFailure",
            vec![json!("stop")],
            "\"continue\" or \"end\"",
        ),
        (
            "runAsEnabled",
            vec![
                json!("yes"),
                json!(1),
                json!(null),
                json!("TRUE"),
                json!(""),
            ],
            "true or false",
        ),
        (
            "cloudWatchStreamingEnabled",
            vec![json!("no")],
            "true or false",
        ),
        (
            "runAsDefaultUser",
            vec![json!(null), json!(7), json!(["a"])],
            "must be text",
        ),
        ("shellProfile", vec![json!("exec bash")], "must be a map"),
    ] {
        for value in values {
            let mut inputs = json!({});
            inputs[key] = value;
            refused(&shell(inputs), rule);
        }
    }
}

#[test]
fn limits_themselves_are_accepted() {
    for (key, value) in [
        ("idleSessionTimeout", "1"),
        ("idleSessionTimeout", "60"),
        ("idleSessionTimeout", ""),
        ("maxSessionDuration", "1440"),
        ("maxSessionDuration", "1050"),
        ("s3BucketName", "a.b-0"),
        ("kmsKeyId", "alias/usher"),
        ("kmsKeyId", "arn:aws:kms:usher-1:000000000000:alias/usher"),
        ("kmsKeyId", "1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("cloudWatchLogGroupName", "/usher/sessions#1"),
        ("runAsDefaultUser", "root"),
    ] {
        let mut inputs = json!({});
        inputs[key] = json!(value);
        assert!(parse(&shell(inputs)).is_ok(), "{key} {value}");
    }
}

#[test]
fn preferences_are_a_shell_document_without_parameters() {
    let parsed = |document: &Value| Preferences::from_document(&parse(document).unwrap());
    assert!(parsed(&command("true")).is_err());
    let mut document = shell(json!({}));
    document["parameters"] = json!({ "p": { "type": "String", "default": "" } });
    assert!(parsed(&document).is_err());
    assert_eq!(parsed(&shell(json!({}))).unwrap(), Preferences::default());
}

#[test]
fn awss_own_example_of_preferences_is_stored_in_both_formats() {
    let json = shell(json!({
        "s3BucketName": "", "s3KeyPrefix": "", "s3EncryptionEnabled": true, "cloudWatchLogGroupName": "",
        "cloudWatchEncryptionEnabled": true, "cloudWatchStreamingEnabled": false, "kmsKeyId": "",
        "runAsEnabled": true, "runAsDefaultUser": "ops", "idleSessionTimeout": "", "maxSessionDuration": "",
        "shellProfile": { "windows": "date", "linux": "pwd;ls" },
    }));
    let yaml = "
schemaVersion: '1.0'
sessionType: Standard_Stream
inputs:
  s3EncryptionEnabled: true
  cloudWatchEncryptionEnabled: 'true'
  cloudWatchStreamingEnabled: false
  runAsEnabled: true
  runAsDefaultUser: ops
  shellProfile: {windows: date, linux: 'pwd;ls'}
";
    let of_json = Preferences::from_document(&parse(&json).unwrap()).unwrap();
    let of_yaml = SessionDocument::parse(yaml, DocumentFormat::Yaml).unwrap();
    assert_eq!(of_json, Preferences::from_document(&of_yaml).unwrap());
    assert!(of_json.inputs().run_as.enabled);
}
