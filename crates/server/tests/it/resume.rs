//! ResumeSession: who gets a new token, as whom they must still run sessions, and what is owed to a client that was away
//! when its session ended.

use serde_json::{Value, json};
use usher_wire::frame::{Frame, MessageType};
use usher_wire::message::{SessionStateName, TaskStatus};

use crate::gateway_peers::{
    Node, Peer, Started, ask_token, client, client_named, completion, data_path, described, input,
    keys_in, output, scene, session_state, start, started, task_in,
};
use crate::harness::{Keys, Reply, Running};

const ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

async fn resume(server: &Running, keys: &Keys, session: &Started) -> Reply {
    server
        .ssm(keys, "ResumeSession", &json!({"SessionId": session.id}))
        .await
}

async fn resumes(server: &Running, keys: &Keys, session: &Started) -> String {
    let resumed = resume(server, keys, session).await.served().json();
    resumed["TokenValue"]
        .as_str()
        .unwrap_or_else(|| panic!("no token in {resumed}"))
        .to_owned()
}

/// Its owner is told that it is over.
async fn is_over(server: &Running, session: &Started) {
    let reply = resume(server, &server.admin, session).await;
    assert_eq!(reply.served().json(), json!({"SessionId": session.id}));
}

async fn is_refused_as_another_os_user(server: &Running, keys: &Keys, session: &Started) {
    let reply = resume(server, keys, session).await;
    reply.refused(400, "AccessDeniedException");
    let sentence = "does not run sessions as the OS user of this session";
    assert!(reply.message().contains(sentence), "{}", reply.message());
}

/// Saves the document of that name, new or once more.
async fn save(server: &Running, operation: &str, name: &str, run_as: &Value) {
    let content =
        json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": run_as})
            .to_string();
    let mut document = json!({"Name": name, "Content": content});
    match operation {
        "CreateDocument" => document["DocumentType"] = "Session".into(),
        _ => document["DocumentVersion"] = "$LATEST".into(),
    }
    server
        .ssm(&server.admin, operation, &document)
        .await
        .served();
}

async fn prefer(server: &Running, operation: &str, run_as: &Value) {
    save(server, operation, "SSM-SessionManagerRunShell", run_as).await;
}

async fn tag(server: &Running, user: &str, os_user: &str) {
    let tag = [
        ("UserName", user),
        ("Tags.member.1.Key", "SSMSessionRunAs"),
        ("Tags.member.1.Value", os_user),
    ];
    server.iam(&server.admin, "TagUser", &tag).await.served();
}

#[tokio::test]
async fn resuming_is_for_the_owner_and_revokes_the_earlier_token() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let id = json!({"SessionId": session.id});
    let all =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let other = server.user("other", all).await;
    server
        .ssm(&other, "ResumeSession", &id)
        .await
        .refused(400, "AccessDeniedException");
    let mut agent = node.data(&server, &session.id).await;
    let mut first = client(&server, &session.id, &session.token).await;
    first.frame(&input(0, b"x")).await;
    assert_eq!(agent.next_frame().await.payload, "x");
    let resumed = server
        .ssm(&server.admin, "ResumeSession", &id)
        .await
        .served()
        .json();
    assert!(
        resumed["StreamUrl"]
            .as_str()
            .unwrap()
            .ends_with(&data_path(&session.id)),
        "{resumed}"
    );
    let refusal = client(&server, &session.id, &session.token)
        .await
        .refusal()
        .await;
    assert!(refusal.starts_with("The token is not valid"), "{refusal}");
    let mut again = client(
        &server,
        &session.id,
        resumed["TokenValue"].as_str().unwrap(),
    )
    .await;
    // What is relayed before the new connection has the seat goes to the old one.
    assert_eq!(first.next().await, None);
    agent.frame(&output(0, b"back")).await;
    assert_eq!(again.next_frame().await.payload, "back");
}

