//! KMS: what is encrypted opens under its key and context alone, and a key that is not in use opens nothing.

use serde_json::{Value, json};

use crate::harness::{Keys, Running};

/// base64 of `secret`.
pub(crate) const PLAINTEXT: &str = "c2VjcmV0";

/// Makes a key as the administrator and returns its id.
pub(crate) async fn key(server: &Running, input: &Value) -> String {
    let made = server.kms(&server.admin, "CreateKey", input).await.served();
    text(&made.json()["KeyMetadata"]["KeyId"])
}

pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

/// Encrypts `secret` for a context of one pair.
pub(crate) async fn encrypted(server: &Running, keys: &Keys, key: &str, value: &str) -> String {
    let input =
        json!({"KeyId": key, "Plaintext": PLAINTEXT, "EncryptionContext": {"target": value}});
    let made = server.kms(keys, "Encrypt", &input).await.served();
    text(&made.json()["CiphertextBlob"])
}

pub(crate) fn decrypt(blob: &str, value: &str) -> Value {
    json!({"CiphertextBlob": blob, "EncryptionContext": {"target": value}})
}

#[tokio::test]
async fn a_ciphertext_of_another_context_or_key_does_not_open() {
    let server = Running::start().await;
    let admin = &server.admin;
    let [one, other] = [
        key(&server, &json!({})).await,
        key(&server, &json!({})).await,
    ];
    let blob = encrypted(&server, admin, &one, "a").await;
    for input in [
        decrypt(&blob, "b"),
        json!({"CiphertextBlob": blob}),
        json!({"CiphertextBlob": blob, "EncryptionContext": {"target": "a", "more": ""}}),
        json!({"CiphertextBlob": blob, "EncryptionContext": {"Target": "a"}}),
        decrypt("AAAA", "a"),
        decrypt(&format!("AQ{}", &blob[2..12]), "a"),
        decrypt(&format!("{}AAAA", blob.trim_end_matches('=')), "a"),
    ] {
        server
            .kms(admin, "Decrypt", &input)
            .await
            .refused(400, "InvalidCiphertextException");
    }
    let mut input = decrypt(&blob, "a");
    input["KeyId"] = json!(other);
    server
        .kms(admin, "Decrypt", &input)
        .await
        .refused(400, "IncorrectKeyException");
    input["KeyId"] = json!(one);
    let opened = server.kms(admin, "Decrypt", &input).await.served().json();
    assert_eq!(opened["Plaintext"], PLAINTEXT);
    assert!(text(&opened["KeyId"]).starts_with("arn:aws:kms:usher-1:000000000000:key/"));
}

#[tokio::test]
async fn every_changed_byte_of_a_ciphertext_is_found() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let server = Running::start().await;
    let key = key(&server, &json!({})).await;
    let blob = encrypted(&server, &server.admin, &key, "a").await;
    let bytes = STANDARD.decode(&blob).unwrap();
    for place in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[place] ^= 0x40;
        let input = decrypt(&STANDARD.encode(&changed), "a");
        let reply = server.kms(&server.admin, "Decrypt", &input).await;
        // Within the key's id it is a ciphertext of a key that does not exist.
        let code = match place {
            1..17 => "AccessDeniedException",
            _ => "InvalidCiphertextException",
        };
        reply.refused(400, code);
    }
}

