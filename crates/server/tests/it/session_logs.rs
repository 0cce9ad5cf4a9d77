//! Session logs in CloudWatch Logs, made by the server from recordings: what must hold first, what arrives, and what
//! becomes of it when it cannot.

use serde_json::{Value, json};
use usher_wire::frame::MessageType;
use usher_wire::message::SessionStateName;

use crate::gateway_peers::{
    Node, Peer, Started, client, described, output, scene, session_state, start, task_in,
};
use crate::harness::{Reply, Running};

/// Patience with what the server does by itself: reached only when a test fails.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

pub(crate) async fn prefer(server: &Running, inputs: Value) {
    let content =
        json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": inputs});
    let document = json!({"Name": "SSM-SessionManagerRunShell", "DocumentType": "Session",
        "Content": content.to_string()});
    server
        .ssm(&server.admin, "CreateDocument", &document)
        .await
        .served();
}

async fn make_group(server: &Running) {
    let group = json!({"logGroupName": "sessions"});
    server
        .logs(&server.admin, "CreateLogGroup", &group)
        .await
        .served();
}

/// A session that has shown `text` and is over unless `stays`.
pub(crate) async fn session(
    server: &Running,
    node: &Node,
    text: &[u8],
    stays: bool,
) -> (Started, Peer, Peer) {
    let session = start(server, &server.admin, node).await;
    let mut client = client(server, &session.id, &session.token).await;
    let mut agent = node.data(server, &session.id).await;
    agent.frame(&output(0, text)).await;
    assert_eq!(
        client.next_of(MessageType::OutputStreamData).await.payload,
        *text
    );
    if !stays {
        let over = session_state(&session.id, SessionStateName::Terminating, None);
        agent.frame(&over).await;
        client.farewell().await;
    }
    (session, client, agent)
}

async fn events(server: &Running, stream: &str) -> Reply {
    let input = json!({"logGroupName": "sessions", "logStreamName": stream, "startFromHead": true});
    server.logs(&server.admin, "GetLogEvents", &input).await
}

