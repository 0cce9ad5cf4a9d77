//! StartSession: who may, with which document, as whom, and what reaches the node.

use serde_json::{Value, json};

use crate::gateway_peers::{
    Node, ask_token, client, described, open_control, output, scene, start, started, task_in,
};
use crate::harness::{Reply, Running};

async fn prefer(server: &Running, inputs: Value) {
    let content =
        json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": inputs})
            .to_string();
    let input = json!({"Name": "SSM-SessionManagerRunShell", "Content": content, "DocumentType": "Session"});
    server
        .ssm(&server.admin, "CreateDocument", &input)
        .await
        .served();
}

async fn start_call(server: &Running, input: Value) -> Reply {
    server.ssm(&server.admin, "StartSession", &input).await
}

#[tokio::test]
async fn who_may_not_start_learns_nothing_about_targets() {
    let server = Running::start().await;
    let node = Node::register(&server).await;
    let nobody = server.user("nobody", "").await;
    for target in [node.id.as_str(), "mi-0123456789abcdef0"] {
        server
            .ssm(&nobody, "StartSession", &json!({"Target": target}))
            .await
            .refused(400, "AccessDeniedException");
    }
}

#[tokio::test]
async fn unknown_and_offline_targets_are_not_connected() {
    let server = Running::start().await;
    let node = Node::register(&server).await;
    for target in [node.id.as_str(), "mi-0123456789abcdef0", "web-1"] {
        let reply = start_call(&server, json!({"Target": target})).await;
        reply.refused(400, "TargetNotConnected");
        assert_eq!(reply.message(), format!("{target} is not connected."));
    }
}

#[tokio::test]
async fn documents_and_parameters_are_judged_before_connectivity() {
    let server = Running::start().await;
    let target = "mi-0123456789abcdef0";
    start_call(
        &server,
        json!({"Target": target, "DocumentName": "Missing"}),
    )
    .await
    .refused(400, "InvalidDocument");
    let unknown = json!({"Target": target, "DocumentName": "AWS-StartSSHSession", "Parameters": {"colour": ["red"]}});
    start_call(&server, unknown)
        .await
        .refused(400, "InvalidParameters");
    let bad = json!({"Target": target, "DocumentName": "AWS-StartSSHSession", "Parameters": {"portNumber": ["0x16"]}});
    start_call(&server, bad)
        .await
        .refused(400, "InvalidParameters");
}

#[tokio::test]
async fn a_named_document_must_be_allowed_and_a_denied_default_denies() {
    let (server, node, _control) = scene().await;
    let target = format!(
        "arn:aws:ssm:usher-1:000000000000:managed-instance/{}",
        node.id
    );
    let allow = |resource: &str| json!({"Effect": "Allow", "Action": "ssm:StartSession", "Resource": resource});
    let policy = |statements: Vec<Value>| {
        json!({"Version": "2012-10-17", "Statement": statements}).to_string()
    };
    let plain = server.user("plain", &policy(vec![allow(&target)])).await;
    server
        .ssm(&plain, "StartSession", &json!({"Target": node.id}))
        .await
        .served();
    let named = json!({"Target": node.id, "DocumentName": "AWS-StartSSHSession"});
    server
        .ssm(&plain, "StartSession", &named)
        .await
        .refused(400, "AccessDeniedException");
    let ssh = server
        .user(
            "ssh",
            &policy(vec![
                allow(&target),
                allow("arn:aws:ssm:usher-1::document/AWS-StartSSHSession"),
            ]),
        )
        .await;
    server.ssm(&ssh, "StartSession", &named).await.served();
    let deny = json!({"Effect": "Deny", "Action": "ssm:StartSession", "Resource": "arn:aws:ssm:*:*:document/SSM-SessionManagerRunShell"});
    let denied = server
        .user("denied", &policy(vec![allow(&target), deny]))
        .await;
    server
        .ssm(&denied, "StartSession", &json!({"Target": node.id}))
        .await
        .refused(400, "AccessDeniedException");
}

