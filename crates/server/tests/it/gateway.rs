//! Data channels over real sockets: who is refused and in which words, and what a relay must keep.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use usher_wire::frame::{Frame, MessageType};
use usher_wire::message::{SessionStateName, TaskStatus};
use uuid::Uuid;

use crate::gateway_peers::{
    CLIENT, Farewell, Peer, acknowledge, ask_token, client, client_named, data_path, described,
    input, open_client, output, scene, session_state, start, token,
};

const TOKEN_REFUSED: &str = "The token is not valid for this session";

#[tokio::test]
async fn unknown_and_expired_tokens_are_refused_in_words() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let refusal = client(&server, &session.id, "no-such-token")
        .await
        .refusal()
        .await;
    assert!(refusal.starts_with(TOKEN_REFUSED), "{refusal}");
    server.pass(6 * 60);
    let refusal = client(&server, &session.id, &session.token)
        .await
        .refusal()
        .await;
    assert!(refusal.starts_with(TOKEN_REFUSED), "{refusal}");
}

#[tokio::test]
async fn a_token_opens_its_own_session_only() {
    let (server, node, _control) = scene().await;
    let one = start(&server, &server.admin, &node).await;
    let other = start(&server, &server.admin, &node).await;
    for session in [
        other.id.as_str(),
        "admin-00000000000000000000000000",
        "%2e%2e",
        "x",
    ] {
        let refusal = client(&server, session, &one.token).await.refusal().await;
        assert!(refusal.starts_with(TOKEN_REFUSED), "{session}: {refusal}");
    }
}

#[tokio::test]
async fn a_token_of_one_side_does_not_open_the_other() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let agents = token(&server, &data_path_bare(&session.id), &node.keys).await;
    let refusal = client(&server, &session.id, &agents).await.refusal().await;
    assert!(refusal.starts_with(TOKEN_REFUSED), "{refusal}");
    // An agent is not told: it asks for a new token.
    let mut agent = Peer::upgrade(&server, &data_path(&session.id), Some(&node.keys))
        .await
        .unwrap();
    agent.text(&node.open_data(&session.token)).await;
    assert_eq!(
        agent.farewell().await,
        Farewell {
            before: vec![],
            output: None
        }
    );
    // Nor can a client pass for an agent by what it says about itself.
    let mut client = Peer::upgrade(&server, &data_path(&session.id), None)
        .await
        .unwrap();
    client.text(&node.open_data(&agents)).await;
    assert!(client.refusal().await.starts_with(TOKEN_REFUSED));
}

#[tokio::test]
async fn an_agents_token_opens_once() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let once = token(&server, &data_path_bare(&session.id), &node.keys).await;
    let mut first = Peer::upgrade(&server, &data_path(&session.id), Some(&node.keys))
        .await
        .unwrap();
    first.text(&node.open_data(&once)).await;
    let mut client = client(&server, &session.id, &session.token).await;
    first.frame(&output(0, b"ready")).await;
    assert_eq!(client.next_frame().await.payload, "ready");
    let mut second = Peer::upgrade(&server, &data_path(&session.id), Some(&node.keys))
        .await
        .unwrap();
    second.text(&node.open_data(&once)).await;
    assert_eq!(second.farewell().await.output, None);
    first.frame(&output(1, b"still here")).await;
    assert_eq!(client.next_frame().await.payload, "still here");
}

#[tokio::test]
async fn another_client_is_refused_and_the_first_may_come_again() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut agent = node.data(&server, &session.id).await;
    let mut first = client(&server, &session.id, &session.token).await;
    agent.frame(&output(0, b"one")).await;
    assert_eq!(first.next_frame().await.payload, "one");
    let refusal = client_named(&server, &session.id, &session.token, "another")
        .await
        .refusal()
        .await;
    assert!(
        refusal.contains("reattaching needs Usher's client"),
        "{refusal}"
    );
    agent.frame(&output(1, b"two")).await;
    assert_eq!(first.next_frame().await.payload, "two");
    // The newest connection of the same client takes the place of the old one.
    let mut again = client(&server, &session.id, &session.token).await;
    assert_eq!(first.next().await, None);
    agent.frame(&output(2, b"three")).await;
    assert_eq!(again.next_frame().await.payload, "three");
}

