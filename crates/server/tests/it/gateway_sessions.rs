//! Sessions after their start: completions, endings, resuming, history, restart.

mod start;

use serde_json::json;
use usher_wire::frame::MessageType;
use usher_wire::message::{SessionStateName, TaskAcknowledge};

use crate::gateway_peers::{
    Farewell, Node, Peer, ask_token, client, completion, described, open_control, output, scene,
    session_state, start, task_in, token,
};
use crate::harness::Running;

/// Waits until the session is in this state; the state is stored just after what it tells of.
async fn shows(server: &Running, session: &str, status: &str) {
    let seen =
        async { while described(server, "Active", session).await.unwrap()["Status"] != status {} };
    let patience = std::time::Duration::from_secs(20);
    tokio::time::timeout(patience, seen).await.unwrap();
}

#[tokio::test]
async fn people_may_be_allowed_to_end_just_their_own_sessions() {
    let (server, node, _control) = scene().await;
    let own = json!({"Effect": "Allow", "Action": "ssm:TerminateSession", "Resource": "*",
        "Condition": {"StringLike": {"ssm:resourceTag/aws:ssmmessages:session-id": ["${aws:userid}"]}}});
    let by_name = json!({"Effect": "Allow", "Action": "ssm:ResumeSession",
        "Resource": "arn:aws:ssm:*:*:session/${aws:username}-*"});
    let any = json!({"Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*"});
    let policy = json!({"Version": "2012-10-17", "Statement": [own, by_name, any]}).to_string();
    let alice = server.user("alice", &policy).await;
    let foreign = start(&server, &server.admin, &node).await;
    let ours = start(&server, &alice, &node).await;
    let call = async |operation: &str, id: &str| {
        server
            .ssm(&alice, operation, &json!({"SessionId": id}))
            .await
    };
    call("TerminateSession", &foreign.id)
        .await
        .refused(400, "AccessDeniedException");
    call("ResumeSession", &foreign.id)
        .await
        .refused(400, "AccessDeniedException");
    call("ResumeSession", &ours.id).await.served();
    call("TerminateSession", &ours.id).await.served();
}

