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
async fn a_key_that_is_disabled_or_to_be_deleted_is_of_no_use() {
    let server = Running::start().await;
    let admin = &server.admin;
    let id = key(&server, &json!({})).await;
    let blob = encrypted(&server, admin, &id, "a").await;
    let uses = [
        ("Encrypt", json!({"KeyId": id, "Plaintext": PLAINTEXT})),
        ("Decrypt", decrypt(&blob, "a")),
        (
            "GenerateDataKey",
            json!({"KeyId": id, "KeySpec": "AES_256"}),
        ),
        (
            "GenerateDataKeyWithoutPlaintext",
            json!({"KeyId": id, "NumberOfBytes": 64}),
        ),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": blob, "SourceEncryptionContext": {"target": "a"}, "DestinationKeyId": id}),
        ),
        ("EnableKeyRotation", json!({"KeyId": id})),
        ("RotateKeyOnDemand", json!({"KeyId": id})),
    ];
    let named = json!({"KeyId": id});
    server.kms(admin, "DisableKey", &named).await.served();
    for (operation, input) in &uses {
        server
            .kms(admin, operation, input)
            .await
            .refused(400, "DisabledException");
    }
    server
        .kms(admin, "CancelKeyDeletion", &named)
        .await
        .refused(400, "KMSInvalidStateException");
    for days in [6, 31] {
        let input = json!({"KeyId": id, "PendingWindowInDays": days});
        server
            .kms(admin, "ScheduleKeyDeletion", &input)
            .await
            .refused(400, "ValidationException");
    }
    let input = json!({"KeyId": id, "PendingWindowInDays": 7});
    server
        .kms(admin, "ScheduleKeyDeletion", &input)
        .await
        .served();
    for (operation, input) in &uses {
        server
            .kms(admin, operation, input)
            .await
            .refused(400, "KMSInvalidStateException");
    }
    server
        .kms(admin, "EnableKey", &named)
        .await
        .refused(400, "KMSInvalidStateException");
    server
        .kms(admin, "CancelKeyDeletion", &named)
        .await
        .served();
    server.kms(admin, "EnableKey", &named).await.served();
    server
        .kms(admin, "Decrypt", &decrypt(&blob, "a"))
        .await
        .served();
}

#[tokio::test]
async fn a_key_is_gone_when_its_waiting_time_is_over() {
    let server = Running::start().await;
    let id = key(&server, &json!({})).await;
    let blob = encrypted(&server, &server.admin, &id, "a").await;
    let alias = json!({"AliasName": "alias/gone", "TargetKeyId": id});
    server
        .kms(&server.admin, "CreateAlias", &alias)
        .await
        .served();
    let input = json!({"KeyId": id, "PendingWindowInDays": 7});
    let told = server
        .kms(&server.admin, "ScheduleKeyDeletion", &input)
        .await
        .served()
        .json();
    assert_eq!(told["KeyState"], "PendingDeletion");
    server.pass(7 * 24 * 3600 - 1);
    let named = json!({"KeyId": id});
    server
        .kms(&server.admin, "DescribeKey", &named)
        .await
        .served();
    server.pass(1);
    server
        .kms(&server.admin, "DescribeKey", &named)
        .await
        .refused(400, "NotFoundException");
    server
        .kms(&server.admin, "CancelKeyDeletion", &named)
        .await
        .refused(400, "NotFoundException");
    server
        .kms(&server.admin, "Decrypt", &decrypt(&blob, "a"))
        .await
        .refused(400, "AccessDeniedException");
    let listed = server
        .kms(&server.admin, "ListKeys", &json!({}))
        .await
        .served()
        .json();
    assert_eq!(listed["Keys"], json!([]));
    // The next start clears away what is due, so that the name is free again.
    let server = server.restart().await;
    let id = key(&server, &json!({})).await;
    let alias = json!({"AliasName": "alias/gone", "TargetKeyId": id});
    server
        .kms(&server.admin, "CreateAlias", &alias)
        .await
        .served();
}

#[tokio::test]
async fn what_was_encrypted_before_a_rotation_still_opens_after_it_and_after_a_restart() {
    let server = Running::start().await;
    let admin = &server.admin;
    let id = key(&server, &json!({})).await;
    let named = json!({"KeyId": id});
    for days in [89, 2561] {
        let input = json!({"KeyId": id, "RotationPeriodInDays": days});
        server
            .kms(admin, "EnableKeyRotation", &input)
            .await
            .refused(400, "ValidationException");
    }
    let status = server
        .kms(admin, "GetKeyRotationStatus", &named)
        .await
        .served()
        .json();
    assert_eq!(status["KeyRotationEnabled"], false);
    let first = encrypted(&server, admin, &id, "a").await;
    server
        .kms(admin, "RotateKeyOnDemand", &named)
        .await
        .served();
    let second = encrypted(&server, admin, &id, "a").await;
    let input = json!({"KeyId": id, "RotationPeriodInDays": 90});
    server
        .kms(admin, "EnableKeyRotation", &input)
        .await
        .served();
    server.pass(90 * 24 * 3600);
    let third = encrypted(&server, admin, &id, "a").await;
    let status = server
        .kms(admin, "GetKeyRotationStatus", &named)
        .await
        .served()
        .json();
    assert_eq!(status["RotationPeriodInDays"], 90);
    assert_eq!(
        status["NextRotationDate"].as_f64().unwrap() * 1000.0,
        (server.now() + 90 * 24 * 3600 * 1000) as f64
    );
    let server = server.restart().await;
    let mut materials = Vec::new();
    for blob in [first, second, third] {
        let opened = server
            .kms(&server.admin, "Decrypt", &decrypt(&blob, "a"))
            .await
            .served()
            .json();
        assert_eq!(opened["Plaintext"], PLAINTEXT);
        materials.push(text(&opened["KeyMaterialId"]));
    }
    let input = json!({"KeyId": id, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let listed = server
        .kms(&server.admin, "ListKeyRotations", &input)
        .await
        .served()
        .json();
    let listed: Vec<String> = listed["Rotations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(&one["KeyMaterialId"]))
        .collect();
    assert_eq!(listed, materials);
    let described = server
        .kms(&server.admin, "DescribeKey", &named)
        .await
        .served()
        .json();
    assert_eq!(
        described["KeyMetadata"]["CurrentKeyMaterialId"],
        materials[2].as_str()
    );
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
    let folder = server.data_dir();
    let server = server.restart().await;
    let read = |file: &str| std::fs::read(folder.join(file)).unwrap_or_default();
    let database = [read("usher.db"), read("usher.db-wal")].concat();
    let holds = |marker: &str| {
        database
            .windows(marker.len())
            .any(|part| part == marker.as_bytes())
    };
    assert!(!holds(MARKER) && !holds("marker-of-the-plaintext"));
    assert!(holds("the-description"), "this is not the database");
    drop(server);
}