#[tokio::test]
async fn a_signature_that_is_bad_or_somebody_elses_is_refused() {
    let (server, node, _control) = scene().await;
    let mallory = server.user("mallory", r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#).await;
    let session = start(&server, &server.admin, &node).await;
    let signed = async |keys: &crate::harness::Keys| {
        let mut peer = Peer::upgrade(&server, &data_path(&session.id), Some(keys))
            .await
            .unwrap();
        peer.text(&open_client(&session.token, CLIENT)).await;
        peer
    };
    let refusal = signed(&mallory).await.refusal().await;
    assert!(
        refusal.contains("the session belongs to another identity"),
        "{refusal}"
    );
    let mut forged = server.admin.clone();
    forged.secret = mallory.secret.clone();
    let refusal = signed(&forged).await.refusal().await;
    assert!(
        refusal.starts_with("The signature of this connection could not be verified"),
        "{refusal}"
    );
    let mut agent = node.data(&server, &session.id).await;
    let mut owner = signed(&server.admin).await;
    agent.frame(&output(0, b"hello")).await;
    assert_eq!(owner.next_frame().await.payload, "hello");
}

#[tokio::test]
async fn what_is_no_open_message_closes_the_connection() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let connect = async || {
        Peer::upgrade(&server, &data_path(&session.id), None)
            .await
            .unwrap()
    };
    let silence = Farewell {
        before: vec![],
        output: None,
    };

    let mut long = connect().await;
    long.text(&open_client(&session.token, &"x".repeat(4096)))
        .await;
    assert_eq!(long.farewell().await, silence);
    let mut other = connect().await;
    other.text("{}").await;
    assert_eq!(other.farewell().await, silence);
    let mut binary = connect().await;
    binary
        .bytes(Bytes::from(open_client(&session.token, CLIENT)))
        .await;
    assert_eq!(binary.farewell().await, silence);
}

#[tokio::test]
async fn a_ping_may_come_before_the_open_message() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut agent = node.data(&server, &session.id).await;
    let mut client = Peer::upgrade(&server, &data_path(&session.id), None)
        .await
        .unwrap();
    client.ping().await;
    client.text(&open_client(&session.token, CLIENT)).await;
    agent.frame(&output(0, b"hello")).await;
    assert_eq!(client.next_frame().await.payload, "hello");
}

#[tokio::test]
async fn only_the_sessions_node_gets_and_uses_a_token_of_its_side() {
    let (server, node, mut control) = scene().await;
    let one = start(&server, &server.admin, &node).await;
    let other = start(&server, &server.admin, &node).await;
    let path = data_path_bare(&one.id);
    ask_token(&server, &path, &server.admin)
        .await
        .refused(403, "AccessDenied");
    ask_token(&server, &data_path_bare("admin-x"), &node.keys)
        .await
        .refused(403, "AccessDenied");
    ask_token(
        &server,
        "/v1/control-channel/mi-0123456789abcdef0",
        &node.keys,
    )
    .await
    .refused(403, "AccessDenied");

    // A session's own keys open that session and nothing else.
    let first = crate::gateway_peers::task_in(&control.next_frame().await);
    assert_eq!(first.session_id.as_str(), one.id);
    let keys = crate::gateway_peers::keys_in(first);
    ask_token(&server, &data_path_bare(&other.id), &keys)
        .await
        .refused(403, "AccessDenied");
    ask_token(&server, &format!("/v1/control-channel/{}", node.id), &keys)
        .await
        .refused(403, "AccessDenied");
    let refused = Peer::upgrade(
        &server,
        &format!("/v1/control-channel/{}", node.id),
        Some(&keys),
    )
    .await;
    assert_eq!(refused.err(), Some(403));
    let mut client = client(&server, &one.id, &one.token).await;
    let mut agent = node.data_with(&server, &one.id, &keys).await;
    agent.frame(&output(0, b"own keys")).await;
    assert_eq!(client.next_frame().await.payload, "own keys");
}

#[tokio::test]
async fn a_request_that_is_no_websocket_is_told_so() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let reply = crate::harness::Http::get(server.address, &data_path_bare(&session.id))
        .send()
        .await;
    assert_eq!(reply.status, 426);
}

#[tokio::test]
async fn frames_pass_in_both_directions_as_they_are() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut client = client(&server, &session.id, &session.token).await;
    let mut agent = node.data(&server, &session.id).await;
    let down: Vec<Frame> = (0..50)
        .map(|n| output(n, format!("line {n}").as_bytes()))
        .collect();
    let up: Vec<Frame> = (0..50).map(|n| input(n, &[b'k'; 7])).collect();
    for (to_client, to_agent) in down.iter().zip(&up) {
        agent.frame(to_client).await;
        client.frame(to_agent).await;
    }
    for (to_client, to_agent) in down.iter().zip(&up) {
        assert_eq!(client.next().await.unwrap(), to_client.encode());
        assert_eq!(agent.next().await.unwrap(), to_agent.encode());
    }
    let receipt = acknowledge(&down[0]);
    client.frame(&receipt).await;
    assert_eq!(agent.next().await.unwrap(), receipt.encode());
}

