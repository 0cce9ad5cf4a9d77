//! A session that loses its connection: taken up again with nothing lost, or ended with a word.

use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
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
async fn a_farewell_that_is_lost_with_the_connection_does_not_hide_how_the_shell_ended() {
    let ended = json!({"SessionId": "alice-1"});
    let (gateway, plugin) = (Gateway::new().await, Plugin::new());
    let api = Api::new(&[("ResumeSession", ended)]).await;
    let mut command = plugin.session(&gateway.url(), api.url());
    command.env("USHER_PLUGIN_EXIT_STATUS", "1");
    let mut terminal = Terminal::start(&command);
    let mut agent = gateway.accept().await;
    agent.opened().await;
    agent.send(PayloadType::ExitCode, b"EXIT_CODE: 7").await;
    agent.hang_up();
    terminal
        .expect("Exiting session with sessionId: alice-1.")
        .await;
    assert_eq!(terminal.end().await.code(), Some(7));
}

#[tokio::test]
async fn input_from_a_pipe_that_looks_like_control_c_leaves_no_session() {
    let (gateway, plugin) = (Gateway::new().await, Plugin::new());
    let resumed =
        json!({"SessionId": "alice-1", "TokenValue": "second-token", "StreamUrl": gateway.url()});
    let api = Api::new(&[("ResumeSession", resumed)]).await;
    let mut command = plugin.session(&gateway.url(), api.url());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, stderr) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
    let mut agent = gateway.accept().await;
    agent.opened().await;
    agent.hang_up();
    let mut said = BufReader::new(stderr).lines();
    while !said
        .next_line()
        .await
        .unwrap()
        .unwrap()
        .contains("making it again")
    {}
    stdin.write_all(b"\x03data").await.unwrap();
    gateway.accept_again(&mut agent).await;
    assert_eq!(agent.typed(b"data").await, b"\x03data");
    agent.close("").await;
}

#[tokio::test]
async fn a_quiet_session_outlives_any_number_of_lost_connections() {
    let (gateway, plugin) = (Gateway::new().await, Plugin::new());
    let resumed =
        json!({"SessionId": "alice-1", "TokenValue": "second-token", "StreamUrl": gateway.url()});
    let api = Api::new(&[("ResumeSession", resumed)]).await;
    let mut terminal = Terminal::start(&plugin.session(&gateway.url(), api.url()));
    let mut agent = gateway.accept().await;
    agent.opened().await;
    for _ in 0..8 {
        agent.hang_up();
        gateway.accept_again(&mut agent).await;
    }
    agent.send(PayloadType::Output, b"still here").await;
    terminal.expect("still here").await;
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
