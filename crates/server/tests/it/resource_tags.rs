//! Tags of nodes, documents and activations, and what policies decide by them.

use serde_json::{Value, json};

use crate::harness::{Keys, Reply, Running};
use crate::nodes::{node_of, node_with_keys};

fn tags(tags: &[(&str, &str)]) -> Value {
    tags.iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

async fn add(server: &Running, keys: &Keys, kind: &str, id: &str, given: Value) -> Reply {
    let input = json!({ "ResourceType": kind, "ResourceId": id, "Tags": given });
    server.ssm(keys, "AddTagsToResource", &input).await
}

async fn listed(server: &Running, kind: &str, id: &str) -> Value {
    let input = json!({ "ResourceType": kind, "ResourceId": id });
    let reply = server
        .ssm(&server.admin, "ListTagsForResource", &input)
        .await;
    reply.served().json()["TagList"].clone()
}

fn policy(statement: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statement }).to_string()
}

#[tokio::test]
async fn what_cannot_have_tags_or_be_a_tag_is_refused() {
    let server = Running::start().await;
    let (node, _) = node_with_keys(&server).await;
    let admin = &server.admin;
    let one = || tags(&[("Team", "web")]);
    for (kind, id, given, code) in [
        ("PatchBaseline", "x", one(), "InvalidResourceType"),
        ("Parameter", "x", one(), "InvalidResourceId"),
        (
            "ManagedInstance",
            "mi-00000000000000000",
            one(),
            "InvalidResourceId",
        ),
        ("Document", "Missing", one(), "InvalidResourceId"),
        (
            "Document",
            "AWS-StartSSHSession",
            one(),
            "InvalidResourceId",
        ),
        (
            "ManagedInstance",
            &node,
            tags(&[("aws:x", "1")]),
            "ValidationException",
        ),
        (
            "ManagedInstance",
            &node,
            tags(&[("a", "1"), ("A", "2")]),
            "ValidationException",
        ),
    ] {
        add(&server, admin, kind, id, given)
            .await
            .refused(400, code);
    }
    let many: Vec<String> = (0..51).map(|number| format!("k{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|key| (key.as_str(), "")).collect();
    add(&server, admin, "ManagedInstance", &node, tags(&many))
        .await
        .refused(400, "TooManyTagsError");
    assert_eq!(listed(&server, "ManagedInstance", &node).await, json!([]));
}

#[tokio::test]
async fn a_policy_says_which_tags_somebody_may_set_on_what() {
    let server = Running::start().await;
    let (node, _) = node_with_keys(&server).await;
    let keys = server
        .user(
            "alice",
            &policy(&json!({
                "Effect": "Allow", "Action": "ssm:AddTagsToResource", "Resource": "arn:aws:ssm:*:*:managed-instance/*",
                "Condition": {
                    "StringEquals": { "aws:RequestTag/Stage": ["test", "dev"] },
                    "StringNotEqualsIfExists": { "ssm:resourceTag/Stage": "production" },
                    "ForAllValues:StringEquals": { "aws:TagKeys": ["Stage"] },
                },
            })),
        )
        .await;
    let set = async |given: &[(&str, &str)]| {
        add(&server, &keys, "ManagedInstance", &node, tags(given)).await
    };
    set(&[("Stage", "production")])
        .await
        .refused(400, "AccessDeniedException");
    set(&[("Stage", "test"), ("Team", "web")])
        .await
        .refused(400, "AccessDeniedException");
    set(&[("Stage", "test")]).await.served();
    let production = tags(&[("stage", "production")]);
    add(&server, &server.admin, "ManagedInstance", &node, production)
        .await
        .served();
    set(&[("Stage", "test")])
        .await
        .refused(400, "AccessDeniedException");
}

#[tokio::test]
async fn who_may_start_sessions_by_a_tag_reaches_no_untagged_node() {
    let server = Running::start().await;
    let (node, _) = node_with_keys(&server).await;
    for key in ["ssm:resourceTag/Finance", "aws:ResourceTag/Finance"] {
        let name = key.split(':').next().unwrap();
        let keys = server
            .user(
                name,
                &policy(&json!({
                    "Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*",
                    "Condition": { "StringLike": { key: "Web*" } },
                })),
            )
            .await;
        let start = async || {
            let input = json!({ "Target": node });
            server.ssm(&keys, "StartSession", &input).await
        };
        start().await.refused(400, "AccessDeniedException");
        let finance = tags(&[("Finance", "WebServers")]);
        add(&server, &server.admin, "ManagedInstance", &node, finance)
            .await
            .served();
        // Permitted; the node of this test has no control channel.
        start().await.refused(400, "TargetNotConnected");
        let removal = json!({ "ResourceType": "ManagedInstance", "ResourceId": node, "TagKeys": ["finance"] });
        server
            .ssm(&server.admin, "RemoveTagsFromResource", &removal)
            .await
            .served();
        start().await.refused(400, "AccessDeniedException");
    }
}

#[tokio::test]
async fn a_node_has_its_activations_tags_and_is_found_by_them() {
    let server = Running::start().await;
    let input =
        json!({ "IamRole": "UsherManagedNode", "Tags": [{ "Key": "Stage", "Value": "test" }] });
    let made = server
        .ssm(&server.admin, "CreateActivation", &input)
        .await
        .served()
        .json();
    let text = |member: &str| made[member].as_str().unwrap().to_owned();
    let (node, _) = node_of(&server, &text("ActivationId"), &text("ActivationCode")).await;
    assert_eq!(
        listed(&server, "ManagedInstance", &node).await,
        tags(&[("Stage", "test")])
    );
    for (key, value, count) in [
        ("tag:Stage", "production", 0),
        ("tag:Team", "test", 0),
        ("tag-key", "Team", 0),
        ("tag:Stage", "test", 1),
        ("tag-key", "Stage", 1),
    ] {
        let input = json!({ "Filters": [{ "Key": key, "Values": [value] }] });
        let reply = server
            .ssm(&server.admin, "DescribeInstanceInformation", &input)
            .await;
        let nodes = reply.served().json()["InstanceInformationList"].clone();
        assert_eq!(nodes.as_array().unwrap().len(), count, "{key} {value}");
    }
}

#[tokio::test]
async fn tagging_by_an_activation_or_a_new_document_needs_the_right_to_tag() {
    let server = Running::start().await;
    let keys = server
        .user(
            "alice",
            &policy(&json!({
                "Effect": "Allow", "Action": ["ssm:Create*", "iam:PassRole"], "Resource": "*",
            })),
        )
        .await;
    let tagged = |mut input: Value| {
        input["Tags"] = tags(&[("Stage", "test")]);
        input
    };
    let activation = json!({ "IamRole": "UsherManagedNode" });
    let document = json!({
        "Name": "Mine", "DocumentType": "Session",
        "Content": r#"{"schemaVersion":"1.0","sessionType":"Standard_Stream","inputs":{}}"#,
    });
    for (operation, input) in [
        ("CreateActivation", activation),
        ("CreateDocument", document),
    ] {
        server
            .ssm(&keys, operation, &tagged(input.clone()))
            .await
            .refused(400, "AccessDeniedException");
        server.ssm(&keys, operation, &input).await.served();
    }
}
