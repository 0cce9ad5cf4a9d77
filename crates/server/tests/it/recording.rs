//! Recordings as their readers get them: who may not, and that they hold what the person was sent.

use serde_json::{Value, json};
use usher_wire::message::SessionStateName;

use crate::audit::records;
use crate::gateway_peers::{Node, Peer, Started, client, output, scene, session_state, start};
use crate::harness::{Keys, Running};

/// Sends `texts` through a session until its person has them.
async fn shown(server: &Running, node: &Node, texts: &[&[u8]]) -> (Started, Peer, Peer) {
    let session = start(server, &server.admin, node).await;
    let mut client = client(server, &session.id, &session.token).await;
    let mut agent = node.data(server, &session.id).await;
    for (text, sequence) in texts.iter().zip(0..) {
        agent.frame(&output(sequence, text)).await;
    }
    for text in texts {
        assert_eq!(client.next_frame().await.payload, *text);
    }
    (session, client, agent)
}

async fn ended(session: &Started, client: &mut Peer, agent: &mut Peer) {
    let over = session_state(&session.id, SessionStateName::Terminating, None);
    agent.frame(&over).await;
    client.farewell().await;
}

/// All pages.
async fn cast(server: &Running, keys: &Keys, session: &str) -> String {
    let mut content = String::new();
    let mut token = Value::Null;
    loop {
        let input = json!({"SessionId": session, "NextToken": token});
        let page = server.ssm(keys, "GetSessionRecording", &input).await;
        let page = page.served().json();
        content.push_str(page["Content"].as_str().unwrap());
        token = page["NextToken"].clone();
        if token.is_null() {
            return content;
        }
    }
}

/// What the recording puts on the terminal.
fn played(cast: &str) -> String {
    let events = cast.lines().skip(1).map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        match event[1].as_str() {
            Some("o") => event[2].as_str().unwrap().to_owned(),
            _ => String::new(),
        }
    });
    events.collect()
}

async fn verified(server: &Running, session: &str) -> Value {
    let input = json!({"SessionId": session});
    let reply = server
        .ssm(&server.admin, "VerifySessionRecording", &input)
        .await;
    reply.served().json()
}

/// Verified once the session's end is stored.
async fn finished(server: &Running, session: &str) -> Value {
    let patience = std::time::Duration::from_secs(60);
    let look = async {
        loop {
            let found = verified(server, session).await;
            if found["IsFinished"] == true {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(patience, look).await.unwrap()
}

#[tokio::test]
async fn a_sessions_own_person_may_not_read_its_recording() {
    let (server, node, _control) = scene().await;
    let (session, ..) = shown(&server, &node, &[b"secret"]).await;
    let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": "*", "Action":
        ["ssm:StartSession", "ssm:ResumeSession", "ssm:TerminateSession", "ssm:DescribeSessions"]}});
    let alice = server.user("alice", &policy.to_string()).await;
    let own = start(&server, &alice, &node).await;
    for id in [&session.id, &own.id, "no-such-session"] {
        for operation in ["GetSessionRecording", "VerifySessionRecording"] {
            let reply = server
                .ssm(&alice, operation, &json!({"SessionId": id}))
                .await;
            reply.refused(400, "AccessDeniedException");
        }
    }
    // A node reads none either, not even of its own sessions.
    let input = json!({"SessionId": session.id});
    let reply = server.ssm(&node.keys, "GetSessionRecording", &input).await;
    reply.refused(400, "AccessDeniedException");
}

#[tokio::test]
async fn a_token_that_nobody_gave_out_opens_nothing() {
    let (server, node, _control) = scene().await;
    let (session, ..) = shown(&server, &node, &[b"seen"]).await;
    for token in ["", "!", "e30", "bm90IGpzb24"] {
        let input = json!({"SessionId": session.id, "NextToken": token});
        let reply = server
            .ssm(&server.admin, "GetSessionRecording", &input)
            .await;
        reply.refused(400, "InvalidNextToken");
    }
}

#[tokio::test]
async fn a_node_cannot_show_one_thing_and_have_another_recorded() {
    let (server, node, _control) = scene().await;
    let (session, mut client, mut agent) = shown(&server, &node, &[b"the truth"]).await;
    agent.frame(&output(0, b"a lie")).await;
    let mut forged = output(1, b"shown?").encode().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    agent.bytes(forged.into()).await;
    agent.frame(&output(1, b", nothing else")).await;
    assert_eq!(client.next_frame().await.payload, &b", nothing else"[..]);
    let recorded = played(&cast(&server, &server.admin, &session.id).await);
    assert_eq!(recorded, "the truth, nothing else");
}