/// The messages of a stream, once there is one that `holds`.
async fn messages(server: &Running, stream: &str, holds: &str) -> Vec<String> {
    let look = async {
        loop {
            let reply = events(server, stream).await;
            if reply.status == 200 {
                let found = reply.json()["events"].as_array().unwrap().clone();
                let found: Vec<String> = found
                    .iter()
                    .map(|event| event["message"].as_str().unwrap().to_owned())
                    .collect();
                if found.iter().any(|message| message.contains(holds)) {
                    return found;
                }
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap()
}

/// The session's delivery once it is in this state.
async fn delivery(server: &Running, session: &str, is_it: fn(&Value) -> bool) -> Value {
    let look = async {
        loop {
            let input = json!({"SessionId": session});
            let reply = server
                .ssm(&server.admin, "DescribeSessionLogs", &input)
                .await;
            let found = reply.served().json()["Logs"][0].clone();
            if is_it(&found) {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap()
}

#[tokio::test]
async fn a_log_group_that_is_not_encrypted_keeps_the_session_from_starting() {
    let (server, node, _control) = scene().await;
    prefer(&server, json!({"cloudWatchLogGroupName": "sessions"})).await;
    for cause in ["it does not exist", "it has no KMS key"] {
        let session = start(&server, &server.admin, &node).await;
        let mut client = client(&server, &session.id, &session.token).await;
        let sentence = client.refusal().await;
        assert!(sentence.contains("log group sessions"), "{sentence}");
        assert!(sentence.contains(cause), "{sentence}");
        let shown = described(&server, "History", &session.id).await.unwrap();
        assert_eq!(shown["Details"], *sentence);
        if cause == "it does not exist" {
            make_group(&server).await;
        }
    }
}

#[tokio::test]
async fn an_encrypted_group_gets_the_whole_log_at_the_sessions_end() {
    let (server, node, mut control) = scene().await;
    let key = server.kms(&server.admin, "CreateKey", &json!({})).await;
    let key = key.served().json()["KeyMetadata"]["Arn"].clone();
    let group = json!({"logGroupName": "sessions", "kmsKeyId": key});
    server
        .logs(&server.admin, "CreateLogGroup", &group)
        .await
        .served();
    prefer(
        &server,
        json!({"cloudWatchLogGroupName": "sessions", "cloudWatchStreamingEnabled": false}),
    )
    .await;
    let text = "$ id\r\nuid=1000(wörter)\r\n\u{1b}[31mred\u{1b}[0m\r\n";
    let (session, client, agent) = session(&server, &node, text.as_bytes(), false).await;
    drop((client, agent));
    let messages = messages(&server, &session.id, "Script done").await.concat();
    assert!(
        messages.starts_with("Script started on 2026-"),
        "{messages}"
    );
    assert!(messages.contains(text), "{messages}");
    delivery(&server, &session.id, |found| found["State"] == "done").await;
    let shown = described(&server, "History", &session.id).await.unwrap();
    let place = format!("sessions:{}", session.id);
    assert_eq!(shown["OutputUrl"]["CloudWatchOutputUrl"], *place);
    // The node's own agent is not asked to write the same log.
    let task = task_in(&control.next_frame().await);
    assert_eq!(
        task.document_content["inputs"]["cloudWatchLogGroupName"],
        ""
    );
}

#[tokio::test]
async fn a_streamed_log_comes_line_by_line_while_the_session_lasts() {
    let (server, node, _control) = scene().await;
    make_group(&server).await;
    prefer(
        &server,
        json!({"cloudWatchLogGroupName": "sessions", "cloudWatchEncryptionEnabled": false}),
    )
    .await;
    let (session, mut client, mut agent) =
        session(&server, &node, b"\x1b[1mone\x1b[0m\ttwo\r\nthr", true).await;
    let live = messages(&server, &session.id, "one two").await;
    let event: Value = serde_json::from_str(&live[0]).unwrap();
    assert_eq!(event["sessionData"], json!(["one two"]));
    assert_eq!(
        (
            &event["target"]["id"],
            &event["sessionId"],
            &event["eventVersion"]
        ),
        (&json!(node.id), &json!(session.id), &json!("1.0"))
    );
    agent.frame(&output(1, b"ee\r\nand the rest")).await;
    client.next_of(MessageType::OutputStreamData).await;
    let over = session_state(&session.id, SessionStateName::Terminating, None);
    agent.frame(&over).await;
    client.farewell().await;
    drop((client, agent));
    delivery(&server, &session.id, |found| found["State"] == "done").await;
    let all = messages(&server, &session.id, "and the rest").await;
    let lines = all.iter().flat_map(|message| {
        let event: Value = serde_json::from_str(message).unwrap();
        event["sessionData"].as_array().unwrap().clone()
    });
    let lines: Vec<Value> = lines.collect();
    assert_eq!(lines, ["one two", "three", "and the rest"]);
}

#[tokio::test]
async fn a_log_that_cannot_be_written_is_told_kept_and_tried_again() {
    let (server, node, _control) = scene().await;
    prefer(
        &server,
        json!({"cloudWatchLogGroupName": "sessions", "cloudWatchEncryptionEnabled": false}),
    )
    .await;
    let (session, mut client, mut agent) = session(&server, &node, b"kept\r\n", true).await;
    let notice = agent.next_of(MessageType::UsherNotice).await;
    let notice = String::from_utf8_lossy(&notice.payload).into_owned();
    for part in [
        "logs:CreateLogStream",
        &node.id,
        "sessions",
        "does not exist",
    ] {
        assert!(notice.contains(part), "{notice}");
    }
    let found = delivery(&server, &session.id, |found| !found["Problem"].is_null()).await;
    assert_eq!(found["State"], "waiting");
    let over = session_state(&session.id, SessionStateName::Terminating, None);
    agent.frame(&over).await;
    client.farewell().await;
    drop((client, agent));
    make_group(&server).await;
    let retry = json!({"SessionId": session.id});
    let alice = server.user("alice", "").await;
    server
        .ssm(&alice, "RetrySessionLogs", &retry)
        .await
        .refused(400, "AccessDeniedException");
    // The first try that comes after a restart, or that somebody asks for, finds the group.
    let server = server.restart().await;
    server
        .ssm(&server.admin, "RetrySessionLogs", &retry)
        .await
        .served();
    let found = delivery(&server, &session.id, |found| found["State"] == "done").await;
    assert_eq!(found["Problem"], Value::Null);
    let all = messages(&server, &session.id, "kept").await;
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn where_the_preferences_say_so_a_session_without_its_log_ends() {
    let (server, node, _control) = scene().await;
    prefer(
        &server,
        json!({"cloudWatchLogGroupName": "sessions", "cloudWatchEncryptionEnabled": false, "usherLogFailure": "end"}),
    )
    .await;
    let (_session, mut client, _agent) = session(&server, &node, b"lost\r\n", true).await;
    let sentence = client.farewell().await.output.unwrap();
    assert!(sentence.contains("its log cannot be written"), "{sentence}");
}
