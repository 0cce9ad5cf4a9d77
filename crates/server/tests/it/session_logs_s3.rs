//! Session logs in S3, made by the server from recordings: what must hold first, what is there while the session lasts and
//! when it is over, and what an interrupted delivery makes of what it finds.

use serde_json::{Value, json};
use usher_wire::frame::MessageType;
use usher_wire::message::SessionStateName;

use crate::gateway_peers::{
    Peer, Started, client, described, open_control, output, scene, session_state, start, task_in,
};
use crate::harness::Running;
use crate::s3::s3;
use crate::session_logs::{PATIENCE, prefer, session};

async fn admin(server: &Running, method: &'static str, path: &str, body: &str) -> (u16, String) {
    let reply = s3(server, &server.admin, method, path, &[], body).await;
    (reply.status, reply.body)
}

async fn make_bucket(server: &Running) {
    assert_eq!(admin(server, "PUT", "/logs", "").await.0, 200);
}

/// An object of a session's log once it is there. Deliveries wait for time to pass, which it does not here, or for
/// somebody who asks.
async fn object(server: &Running, session: &str, key: &str) -> String {
    let look = async {
        loop {
            let (status, body) = admin(server, "GET", &format!("/logs/{key}"), "").await;
            if status == 200 {
                return body;
            }
            retry(server, session).await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap()
}

/// Asks for another try and hands back how the delivery stands.
async fn retry(server: &Running, session: &str) -> Value {
    let input = json!({"SessionId": session});
    let reply = server.ssm(&server.admin, "RetrySessionLogs", &input).await;
    reply.served().json()["Logs"][0].clone()
}

/// The session's delivery once it is in this state.
async fn delivery(server: &Running, session: &str, is_it: fn(&Value) -> bool) -> Value {
    let look = async {
        loop {
            let found = retry(server, session).await;
            if is_it(&found) {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap()
}

async fn keys(server: &Running) -> Vec<String> {
    let (_, listed) = admin(server, "GET", "/logs?list-type=2", "").await;
    let keys = listed
        .split("<Key>")
        .skip(1)
        .filter_map(|rest| rest.split_once("</Key>"));
    keys.map(|(key, _)| key.to_owned()).collect()
}

/// The node ends the session.
async fn end((session, mut client, mut agent): (Started, Peer, Peer)) -> String {
    let over = session_state(&session.id, SessionStateName::Terminating, None);
    agent.frame(&over).await;
    client.farewell().await;
    session.id
}

/// The text of a log between its first and its last lines.
fn text(log: &str) -> &str {
    let (head, rest) = log.split_once('\n').unwrap();
    assert!(head.starts_with("Script started on 2026-"), "{log}");
    let (text, foot) = rest.rsplit_once("\nScript done on 2026-").unwrap();
    assert!(foot.ends_with("Z\n"), "{log}");
    text
}

#[tokio::test]
async fn a_bucket_whose_encryption_cannot_be_checked_keeps_the_session_from_starting() {
    let (server, node, _control) = scene().await;
    prefer(&server, json!({"s3BucketName": "logs"})).await;
    let session = start(&server, &server.admin, &node).await;
    let mut client = client(&server, &session.id, &session.token).await;
    let sentence = client.refusal().await;
    for part in [
        "the S3 bucket logs",
        "s3:GetEncryptionConfiguration",
        &node.id,
        "does not exist",
    ] {
        assert!(sentence.contains(part), "{sentence}");
    }
}

#[tokio::test]
async fn with_awss_agent_the_whole_log_of_an_encrypted_session_is_the_agents_to_write() {
    let (server, node, control) = scene().await;
    make_bucket(&server).await;
    let key = server.kms(&server.admin, "CreateKey", &json!({})).await;
    let key = key.served().json()["KeyMetadata"]["Arn"].clone();
    prefer(&server, json!({"s3BucketName": "logs", "kmsKeyId": key})).await;
    control.close().await;
    // AWS's agent says nothing of Usher when it comes.
    let awss = |token: &str| open_control(token).replace("Usher", "Another");
    let mut control = node.control_with(&server, awss).await;
    let session = start(&server, &server.admin, &node).await;
    let task = task_in(&control.next_frame().await);
    assert_eq!(task.document_content["inputs"]["s3BucketName"], "logs");
    let path = format!("/logs/{}.log", session.id);
    for (status, body) in [(200, "log"), (412, "another")] {
        let reply = s3(&server, &node.keys, "PUT", &path, &[], body).await;
        assert_eq!(reply.status, status, "{}", reply.body);
    }
    assert_eq!(admin(&server, "GET", &path, "").await.1, "log");
}

#[tokio::test]
async fn the_log_is_there_in_segments_while_the_session_lasts_and_whole_when_it_is_over() {
    let (server, node, mut control) = scene().await;
    make_bucket(&server).await;
    prefer(
        &server,
        json!({"s3BucketName": "logs", "s3KeyPrefix": "a/b"}),
    )
    .await;
    let first = "$ id\r\nuid=1000(w\u{f6}rter)\r\n\u{1b}[31mno end";
    let mut peers = session(&server, &node, first.as_bytes(), true).await;
    let task = task_in(&control.next_frame().await);
    // The node's own agent is not asked to write the same log.
    assert_eq!(task.document_content["inputs"]["s3BucketName"], "");
    let id = peers.0.id.clone();
    let segment = |number: u8| format!("a/b/.usher/{id}/00000000000{number}");
    assert_eq!(object(&server, &id, &segment(1)).await, first);
    peers.2.frame(&output(1, b" of line\r\n")).await;
    peers.1.next_of(MessageType::OutputStreamData).await;
    assert_eq!(object(&server, &id, &segment(2)).await, " of line\r\n");
    end(peers).await;
    delivery(&server, &id, |found| found["State"] == "done").await;
    let log = object(&server, &id, &format!("a/b/{id}.log")).await;
    assert_eq!(text(&log), format!("{first} of line\r\n"));
    assert_eq!(keys(&server).await, [format!("a/b/{id}.log")]);
    let shown = described(&server, "History", &id).await.unwrap();
    let place = format!("s3://logs/a/b/{id}.log");
    assert_eq!(shown["OutputUrl"]["S3OutputUrl"], *place);
}

#[tokio::test]
async fn what_was_put_before_a_crash_is_neither_put_again_nor_taken_for_another() {
    let (server, node, _control) = scene().await;
    prefer(
        &server,
        json!({"s3BucketName": "logs", "s3EncryptionEnabled": false}),
    )
    .await;
    let mut peers = session(&server, &node, b"kept\r\n", true).await;
    let notice = peers.2.next_of(MessageType::UsherNotice).await;
    let notice = String::from_utf8_lossy(&notice.payload).into_owned();
    for part in ["s3:PutObject", &node.id, "bucket logs", "does not exist"] {
        assert!(notice.contains(part), "{notice}");
    }
    // As a server leaves it that ends between putting a segment and noting that.
    make_bucket(&server).await;
    let id = peers.0.id.clone();
    let put = format!("/logs/.usher/{id}/000000000001");
    admin(&server, "PUT", &put, "kept\r\n").await;
    peers.2.frame(&output(1, b"more\r\n")).await;
    peers.1.next_of(MessageType::OutputStreamData).await;
    let second = format!(".usher/{id}/000000000002");
    assert_eq!(object(&server, &id, &second).await, "more\r\n");
    end(peers).await;
    delivery(&server, &id, |found| found["State"] == "done").await;
    let log = object(&server, &id, &format!("{id}.log")).await;
    assert_eq!(text(&log), "kept\r\nmore\r\n");
    assert_eq!(keys(&server).await, [format!("{id}.log")]);
}

#[tokio::test]
async fn a_log_that_is_not_this_one_is_not_replaced_and_the_node_cannot_put_one_there() {
    let (server, node, _control) = scene().await;
    make_bucket(&server).await;
    prefer(&server, json!({"s3BucketName": "logs"})).await;
    let peers = session(&server, &node, b"kept\r\n", true).await;
    let key = format!("{}.log", peers.0.id);
    let path = format!("/logs/{key}");
    let reply = s3(&server, &node.keys, "PUT", &path, &[], "forged").await;
    assert_eq!(reply.status, 403, "{}", reply.body);
    admin(&server, "PUT", &path, "another").await;
    let id = end(peers).await;
    let found = delivery(&server, &id, |found| found["Problem"].is_string()).await;
    let problem = found["Problem"].as_str().unwrap();
    assert!(problem.contains("another object is there"), "{problem}");
    assert_eq!(object(&server, &id, &key).await, "another");
    admin(&server, "DELETE", &path, "").await;
    delivery(&server, &id, |found| found["State"] == "done").await;
    assert_eq!(text(&object(&server, &id, &key).await), "kept\r\n");
}

#[tokio::test]
async fn a_delivery_goes_on_in_the_next_server_where_it_was() {
    let (server, node, control) = scene().await;
    make_bucket(&server).await;
    prefer(&server, json!({"s3BucketName": "logs"})).await;
    let (session, client_peer, agent) = session(&server, &node, b"before, ", true).await;
    let id = session.id.clone();
    object(&server, &id, &format!(".usher/{id}/000000000001")).await;
    drop((client_peer, agent, control));
    let server = server.restart().await;
    let _control = node.control(&server).await;
    let mut client = client(&server, &id, &session.token).await;
    let mut agent = node.data(&server, &id).await;
    agent.frame(&output(1, b"after\r\n")).await;
    client.next_of(MessageType::OutputStreamData).await;
    let second = format!(".usher/{id}/000000000002");
    assert_eq!(object(&server, &id, &second).await, "after\r\n");
    end((session, client, agent)).await;
    delivery(&server, &id, |found| found["State"] == "done").await;
    let log = object(&server, &id, &format!("{id}.log")).await;
    assert_eq!(text(&log), "before, after\r\n");
    assert_eq!(keys(&server).await, [format!("{id}.log")]);
}

#[tokio::test]
async fn a_trial_tells_of_each_sink_whether_a_log_would_arrive() {
    let (server, node, _control) = scene().await;
    let inputs = json!({"s3BucketName": "logs", "s3KeyPrefix": "a", "cloudWatchLogGroupName": "sessions",
        "cloudWatchEncryptionEnabled": false});
    prefer(&server, inputs).await;
    let target = json!({"Target": node.id});
    let alice = server.user("alice", "").await;
    server
        .ssm(&alice, "TestSessionLogs", &target)
        .await
        .refused(400, "AccessDeniedException");
    let trial = async || {
        let reply = server.ssm(&server.admin, "TestSessionLogs", &target).await;
        reply.served().json()["Logs"].as_array().unwrap().clone()
    };
    let tried = trial().await;
    for (log, part) in tried
        .iter()
        .zip(["logs:CreateLogStream", "s3:GetEncryptionConfiguration"])
    {
        assert_eq!(log["State"], "failed");
        let problem = log["Problem"].as_str().unwrap();
        for part in [part, &node.id, "does not exist"] {
            assert!(problem.contains(part), "{problem}");
        }
    }
    make_bucket(&server).await;
    let group = json!({"logGroupName": "sessions"});
    server
        .logs(&server.admin, "CreateLogGroup", &group)
        .await
        .served();
    let tried = trial().await;
    assert_eq!(tried.len(), 2, "{tried:?}");
    for log in &tried {
        assert_eq!(
            (&log["State"], &log["Problem"]),
            (&json!("done"), &json!(null))
        );
    }
    let key = tried[1]["S3Key"].as_str().unwrap();
    let (_, trial) = admin(&server, "GET", &format!("/logs/{key}"), "").await;
    assert!(trial.starts_with("A trial"), "{trial}");
    let stream = json!({"logGroupName": "sessions", "logStreamName": tried[0]["LogStreamName"]});
    let events = server.logs(&server.admin, "GetLogEvents", &stream).await;
    assert_eq!(
        events.served().json()["events"].as_array().unwrap().len(),
        1
    );
}