#[tokio::test]
async fn no_peer_can_close_or_pause_the_other() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut client = client(&server, &session.id, &session.token).await;
    let mut agent = node.data(&server, &session.id).await;
    for kind in [
        MessageType::ChannelClosed,
        MessageType::PausePublication,
        MessageType::InteractiveShell,
    ] {
        let forged = Frame::unsequenced(kind, 0, Uuid::new_v4(), 1, Bytes::from_static(b"{}"));
        agent.frame(&forged).await;
        client.frame(&forged).await;
    }
    agent.frame(&input(0, b"as if typed")).await;
    client.frame(&output(0, b"as if printed")).await;
    client
        .frame(&session_state(
            &session.id,
            SessionStateName::Terminating,
            None,
        ))
        .await;
    agent.bytes(Bytes::from_static(b"not a frame")).await;
    agent.frame(&output(0, b"real")).await;
    client.frame(&input(0, b"real")).await;
    assert_eq!(client.next_frame().await.payload, "real");
    assert_eq!(agent.next_frame().await.payload, "real");
}

#[tokio::test]
async fn a_peer_that_sends_only_nonsense_loses_its_connection() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut client = client(&server, &session.id, &session.token).await;
    for _ in 0..65 {
        client.bytes(Bytes::from_static(b"nonsense")).await;
    }
    assert_eq!(
        client.farewell().await,
        Farewell {
            before: vec![],
            output: None
        }
    );
}

#[tokio::test]
async fn output_waits_for_a_client_that_comes_late() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut agent = node.data(&server, &session.id).await;
    agent.frame(&output(0, b"early")).await;
    let mut client = client(&server, &session.id, &session.token).await;
    assert_eq!(client.next_frame().await.payload, "early");
}

#[tokio::test]
async fn an_agent_is_paused_while_too_much_waits_for_an_absent_client() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut agent = node.data(&server, &session.id).await;
    for sequence in 0..10 {
        agent.frame(&output(sequence, &[b'x'; 32 * 1024])).await;
    }
    assert_eq!(
        agent.next_frame().await.message_type,
        MessageType::PausePublication
    );
    let mut client = client(&server, &session.id, &session.token).await;
    assert_eq!(
        agent.next_frame().await.message_type,
        MessageType::StartPublication
    );
    for sequence in 0..10 {
        assert_eq!(client.next_frame().await.sequence, sequence);
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_makes_the_agent_wait_and_loses_nothing() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut client = client(&server, &session.id, &session.token).await;
    let mut agent = node.data(&server, &session.id).await;
    agent.frame(&output(0, b"first")).await;
    assert_eq!(client.next_frame().await.payload, "first");

    let block = vec![b'x'; 64 * 1024];
    let frames: Vec<Bytes> = (1..=1024)
        .map(|sequence| output(sequence, &block).encode())
        .collect();
    let sent = agent
        .send_until_stalled(&frames, Duration::from_secs(2))
        .await;
    // What is taken sits in the gateway's lane and in socket buffers of the kernel, far less than the 64 MiB offered.
    assert!(
        sent < 512,
        "{sent} blocks of 64 KiB were taken from an agent whose client reads nothing"
    );

    // The other direction is not held up by it.
    client.frame(&input(0, b"ctrl-c")).await;
    assert_eq!(agent.next_frame().await.payload, "ctrl-c");

    let reader = tokio::spawn(async move {
        let mut sequences = Vec::new();
        while sequences.len() <= sent {
            sequences.push(client.next_frame().await.sequence);
        }
        sequences
    });
    agent.flush().await;
    let expected: Vec<i64> = (1..=i64::try_from(sent).unwrap() + 1).collect();
    assert_eq!(reader.await.unwrap(), expected);
}

#[tokio::test]
async fn the_farewell_follows_all_output_and_carries_the_reason() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut client = client(&server, &session.id, &session.token).await;
    let mut agent = node.data(&server, &session.id).await;
    let block = vec![b'x'; 16 * 1024];
    for sequence in 0..200 {
        agent.frame(&output(sequence, &block)).await;
        if sequence == 20 {
            // Only now does the client begin to read: most of the output waits in the gateway.
            assert_eq!(client.next_frame().await.sequence, 0);
        }
    }
    let last = session_state(
        &session.id,
        SessionStateName::Terminating,
        Some((TaskStatus::Failed, "The shell broke.")),
    );
    agent.frame(&last).await;
    let farewell = client.farewell().await;
    assert_eq!(farewell.before.len(), 199);
    assert_eq!(farewell.output.as_deref(), Some("The shell broke."));
    let shown = described(&server, "History", &session.id).await.unwrap();
    assert_eq!(
        (&shown["Status"], &shown["Details"]),
        (&json!("Failed"), &json!("The shell broke."))
    );
}

#[tokio::test]
async fn a_session_that_ended_before_its_client_came_still_delivers() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let mut agent = node.data(&server, &session.id).await;
    agent.frame(&output(0, b"all there is")).await;
    agent
        .frame(&session_state(
            &session.id,
            SessionStateName::Terminating,
            None,
        ))
        .await;
    agent.close().await;
    let farewell = client(&server, &session.id, &session.token)
        .await
        .farewell()
        .await;
    assert_eq!(farewell.before.len(), 1);
    assert_eq!(farewell.output.as_deref(), Some(""));
}

fn data_path_bare(session: &str) -> String {
    format!("/v1/data-channel/{session}")
}
