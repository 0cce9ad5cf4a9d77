//! A key's life: disabled, to be deleted, gone, and rotated with its old material kept.

use serde_json::json;

use crate::harness::Running;
use crate::kms::{PLAINTEXT, decrypt, encrypted, key, text};

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
