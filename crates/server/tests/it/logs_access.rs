//! Who reaches a log: by policy, as a node, under a KMS key, and on the disk.

use serde_json::json;

use crate::harness::{Keys, Running};
use crate::kms::key;
use crate::logs::{GROUP, admin, batch, messages, put, stream};
use crate::nodes::node_with_keys;
use crate::roles::policy;

#[tokio::test]
async fn a_group_under_a_kms_key_is_closed_while_the_key_is() {
    let server = Running::start().await;
    let id = key(&server, &json!({})).await;
    let stranger = server
        .user(
            "stranger",
            &policy(&json!({"Effect": "Allow", "Action": "logs:*", "Resource": "*"})),
        )
        .await;
    let with_key = json!({"logGroupName": GROUP, "kmsKeyId": id});
    // Who may not use a key does not name it for others' logs.
    server
        .logs(&stranger, "CreateLogGroup", &with_key)
        .await
        .refused(400, "AccessDeniedException");
    admin(&server, "CreateLogGroup", &with_key).await.served();
    stream(&server, "a").await;
    let now = server.now();
    put(&server, "a", &[(now, "under the key")]).await;
    let described = admin(
        &server,
        "DescribeLogGroups",
        &json!({"logGroupNamePrefix": GROUP}),
    )
    .await
    .served()
    .json();
    assert_eq!(
        described["logGroups"][0]["kmsKeyId"],
        format!("arn:aws:kms:usher-1:000000000000:key/{id}")
    );
    server
        .kms(&server.admin, "DisableKey", &json!({"KeyId": id}))
        .await
        .served();
    let read = json!({"logGroupName": GROUP, "logStreamName": "a"});
    admin(&server, "GetLogEvents", &read)
        .await
        .refused(400, "AccessDeniedException");
    admin(&server, "PutLogEvents", &batch("a", &[(now, "x")]))
        .await
        .refused(400, "AccessDeniedException");
    // Without the key what comes is under the root key; what was before stays closed.
    admin(
        &server,
        "DisassociateKmsKey",
        &json!({"logGroupName": GROUP}),
    )
    .await
    .served();
    put(&server, "a", &[(now + 1, "under the root key")]).await;
    admin(&server, "GetLogEvents", &read)
        .await
        .refused(400, "AccessDeniedException");
    server
        .kms(&server.admin, "EnableKey", &json!({"KeyId": id}))
        .await
        .served();
    assert_eq!(
        messages(&server, "a").await,
        ["under the key", "under the root key"]
    );
}

#[tokio::test]
async fn no_message_is_in_the_database_in_the_clear() {
    let server = Running::start().await;
    stream(&server, "the-stream-name").await;
    put(
        &server,
        "the-stream-name",
        &[(server.now(), "marker-of-the-message")],
    )
    .await;
    let server = server.restart().await;
    let database = server.stored();
    let holds = |marker: &str| {
        database
            .windows(marker.len())
            .any(|part| part == marker.as_bytes())
    };
    assert!(!holds("marker-of-the-message"));
    assert!(holds("the-stream-name"), "this is not the database");
    drop(server);
}

#[tokio::test]
async fn a_node_writes_only_the_streams_of_its_own_sessions() {
    let server = Running::start().await;
    let (_, keys) = node_with_keys(&server).await;
    stream(&server, "alice-0123456789abcdef0").await;
    let now = server.now();
    for (operation, input) in [
        (
            "CreateLogStream",
            json!({"logGroupName": GROUP, "logStreamName": "mine"}),
        ),
        (
            "PutLogEvents",
            batch("alice-0123456789abcdef0", &[(now, "x")]),
        ),
        ("DescribeLogStreams", json!({"logGroupName": GROUP})),
        (
            "GetLogEvents",
            json!({"logGroupName": GROUP, "logStreamName": "alice-0123456789abcdef0"}),
        ),
        ("FilterLogEvents", json!({"logGroupName": GROUP})),
        (
            "DeleteLogStream",
            json!({"logGroupName": GROUP, "logStreamName": "alice-0123456789abcdef0"}),
        ),
        ("DeleteLogGroup", json!({"logGroupName": GROUP})),
        (
            "PutRetentionPolicy",
            json!({"logGroupName": GROUP, "retentionInDays": 1}),
        ),
        ("CreateLogGroup", json!({"logGroupName": "x"})),
    ] {
        server
            .logs(&keys, operation, &input)
            .await
            .refused(400, "AccessDeniedException");
    }
    server
        .logs(&keys, "DescribeLogGroups", &json!({}))
        .await
        .served();
}

#[tokio::test]
async fn a_policy_can_name_groups_and_streams() {
    let server = Running::start().await;
    stream(&server, "a").await;
    let arn = "arn:aws:logs:usher-1:000000000000:log-group:/sessions";
    let may = |resource: String| {
        policy(&json!({"Effect": "Allow", "Action": "logs:*", "Resource": resource}))
    };
    let reads = async |keys: &Keys| {
        let input = json!({"logGroupName": GROUP, "logStreamName": "a"});
        server.logs(keys, "GetLogEvents", &input).await.status == 200
    };
    for (name, resource, expected) in [
        ("u1", format!("{arn}-other:*"), false),
        ("u2", format!("{arn}:log-stream:b"), false),
        ("u3", arn.to_owned(), true),
        ("u4", format!("{arn}:*"), true),
        ("u5", format!("{arn}:log-stream:a"), true),
    ] {
        let keys = server.user(name, &may(resource)).await;
        assert_eq!(reads(&keys).await, expected, "{name}");
    }
}

#[tokio::test]
async fn groups_have_tags_by_both_families_of_operations() {
    let server = Running::start().await;
    stream(&server, "a").await;
    let arn = "arn:aws:logs:usher-1:000000000000:log-group:/sessions:*";
    admin(
        &server,
        "TagResource",
        &json!({"resourceArn": arn, "tags": {"team": "web"}}),
    )
    .await
    .served();
    admin(
        &server,
        "TagLogGroup",
        &json!({"logGroupName": GROUP, "tags": {"owner": "ops"}}),
    )
    .await
    .served();
    let listed = admin(&server, "ListTagsForResource", &json!({"resourceArn": arn}))
        .await
        .served()
        .json();
    assert_eq!(listed["tags"], json!({"owner": "ops", "team": "web"}));
    admin(
        &server,
        "UntagLogGroup",
        &json!({"logGroupName": GROUP, "tags": ["owner"]}),
    )
    .await
    .served();
    admin(
        &server,
        "UntagResource",
        &json!({"resourceArn": arn, "tagKeys": ["team"]}),
    )
    .await
    .served();
    let listed = admin(&server, "ListTagsLogGroup", &json!({"logGroupName": GROUP}))
        .await
        .served()
        .json();
    assert_eq!(listed["tags"], json!({}));
}