#[tokio::test]
async fn a_new_default_user_keeps_out_who_got_a_session_as_the_old_one() {
    let (server, node, _control) = scene().await;
    let default = |name: &str| json!({"runAsEnabled": true, "runAsDefaultUser": name});
    prefer(&server, "CreateDocument", &default("first")).await;
    let alice = server.user("alice", ALL).await;
    let session = start(&server, &alice, &node).await;
    for changed in [
        default("second"),
        default(""),
        default("root"),
        json!({"runAsEnabled": false}),
    ] {
        prefer(&server, "UpdateDocument", &changed).await;
        is_refused_as_another_os_user(&server, &alice, &session).await;
    }
    // Another rule, the same account.
    tag(&server, "alice", "first").await;
    let mut again = default("second");
    again["idleSessionTimeout"] = "5".into();
    prefer(&server, "UpdateDocument", &again).await;
    resumes(&server, &alice, &session).await;
}

#[tokio::test]
async fn a_changed_tag_keeps_its_bearer_out_of_the_old_os_users_session() {
    let (server, node, _control) = scene().await;
    let on = json!({"runAsEnabled": true, "runAsDefaultUser": "web"});
    prefer(&server, "CreateDocument", &on).await;
    let alice = server.user("alice", ALL).await;
    tag(&server, "alice", "web").await;
    let session = start(&server, &alice, &node).await;
    for changed in ["ops", "root", "not a name"] {
        tag(&server, "alice", changed).await;
        is_refused_as_another_os_user(&server, &alice, &session).await;
    }
    let untag = [
        ("UserName", "alice"),
        ("TagKeys.member.1", "SSMSessionRunAs"),
    ];
    server
        .iam(&server.admin, "UntagUser", &untag)
        .await
        .served();
    resumes(&server, &alice, &session).await;
}

#[tokio::test]
async fn a_session_of_ssm_user_is_not_resumed_once_run_as_is_on() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let own = json!({"runAsEnabled": true, "runAsDefaultUser": "documented"});
    save(&server, "CreateDocument", "Own", &own).await;
    let named = json!({"Target": node.id, "DocumentName": "Own"});
    let reply = server.ssm(&server.admin, "StartSession", &named).await;
    let by_document = started(&reply.served().json());
    for session in [&session, &by_document] {
        resumes(&server, &server.admin, session).await;
    }
    let on = json!({"runAsEnabled": true, "runAsDefaultUser": "preferred"});
    prefer(&server, "CreateDocument", &on).await;
    for session in [&session, &by_document] {
        is_refused_as_another_os_user(&server, &server.admin, session).await;
    }
}