#[tokio::test]
async fn members_outside_their_bounds_are_refused() {
    let server = Running::start().await;
    let id = key(&server, &json!({})).await;
    let long = "A".repeat(4 * 1366);
    for (operation, input, code) in [
        (
            "GenerateDataKey",
            json!({"KeyId": id}),
            "ValidationException",
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": id, "NumberOfBytes": 64, "KeySpec": "AES_256"}),
            "ValidationException",
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": id, "NumberOfBytes": 0}),
            "ValidationException",
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": id, "NumberOfBytes": 1025}),
            "ValidationException",
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": id, "KeySpec": "AES_512"}),
            "ValidationException",
        ),
        (
            "Encrypt",
            json!({"KeyId": id, "Plaintext": ""}),
            "ValidationException",
        ),
        (
            "Encrypt",
            json!({"KeyId": id, "Plaintext": long}),
            "ValidationException",
        ),
        (
            "Encrypt",
            json!({"KeyId": id, "Plaintext": "not base64!"}),
            "SerializationException",
        ),
        (
            "Encrypt",
            json!({"KeyId": id, "Plaintext": PLAINTEXT, "EncryptionContext": {"a": "1", "A": "2"}}),
            "ValidationException",
        ),
        (
            "Encrypt",
            json!({"KeyId": id, "Plaintext": PLAINTEXT, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}),
            "UnsupportedOperationException",
        ),
        (
            "Encrypt",
            json!({"KeyId": id, "Plaintext": PLAINTEXT, "DryRun": true}),
            "DryRunOperationException",
        ),
        (
            "CreateKey",
            json!({"KeySpec": "RSA_2048"}),
            "UnsupportedOperationException",
        ),
        (
            "CreateKey",
            json!({"KeyUsage": "SIGN_VERIFY"}),
            "UnsupportedOperationException",
        ),
        (
            "CreateKey",
            json!({"Origin": "EXTERNAL"}),
            "UnsupportedOperationException",
        ),
        (
            "CreateKey",
            json!({"MultiRegion": true}),
            "UnsupportedOperationException",
        ),
        (
            "DescribeKey",
            json!({"KeyId": "nonsense"}),
            "NotFoundException",
        ),
        (
            "DescribeKey",
            json!({"KeyId": "alias/none"}),
            "NotFoundException",
        ),
        (
            "DescribeKey",
            json!({"KeyId": "12345678-1234-4123-8123-123456789abc"}),
            "NotFoundException",
        ),
        (
            "DescribeKey",
            json!({"KeyId": "arn:aws:kms:usher-1:111111111111:key/x"}),
            "InvalidArnException",
        ),
        ("ListKeys", json!({"Limit": 0}), "ValidationException"),
        ("ListKeys", json!({"Marker": "!"}), "InvalidMarkerException"),
    ] {
        let reply = server.kms(&server.admin, operation, &input).await;
        reply.refused(400, code);
    }
}

#[tokio::test]
async fn data_keys_come_in_the_clear_and_encrypted_or_encrypted_alone() {
    let server = Running::start().await;
    let admin = &server.admin;
    let id = key(&server, &json!({})).await;
    let context = json!({"aws:ssm:SessionId": "alice-1", "aws:ssm:TargetId": "mi-1"});
    let input = json!({"KeyId": id, "NumberOfBytes": 64, "EncryptionContext": context});
    let made = server
        .kms(admin, "GenerateDataKey", &input)
        .await
        .served()
        .json();
    let open = json!({"CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": context});
    let opened = server.kms(admin, "Decrypt", &open).await.served().json();
    assert_eq!(opened["Plaintext"], made["Plaintext"]);
    assert_eq!(text(&made["Plaintext"]).len(), 88);
    let hidden = server
        .kms(admin, "GenerateDataKeyWithoutPlaintext", &input)
        .await
        .served()
        .json();
    assert_eq!(hidden["Plaintext"], Value::Null);
    let moved = json!({"CiphertextBlob": hidden["CiphertextBlob"], "SourceEncryptionContext": context,
        "DestinationKeyId": id, "DestinationEncryptionContext": {"target": "b"}});
    let moved = server.kms(admin, "ReEncrypt", &moved).await.served().json();
    let blob = text(&moved["CiphertextBlob"]);
    server
        .kms(admin, "Decrypt", &decrypt(&blob, "a"))
        .await
        .refused(400, "InvalidCiphertextException");
    server
        .kms(admin, "Decrypt", &decrypt(&blob, "b"))
        .await
        .served();
}

#[tokio::test]
async fn no_plaintext_is_in_the_database() {
    const MARKER: &str = "bWFya2VyLW9mLXRoZS1wbGFpbnRleHQ=";
    let server = Running::start().await;
    let id = key(&server, &json!({"Description": "the-description"})).await;
    let input = json!({"KeyId": id, "Plaintext": MARKER});
    server.kms(&server.admin, "Encrypt", &input).await.served();
    let server = server.restart().await;
    let database = server.stored();
    let holds = |marker: &str| {
        database
            .windows(marker.len())
            .any(|part| part == marker.as_bytes())
    };
    assert!(!holds(MARKER) && !holds("marker-of-the-plaintext"));
    assert!(holds("the-description"), "this is not the database");
    drop(server);
}