#[tokio::test]
async fn a_target_policy_can_ask_that_the_document_is_allowed_too() {
    let (server, node, _control) = scene().await;
    let statement = |resource: &str, condition: Value| json!({"Effect": "Allow", "Action": "ssm:StartSession", "Resource": resource, "Condition": condition});
    let checked = statement(
        "arn:aws:ssm:*:*:managed-instance/*",
        json!({"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}}),
    );
    let document = statement(
        "arn:aws:ssm:*:*:document/SSM-SessionManagerRunShell",
        json!({}),
    );
    let policy = |statements: Vec<Value>| {
        json!({"Version": "2012-10-17", "Statement": statements}).to_string()
    };
    let without = server.user("without", &policy(vec![checked.clone()])).await;
    let with = server.user("with", &policy(vec![checked, document])).await;
    let input = json!({"Target": node.id});
    server
        .ssm(&without, "StartSession", &input)
        .await
        .refused(400, "AccessDeniedException");
    server.ssm(&with, "StartSession", &input).await.served();
}

#[tokio::test]
async fn a_run_as_refusal_is_told_in_the_channel_and_reaches_no_agent() {
    let (server, node, mut control) = scene().await;
    prefer(&server, json!({"runAsEnabled": true})).await;
    let session = start(&server, &server.admin, &node).await;
    for _ in 0..2 {
        let refusal = client(&server, &session.id, &session.token)
            .await
            .refusal()
            .await;
        assert!(refusal.contains("names no OS user"), "{refusal}");
    }
    let shown = described(&server, "History", &session.id).await.unwrap();
    assert_eq!(shown["Status"], "Failed");
    assert!(
        shown["Details"]
            .as_str()
            .unwrap()
            .contains("names no OS user"),
        "{shown}"
    );
    assert!(shown["EndDate"].is_number(), "{shown}");
    ask_token(
        &server,
        &format!("/v1/data-channel/{}", session.id),
        &node.keys,
    )
    .await
    .refused(400, "ValidationError");

    // The next task on the control channel is that of the next session: nothing came before.
    let tagged = [
        ("UserName", "admin"),
        ("Tags.member.1.Key", "SSMSessionRunAs"),
        ("Tags.member.1.Value", "alice"),
    ];
    server.iam(&server.admin, "TagUser", &tagged).await.served();
    let next = start(&server, &server.admin, &node).await;
    let task = task_in(&control.next_frame().await);
    assert_eq!(
        (task.session_id.as_str(), task.run_as_user.as_str()),
        (next.id.as_str(), "alice")
    );
    assert_eq!(task.document_content["inputs"]["runAsEnabled"], true);
}

#[tokio::test]
async fn a_start_task_carries_document_owner_and_grant() {
    let (server, node, mut control) = scene().await;
    let input = json!({"Target": node.id, "DocumentName": "AWS-StartInteractiveCommand", "Reason": "Störung 4711",
        "Parameters": {"command": ["uptime"]}});
    let session = started(&start_call(&server, input).await.served().json());
    let task = task_in(&control.next_frame().await);
    assert_eq!(task.session_id.as_str(), session.id);
    assert_eq!(task.document_name, "AWS-StartInteractiveCommand");
    assert_eq!(
        task.document_content["properties"]["linux"]["commands"],
        "uptime"
    );
    assert_eq!(task.document_content["inputs"]["runAsEnabled"], false);
    assert_eq!(
        (task.run_as_user.as_str(), task.session_owner.as_str()),
        ("", "arn:aws:iam::000000000000:user/admin")
    );
    let ours = task.usher.unwrap();
    assert!(!ours.grant.is_empty());
    assert!(ours.credentials.access_key_id.starts_with("ASIA"));
    let shown = described(&server, "Active", &session.id).await.unwrap();
    assert_eq!(
        (&shown["Status"], &shown["Reason"]),
        (&json!("Connecting"), &json!("Störung 4711"))
    );
    let (owner, suffix) = session.id.rsplit_once('-').unwrap();
    assert_eq!((owner, suffix.len()), ("admin", 26));
}

#[tokio::test]
async fn a_foreign_agent_gets_neither_grant_nor_credentials() {
    let server = Running::start().await;
    let node = Node::register(&server).await;
    let foreign = |token: &str| open_control(token).replace("Usher", "Other");
    let mut control = node.control_with(&server, foreign).await;
    let session = start(&server, &server.admin, &node).await;
    let task = task_in(&control.next_frame().await);
    assert_eq!(task.session_id.as_str(), session.id);
    assert_eq!(task.usher, None);
}

#[tokio::test]
async fn a_task_is_sent_again_until_its_agent_has_come() {
    let (server, node, mut control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    assert_eq!(
        task_in(&control.next_frame().await).session_id.as_str(),
        session.id
    );
    control.close().await;
    let mut control = node.control(&server).await;
    assert_eq!(
        task_in(&control.next_frame().await).session_id.as_str(),
        session.id
    );
    let mut agent = node.data(&server, &session.id).await;
    let mut client = client(&server, &session.id, &session.token).await;
    agent.frame(&output(0, b"ready")).await;
    assert_eq!(client.next_frame().await.payload, "ready");
    control.close().await;
    let mut control = node.control(&server).await;
    let next = start(&server, &server.admin, &node).await;
    assert_eq!(
        task_in(&control.next_frame().await).session_id.as_str(),
        next.id
    );
}