#[tokio::test]
async fn a_completion_does_not_overtake_output_that_its_client_has_not_read() {
    let (server, node, mut control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut client = client(&server, &session.id, &session.token).await;
    let mut agent = node.data(&server, &session.id).await;
    let block = vec![b'x'; 16 * 1024];
    for sequence in 0..150 {
        agent.frame(&output(sequence, &block)).await;
    }
    control.frame(&completion(&session.id, "Success", "")).await;
    control.next_of(MessageType::AgentTaskAcknowledge).await;
    agent.close().await;
    let farewell = client.farewell().await;
    assert_eq!(
        (farewell.before.len(), farewell.output.as_deref()),
        (150, Some(""))
    );
}

#[tokio::test]
async fn a_new_control_channel_takes_the_place_of_the_old_one() {
    let (server, node, mut old) = scene().await;
    let mut new = node.control(&server).await;
    // Waits until the old one is gone; by then the new one has its place.
    assert_eq!(
        old.farewell().await,
        Farewell {
            before: vec![],
            output: None
        }
    );
    let session = start(&server, &server.admin, &node).await;
    assert_eq!(
        task_in(&new.next_frame().await).session_id.as_str(),
        session.id
    );
}

#[tokio::test]
async fn a_control_channels_token_opens_once_and_only_its_node() {
    let (server, node, _control) = scene().await;
    let path = format!("/v1/control-channel/{}", node.id);
    let once = token(&server, &path, &node.keys).await;
    let open = async |token: &str| {
        let mut peer = Peer::upgrade(&server, &path, Some(&node.keys))
            .await
            .unwrap();
        peer.text(&open_control(token)).await;
        peer
    };
    assert_eq!(open("no-such-token").await.farewell().await.output, None);
    let _first = open(&once).await;
    assert_eq!(
        Peer::upgrade(&server, &path, Some(&server.admin))
            .await
            .err(),
        Some(403)
    );
    assert_eq!(Peer::upgrade(&server, &path, None).await.err(), Some(403));
    let foreign = Peer::upgrade(
        &server,
        "/v1/control-channel/mi-0123456789abcdef0",
        Some(&node.keys),
    )
    .await;
    assert_eq!(foreign.err(), Some(403));
}

#[tokio::test]
async fn a_failure_reported_by_the_agent_reaches_the_person_once() {
    let (server, node, mut control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut client = client(&server, &session.id, &session.token).await;
    let output = "\n----------ERROR-------\nUnable to start command: no such user\n";
    let (first, second) = (
        completion(&session.id, "Failed", output),
        completion(&session.id, "Failed", "plugin failed"),
    );
    control.frame(&first).await;
    control.frame(&second).await;
    for sent in [&first, &second] {
        let receipt = control.next_of(MessageType::AgentTaskAcknowledge).await;
        let receipt: TaskAcknowledge = serde_json::from_slice(&receipt.payload).unwrap();
        assert_eq!(
            (receipt.message_id, receipt.task_id),
            (sent.message_id.to_string(), session.id.clone())
        );
    }
    assert_eq!(
        client.refusal().await,
        "Unable to start command: no such user"
    );
    let shown = described(&server, "History", &session.id).await.unwrap();
    assert_eq!(
        (&shown["Status"], &shown["Details"]),
        (
            &json!("Failed"),
            &json!("Unable to start command: no such user")
        )
    );
    assert_eq!(shown["OutputUrl"]["S3OutputUrl"], "s3://logs/x.log");
}

#[tokio::test]
async fn a_node_completes_only_its_own_sessions() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let made = server
        .ssm(
            &server.admin,
            "CreateActivation",
            &json!({"IamRole": "service-role/UsherManagedNode"}),
        )
        .await;
    let other = Node::register_with(&server, &made.served().json()).await;
    let mut others = other.control(&server).await;
    others.frame(&completion(&session.id, "Success", "")).await;
    // Acknowledged is only what comes after it.
    others
        .frame(&completion("nobody-knows", "Success", ""))
        .await;
    let receipt = others.next_of(MessageType::AgentTaskAcknowledge).await;
    let receipt: TaskAcknowledge = serde_json::from_slice(&receipt.payload).unwrap();
    assert_eq!(receipt.task_id, "nobody-knows");
    assert_eq!(
        described(&server, "Active", &session.id).await.unwrap()["Status"],
        "Connecting"
    );
    ask_token(
        &server,
        &format!("/v1/data-channel/{}", session.id),
        &other.keys,
    )
    .await
    .refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_terminated_session_ends_at_both_ends_and_stays_ended() {
    let (server, node, mut control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut client = client(&server, &session.id, &session.token).await;
    let mut agent = node.data(&server, &session.id).await;
    agent.frame(&output(0, b"$ ")).await;
    assert_eq!(client.next_frame().await.payload, "$ ");
    let id = json!({"SessionId": session.id});
    let nobody = server.user("nobody", "").await;
    server
        .ssm(&nobody, "TerminateSession", &id)
        .await
        .refused(400, "AccessDeniedException");
    for _ in 0..2 {
        assert_eq!(
            server
                .ssm(&server.admin, "TerminateSession", &id)
                .await
                .served()
                .json(),
            id
        );
    }
    assert_eq!(client.farewell().await.output.as_deref(), Some(""));
    assert_eq!(agent.farewell().await.output.as_deref(), Some(""));
    control.next_of(MessageType::ChannelClosed).await;
    assert_eq!(
        described(&server, "History", &session.id).await.unwrap()["Status"],
        "Terminating"
    );

    control.frame(&completion(&session.id, "Success", "")).await;
    control.next_of(MessageType::AgentTaskAcknowledge).await;
    assert_eq!(
        described(&server, "History", &session.id).await.unwrap()["Status"],
        "Terminated"
    );
    assert_eq!(
        server
            .ssm(&server.admin, "ResumeSession", &id)
            .await
            .served()
            .json(),
        id
    );
    let reply = ask_token(
        &server,
        &format!("/v1/data-channel/{}", session.id),
        &node.keys,
    )
    .await;
    assert!(
        reply.body.contains("Session is already terminated"),
        "{}",
        reply.body
    );
    let unknown = json!({"SessionId": "admin-00000000000000000000000000"});
    for operation in ["TerminateSession", "ResumeSession"] {
        server
            .ssm(&server.admin, operation, &unknown)
            .await
            .refused(400, "DoesNotExistException");
    }
}

#[tokio::test]
async fn an_end_that_the_node_missed_is_told_when_it_is_back() {
    let (server, node, control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    control.close().await;
    server
        .ssm(
            &server.admin,
            "TerminateSession",
            &json!({"SessionId": session.id}),
        )
        .await
        .served();
    let mut control = node.control(&server).await;
    let frame = control.next_of(MessageType::ChannelClosed).await;
    let closed: usher_wire::message::ChannelClosed =
        serde_json::from_slice(&frame.payload).unwrap();
    assert_eq!(
        (closed.session_id, closed.destination_id),
        (session.id.clone(), node.id.clone())
    );
    control.frame(&completion(&session.id, "Success", "")).await;
    control.next_of(MessageType::AgentTaskAcknowledge).await;
    control.close().await;
    // Confirmed, it is not told again.
    let mut control = node.control(&server).await;
    let next = start(&server, &server.admin, &node).await;
    assert_eq!(
        task_in(&control.next_frame().await).session_id.as_str(),
        next.id
    );
}

#[tokio::test]
async fn a_session_outlives_the_server() {
    let (server, node, control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut agent = node.data(&server, &session.id).await;
    let mut before = client(&server, &session.id, &session.token).await;
    agent.frame(&output(0, b"before")).await;
    assert_eq!(before.next_frame().await.payload, "before");
    shows(&server, &session.id, "Connected").await;
    let server = server.restart().await;
    assert_eq!((agent.next().await, before.next().await), (None, None));
    drop(control);
    shows(&server, &session.id, "Disconnected").await;
    let mut agent = node.data(&server, &session.id).await;
    let mut after = client(&server, &session.id, &session.token).await;
    agent.frame(&output(1, b"after")).await;
    assert_eq!(after.next_frame().await.payload, "after");
    shows(&server, &session.id, "Connected").await;
    agent
        .frame(&session_state(
            &session.id,
            SessionStateName::Terminating,
            None,
        ))
        .await;
    assert_eq!(after.farewell().await.output.as_deref(), Some(""));
}

#[tokio::test]
async fn a_session_that_never_started_fails_after_a_restart() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    server.pass(31);
    let server = server.restart().await;
    let farewell = client(&server, &session.id, &session.token)
        .await
        .farewell()
        .await;
    assert!(
        farewell
            .output
            .as_deref()
            .unwrap()
            .contains("did not open the session within 30 seconds"),
        "{farewell:?}"
    );
    assert_eq!(
        described(&server, "History", &session.id).await.unwrap()["Status"],
        "Failed"
    );
}

#[tokio::test]
async fn history_is_paged_newest_first() {
    let (server, node, _control) = scene().await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.insert(0, start(&server, &server.admin, &node).await.id);
        server.pass(1);
    }
    let mut seen = Vec::new();
    let mut page = json!({"State": "Active", "MaxResults": 2});
    loop {
        let reply = server
            .ssm(&server.admin, "DescribeSessions", &page)
            .await
            .served()
            .json();
        seen.extend(
            reply["Sessions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|s| s["SessionId"].as_str().unwrap().to_owned()),
        );
        match reply.get("NextToken") {
            Some(token) => page["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(seen, expected);
    let nobody = server.user("nobody", "").await;
    server
        .ssm(&nobody, "DescribeSessions", &json!({"State": "Active"}))
        .await
        .refused(400, "AccessDeniedException");
}