#[tokio::test]
async fn what_was_delivered_is_recorded_in_its_order_over_restarts() {
    let (server, node, control) = scene().await;
    let (session, client_peer, agent) = shown(&server, &node, &[b"one "]).await;
    drop((client_peer, agent, control));
    let server = server.restart().await;
    let _control = node.control(&server).await;
    let mut client = client(&server, &session.id, &session.token).await;
    let mut agent = node.data(&server, &session.id).await;
    // A repeat, and two that come in the wrong order.
    agent.frame(&output(0, b"one ")).await;
    agent.frame(&output(2, "drei ä".as_bytes())).await;
    agent.frame(&output(1, b"two ")).await;
    for expected in ["one ", "drei ä", "two "] {
        assert_eq!(client.next_frame().await.payload, expected.as_bytes());
    }
    let live = cast(&server, &server.admin, &session.id).await;
    assert_eq!(played(&live), "one two drei ä");
    ended(&session, &mut client, &mut agent).await;
    drop((client, agent));
    let found = finished(&server, &session.id).await;
    assert_eq!(
        (&found["IsIntact"], &found["Lost"]),
        (&json!(true), &Value::Null)
    );
}

#[tokio::test]
async fn a_long_recording_comes_in_pages_that_join() {
    let (server, node, _control) = scene().await;
    let block = "0123456789abcdef€".repeat(3000);
    let half = block.len() / 2;
    let (left, right) = block.as_bytes().split_at(half);
    let texts: Vec<&[u8]> = (0..40)
        .map(|place| if place % 2 == 0 { left } else { right })
        .collect();
    let (session, ..) = shown(&server, &node, &texts).await;
    let input = json!({"SessionId": session.id});
    let first = server
        .ssm(&server.admin, "GetSessionRecording", &input)
        .await;
    assert!(!first.served().json()["NextToken"].is_null());
    let all = played(&cast(&server, &server.admin, &session.id).await);
    assert!(all == block.repeat(20), "{} characters", all.len());
}

#[tokio::test]
async fn a_recording_that_was_changed_or_cut_is_found() {
    let (server, node, _control) = scene().await;
    let (session, mut client, mut agent) = shown(&server, &node, &[b"one", b"two"]).await;
    ended(&session, &mut client, &mut agent).await;
    drop((client, agent));
    assert_eq!(finished(&server, &session.id).await["IsIntact"], true);
    let path = server
        .data_dir()
        .join(format!("recordings/{}.rec", session.id));
    let whole = std::fs::read(&path).unwrap();
    let mut changed = whole.clone();
    let middle = whole.len() - 100;
    changed[middle] ^= 1;
    // The last block is the mark of the session's end.
    let last = 4 + 12 + 53 + 16;
    for (damage, says) in [
        (changed.as_slice(), "changed or removed"),
        (&whole[..whole.len() - 1], "not complete"),
        (&whole[..whole.len() - last], "does not end as"),
        (&[], "does not begin as"),
    ] {
        std::fs::write(&path, damage).unwrap();
        let found = verified(&server, &session.id).await;
        assert_eq!(found["IsIntact"], false, "{says}");
        let problem = found["Problem"].as_str().unwrap();
        assert!(problem.contains(says), "{problem}");
    }
    std::fs::write(&path, whole).unwrap();
    assert_eq!(verified(&server, &session.id).await["IsIntact"], true);
}

#[tokio::test]
async fn a_recording_is_kept_for_its_time_and_then_gone_with_a_word() {
    let (server, node, _control) = scene().await;
    let (session, mut client, mut agent) = shown(&server, &node, &[b"kept"]).await;
    ended(&session, &mut client, &mut agent).await;
    finished(&server, &session.id).await;
    let file = server
        .data_dir()
        .join(format!("recordings/{}.rec", session.id));
    server.pass(2 * 24 * 3600);
    let server = server
        .restart_with(|config| config.recording_retention = Some(3))
        .await;
    let seen = played(&cast(&server, &server.admin, &session.id).await);
    assert_eq!(seen, "kept");
    assert!(file.exists());

    let server = server
        .restart_with(|config| config.recording_retention = Some(1))
        .await;
    for operation in ["GetSessionRecording", "VerifySessionRecording"] {
        let input = json!({"SessionId": session.id});
        let reply = server.ssm(&server.admin, operation, &input).await;
        reply.refused(400, "DoesNotExistException");
        assert!(
            reply.message().contains("is not kept any more"),
            "{}",
            reply.body
        );
    }
    let removed = async {
        loop {
            let found = records(&server, "EventName", "RecordingRemoved").await;
            if !found.is_empty() {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    let removed = tokio::time::timeout(std::time::Duration::from_secs(60), removed);
    let removed = removed.await.unwrap();
    assert_eq!(removed[0]["serviceEventDetails"]["sessionId"], session.id);
    assert_eq!(removed[0]["eventSource"], "ssm.amazonaws.com");
    assert!(!file.exists());

    // Nor does it come back to one that keeps all.
    let server = server.restart().await;
    let input = json!({"SessionId": session.id});
    let reply = server
        .ssm(&server.admin, "GetSessionRecording", &input)
        .await;
    assert!(
        reply.message().contains("is not kept any more"),
        "{}",
        reply.body
    );
}
