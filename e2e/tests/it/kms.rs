//! KMS by AWS's own clients: every operation answers in botocore's shape, and the `aws` CLI's way from plaintext to
//! ciphertext and back works as AWS's pages have it.

use std::process::Command;

use serde_json::{Value, json};

use crate::fixtures::{BY_TAG, ByTag, SESSION};
use crate::harness::boto3::Keys;
use crate::harness::dev::Dev;
use crate::harness::process::output_of;
use crate::harness::skip::lacks;

fn kms(dev: &Dev, operation: &str, arguments: &Value) -> Value {
    dev.call(&dev.admin(), "kms", operation, arguments).must()
}

fn bytes(base64: &Value) -> Value {
    json!({"base64": base64})
}

#[test]
fn refusals_have_awss_codes() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    let refused = |operation: &str, arguments: &Value, code: &str| {
        dev.call(&dev.admin(), "kms", operation, arguments)
            .refused_with(code);
    };
    let made = kms(dev, "create_key", &json!({}));
    let id = &made["KeyMetadata"]["KeyId"];
    refused(
        "describe_key",
        &json!({"KeyId": "alias/none"}),
        "NotFoundException",
    );
    refused(
        "create_key",
        &json!({"KeySpec": "RSA_2048"}),
        "UnsupportedOperationException",
    );
    refused(
        "put_key_policy",
        &json!({"KeyId": id, "Policy": "{}"}),
        "MalformedPolicyDocumentException",
    );
    let junk = json!({"CiphertextBlob": bytes(&json!("AAAA"))});
    refused("decrypt", &junk, "InvalidCiphertextException");
    kms(dev, "disable_key", &json!({"KeyId": id}));
    let use_it = json!({"KeyId": id, "KeySpec": "AES_256"});
    refused("generate_data_key", &use_it, "DisabledException");
    let nobody = dev.principal("kms-nobody", &[]);
    dev.call(&nobody.keys, "kms", "describe_key", &json!({"KeyId": id}))
        .refused_with("AccessDeniedException");
}

#[test]
fn every_operation_answers_in_its_shape() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    let alice = "arn:aws:iam::000000000000:user/alice";
    let context = json!({"aws:ssm:SessionId": "s", "aws:ssm:TargetId": "t"});
    let made = kms(
        dev,
        "create_key",
        &json!({"Description": "d", "Tags": [{"TagKey": "a", "TagValue": "b"}]}),
    );
    let id = &made["KeyMetadata"]["KeyId"];
    let named = json!({"KeyId": id});
    kms(
        dev,
        "create_alias",
        &json!({"AliasName": "alias/e2e", "TargetKeyId": id}),
    );
    kms(
        dev,
        "update_alias",
        &json!({"AliasName": "alias/e2e", "TargetKeyId": id}),
    );
    let by_alias = json!({"KeyId": "alias/e2e"});
    assert_eq!(
        kms(dev, "describe_key", &by_alias)["KeyMetadata"]["KeyId"],
        *id
    );
    kms(dev, "list_keys", &json!({}));
    kms(dev, "list_aliases", &named);
    kms(
        dev,
        "update_key_description",
        &json!({"KeyId": id, "Description": "e"}),
    );
    let policy = kms(dev, "get_key_policy", &named);
    kms(
        dev,
        "put_key_policy",
        &json!({"KeyId": id, "Policy": policy["Policy"]}),
    );
    kms(dev, "list_key_policies", &named);
    kms(
        dev,
        "tag_resource",
        &json!({"KeyId": id, "Tags": [{"TagKey": "c", "TagValue": ""}]}),
    );
    kms(dev, "list_resource_tags", &named);
    kms(
        dev,
        "untag_resource",
        &json!({"KeyId": id, "TagKeys": ["c"]}),
    );
    kms(
        dev,
        "enable_key_rotation",
        &json!({"KeyId": id, "RotationPeriodInDays": 100}),
    );
    kms(dev, "get_key_rotation_status", &named);
    kms(dev, "rotate_key_on_demand", &named);
    kms(dev, "list_key_rotations", &named);
    kms(dev, "disable_key_rotation", &named);
    let data = kms(
        dev,
        "generate_data_key",
        &json!({"KeyId": id, "NumberOfBytes": 64, "EncryptionContext": context}),
    );
    let opened = kms(
        dev,
        "decrypt",
        &json!({"CiphertextBlob": bytes(&data["CiphertextBlob"]), "EncryptionContext": context}),
    );
    assert_eq!(opened["Plaintext"], data["Plaintext"]);
    kms(
        dev,
        "generate_data_key_without_plaintext",
        &json!({"KeyId": id, "KeySpec": "AES_128"}),
    );
    let blob = kms(
        dev,
        "encrypt",
        &json!({"KeyId": id, "Plaintext": bytes(&json!("c2VjcmV0"))}),
    );
    kms(
        dev,
        "re_encrypt",
        &json!({"CiphertextBlob": bytes(&blob["CiphertextBlob"]), "DestinationKeyId": "alias/e2e"}),
    );
    let grant = json!({"KeyId": id, "GranteePrincipal": alice, "RetiringPrincipal": alice, "Operations": ["Decrypt"],
        "Constraints": {"EncryptionContextSubset": {"a": "b"}}});
    let first = kms(dev, "create_grant", &grant);
    let second = kms(dev, "create_grant", &grant);
    kms(dev, "list_grants", &named);
    kms(
        dev,
        "revoke_grant",
        &json!({"KeyId": id, "GrantId": first["GrantId"]}),
    );
    kms(
        dev,
        "retire_grant",
        &json!({"GrantToken": second["GrantToken"]}),
    );
    kms(dev, "delete_alias", &json!({"AliasName": "alias/e2e"}));
    kms(dev, "disable_key", &named);
    kms(dev, "enable_key", &named);
    kms(
        dev,
        "schedule_key_deletion",
        &json!({"KeyId": id, "PendingWindowInDays": 7}),
    );
    kms(dev, "cancel_key_deletion", &named);
}

#[test]
fn a_file_goes_through_the_cli_and_back() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("plain"), b"from a file\x00\xff").unwrap();
    let aws = |keys: &Keys, line: &str| {
        let mut aws: Command = dev.command(keys, "sh");
        aws.args(["-ec", line]).current_dir(directory.path());
        output_of(&mut aws)
    };
    let admin = dev.admin();
    let id = aws(
        &admin,
        "aws kms create-key --query KeyMetadata.KeyId --output text",
    );
    let id = id.trim();
    aws(
        &admin,
        &format!(
            "aws kms encrypt --key-id {id} --plaintext fileb://plain --encryption-context purpose=test \
             --query CiphertextBlob --output text | base64 -d > sealed
             aws kms decrypt --ciphertext-blob fileb://sealed --encryption-context purpose=test \
             --query Plaintext --output text | base64 -d > opened
             cmp plain opened
             if aws kms decrypt --ciphertext-blob fileb://sealed --encryption-context purpose=other; then exit 1; fi"
        ),
    );
}