/// A session whose client has read a prompt and lost its connection.
async fn left_by_its_client() -> (Running, Node, Peer, Started, Peer) {
    let (server, node, control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut agent = node.data(&server, &session.id).await;
    let mut first = client(&server, &session.id, &session.token).await;
    agent.frame(&output(0, b"$ ")).await;
    assert_eq!(first.next_frame().await.payload, "$ ");
    drop(first);
    (server, node, control, session, agent)
}

/// Resumes a session that is over, whose client must find this waiting; then nothing is left to resume.
async fn is_still_told(server: &Running, session: &Started, waiting: &str, reason: &str) {
    let other = server.user("other", ALL).await;
    resume(server, &other, session)
        .await
        .refused(400, "AccessDeniedException");
    let token = resumes(server, &server.admin, session).await;
    let stranger = client_named(server, &session.id, &token, "another client")
        .await
        .refusal()
        .await;
    assert!(stranger.contains("open in another client"), "{stranger}");
    let farewell = client(server, &session.id, &token).await.farewell().await;
    let told: Vec<u8> = farewell
        .before
        .iter()
        .flat_map(|frame| {
            let frame = Frame::decode(frame.clone()).unwrap();
            frame.payload.to_vec()
        })
        .collect();
    assert_eq!(String::from_utf8(told).unwrap(), waiting);
    assert_eq!(farewell.output.as_deref(), Some(reason));
    is_over(server, session).await;
}

#[tokio::test]
async fn output_from_just_before_the_end_reaches_a_client_that_was_away() {
    let (server, _node, _control, session, mut agent) = left_by_its_client().await;
    agent.frame(&output(1, b"last ")).await;
    agent.frame(&output(2, b"words")).await;
    let ended = Some((TaskStatus::Success, "It is done."));
    agent
        .frame(&session_state(
            &session.id,
            SessionStateName::Terminating,
            ended,
        ))
        .await;
    until_history(&server, &session, "Terminated").await;
    is_still_told(&server, &session, "last words", "It is done.").await;
}

#[tokio::test]
async fn a_client_that_was_away_is_told_how_its_session_failed() {
    let (server, _node, mut control, session, mut agent) = left_by_its_client().await;
    agent.frame(&output(1, b"panic!")).await;
    agent.close().await;
    control
        .frame(&completion(&session.id, "Failed", "The node has no room."))
        .await;
    until_history(&server, &session, "Failed").await;
    is_still_told(&server, &session, "panic!", "The node has no room.").await;
}

#[tokio::test]
async fn a_client_that_was_away_is_told_that_its_session_was_terminated() {
    let (server, _node, _control, session, mut agent) = left_by_its_client().await;
    agent.frame(&output(1, b"unread")).await;
    let id = json!({"SessionId": session.id});
    agent.until_read().await;
    server
        .ssm(&server.admin, "TerminateSession", &id)
        .await
        .served();
    is_still_told(&server, &session, "unread", "").await;
}

async fn until_history(server: &Running, session: &Started, status: &str) {
    let has_come = async || {
        described(server, "History", &session.id)
            .await
            .is_some_and(|shown| shown["Status"] == status)
    };
    while !has_come().await {}
}

#[tokio::test]
async fn of_two_connections_of_one_client_the_newer_has_the_session() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut agent = node.data(&server, &session.id).await;
    let mut older = client(&server, &session.id, &session.token).await;
    older.frame(&input(0, b"a")).await;
    assert_eq!(agent.next_frame().await.payload, "a");
    let token = resumes(&server, &server.admin, &session).await;
    let mut newer = client(&server, &session.id, &token).await;
    assert_eq!(older.next().await, None);
    newer.frame(&input(1, b"b")).await;
    assert_eq!(
        agent.next_of(MessageType::InputStreamData).await.payload,
        "b"
    );
}

#[tokio::test]
async fn a_session_is_resumed_while_its_agent_is_away_and_goes_on_when_that_is_back() {
    let (server, node, _control, session, agent) = left_by_its_client().await;
    drop(agent);
    let token = resumes(&server, &server.admin, &session).await;
    let mut again = client(&server, &session.id, &token).await;
    again.frame(&input(0, b"are you there?")).await;
    let mut agent = node.data(&server, &session.id).await;
    let asked = agent.next_of(MessageType::InputStreamData).await;
    assert_eq!(asked.payload, "are you there?");
    agent.frame(&output(1, b"yes")).await;
    let told = again.next_of(MessageType::OutputStreamData).await;
    assert_eq!(told.payload, "yes");
}

#[tokio::test]
async fn the_agent_of_a_session_of_many_days_comes_back_with_the_keys_it_has() {
    let (server, node, mut control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let keys = keys_in(task_in(&control.next_frame().await));
    drop(node.data_with(&server, &session.id, &keys).await);
    server.pass(10 * 24 * 60 * 60);
    // Making new keys forgets old ones.
    start(&server, &server.admin, &node).await;
    let mut agent = node.data_with(&server, &session.id, &keys).await;
    let ended = Some((TaskStatus::Success, ""));
    let last_word = session_state(&session.id, SessionStateName::Terminating, ended);
    agent.frame(&last_word).await;
    until_history(&server, &session, "Terminated").await;
    let path = format!("/v1/data-channel/{}", session.id);
    ask_token(&server, &path, &keys)
        .await
        .refused(403, "ExpiredToken");
}
