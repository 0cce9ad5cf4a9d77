//! A session that loses its connection: taken up again with nothing lost, or ended with a word.

use serde_json::json;
use usher_wire::frame::PayloadType;

use crate::api::Api;
use crate::gateway::Gateway;
use crate::program::Plugin;
use crate::terminal::Terminal;

#[tokio::test]
async fn a_session_that_may_not_be_resumed_ends_with_the_reason() {
    let (gateway, plugin, api) = (Gateway::new().await, Plugin::new(), Api::new(&[]).await);
    let mut terminal = Terminal::start(&plugin.session(&gateway.url(), api.url()));
    let mut agent = gateway.accept().await;
    agent.opened().await;
    agent.hang_up();
    terminal
        .expect("could not be made again: you may not (AccessDeniedException)")
        .await;
    terminal.expect("hint: ").await;
    assert_eq!(terminal.end().await.code(), Some(1));
    assert!(terminal.is_as_before());
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_has_timed_out() {
    let ended = json!({"SessionId": "alice-1"});
    let (gateway, plugin) = (Gateway::new().await, Plugin::new());
    let api = Api::new(&[("ResumeSession", ended)]).await;
    let mut terminal = Terminal::start(&plugin.session(&gateway.url(), api.url()));
    let mut agent = gateway.accept().await;
    agent.opened().await;
    agent.hang_up();
    terminal.expect("Session: alice-1 timed out.").await;
    assert_eq!(terminal.end().await.code(), Some(0));
    assert!(terminal.is_as_before());
}

#[tokio::test]
async fn a_lost_connection_is_made_again_with_a_new_token_and_nothing_is_lost() {
    let (gateway, plugin) = (Gateway::new().await, Plugin::new());
    let resumed =
        json!({"SessionId": "alice-1", "TokenValue": "second-token", "StreamUrl": gateway.url()});
    let api = Api::new(&[("ResumeSession", resumed)]).await;
    let mut terminal = Terminal::start(&plugin.session(&gateway.url(), api.url()));
    let mut agent = gateway.accept().await;
    agent.opened().await;
    agent.send(PayloadType::Output, b"one ").await;
    terminal.expect("one ").await;
    let client = agent.open.client_id.clone();

    // In flight when the line breaks; and typed while it is down.
    agent.send_soon(b"two ").await;
    agent.hang_up();
    terminal.expect("making it again").await;
    terminal.send(b"ls\r");
    gateway.accept_again(&mut agent).await;
    assert_eq!(agent.open.token_value.expose(), "second-token");
    assert_eq!(agent.open.client_id, client);
    assert_eq!(agent.typed(b"\r").await, b"ls\r");
    agent.send(PayloadType::Output, b"three").await;
    terminal.expect("three").await;
    assert_eq!(api.called(), ["ResumeSession"]);

    agent.close("").await;
    terminal.expect("Exiting session").await;
    assert_eq!(terminal.end().await.code(), Some(0));
}
