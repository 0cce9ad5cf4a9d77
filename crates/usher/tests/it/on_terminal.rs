//! A session on a real terminal: it is given back on every way out, and its keys belong to the node.

use rustix::process::Signal;
use tokio::process::Command;
use usher_wire::frame::{MessageType, PayloadType};

use crate::api::Api;
use crate::gateway::{Agent, Gateway};
use crate::program::{Plugin, text};
use crate::terminal::Terminal;

struct Held {
    terminal: Terminal,
    agent: Agent,
    _plugin: Plugin,
    _gateway: Gateway,
}

/// An open session, started as the aws command does: with the keyboard's signals ignored.
async fn held() -> Held {
    let (gateway, plugin, api) = (Gateway::new().await, Plugin::new(), Api::new(&[]).await);
    let session = plugin.session(&gateway.url(), api.url());
    let mut ignoring = Command::new("sh");
    ignoring.args([
        "-c",
        "trap '' INT QUIT TSTP; exec \"$0\" \"$@\"",
        text(&plugin.path()),
    ]);
    ignoring.args(session.as_std().get_args());
    ignoring.envs(
        session
            .as_std()
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let terminal = Terminal::start(&ignoring);
    let mut agent = gateway.accept().await;
    let told = agent.opened().await.unwrap();
    assert_eq!((told.cols, told.rows), (80, 24));
    let mut held = Held {
        terminal,
        agent,
        _plugin: plugin,
        _gateway: gateway,
    };
    held.agent.send(PayloadType::Output, b"$ ").await;
    held.terminal.expect("$ ").await;
    assert!(!held.terminal.is_as_before(), "the terminal is not raw");
    held
}

#[tokio::test]
async fn the_terminal_is_given_back_when_we_are_told_to_end() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut held = held().await;
        held.terminal.signal(signal);
        assert_eq!(held.terminal.end().await.code(), Some(status));
        assert!(held.terminal.is_as_before());
    }
}

#[tokio::test]
async fn the_terminal_is_given_back_when_the_agent_breaks_the_protocol() {
    let mut held = held().await;
    let junk = bytes::Bytes::from_static(b"junk");
    held.agent
        .send_frame(
            MessageType::OutputStreamData,
            PayloadType::HandshakeComplete,
            3,
            junk,
        )
        .await;
    held.terminal.expect("the session was ended").await;
    assert_eq!(held.terminal.end().await.code(), Some(1));
    assert!(held.terminal.is_as_before());
}

#[tokio::test]
async fn the_terminal_is_given_back_before_the_end_is_told() {
    let mut held = held().await;
    held.agent.close("").await;
    // With the line discipline back, each line feed is preceded by a carriage return again.
    held.terminal
        .expect("\r\n\r\nExiting session with sessionId: alice-1.\r\n\r\n")
        .await;
    assert_eq!(held.terminal.end().await.code(), Some(0));
    assert!(held.terminal.is_as_before());
}

#[tokio::test]
async fn keys_that_would_be_signals_reach_the_node() {
    let mut held = held().await;
    held.terminal.send(b"\x03");
    assert_eq!(held.agent.typed(b"\x03").await, b"\x03");
    held.terminal.send(b"\x1c\x1a");
    assert_eq!(held.agent.typed(b"\x1a").await, b"\x1c\x1a");
    held.terminal.send(b"ls\r");
    assert_eq!(held.agent.typed(b"\r").await, b"ls\r");
}

#[tokio::test]
async fn signals_sent_to_us_become_keys_although_they_were_ignored() {
    let mut held = held().await;
    for (signal, key) in [
        (Signal::INT, b"\x03"),
        (Signal::QUIT, b"\x1c"),
        (Signal::TSTP, b"\x1a"),
    ] {
        held.terminal.signal(signal);
        assert_eq!(held.agent.typed(key).await, key);
    }
}

#[tokio::test]
async fn another_window_size_is_told() {
    let mut held = held().await;
    held.terminal.resize(132, 50);
    held.agent.resized(132, 50).await;
}

#[tokio::test]
async fn ctrl_c_ends_a_client_that_waits_for_its_session() {
    let (gateway, plugin, api) = (Gateway::new().await, Plugin::new(), Api::new(&[]).await);
    let mut terminal = Terminal::start(&plugin.session(&gateway.url(), api.url()));
    terminal.expect("Starting session").await;
    let _agent = gateway.accept().await;
    terminal.send(b"\x03");
    assert_eq!(terminal.end().await.code(), Some(130));
    assert!(terminal.is_as_before());
}

#[tokio::test]
async fn an_interrupt_takes_back_the_paste_that_has_not_left() {
    let mut held = held().await;
    // The agent takes nothing for now, so that most of it waits at the client, and some in the terminal.
    held.terminal.send(&[b'x'; 600_000]);
    held.terminal.signal(Signal::INT);
    let before = held.agent.typed(b"\x03").await;
    assert!(before.len() < 300_000, "{} bytes went ahead", before.len());
    held.terminal.send(b"end");
    let after = held.agent.typed(b"end").await;
    let arrived = before.len() + after.len();
    assert!(arrived < 400_000, "{arrived} bytes arrived all the same");
}

#[tokio::test]
async fn escapes_after_enter_are_not_sent_and_explain_themselves() {
    let mut held = held().await;
    held.terminal.send(b"ls ~.\r~?");
    held.terminal.expect("~.  end the session").await;
    held.terminal.send(b"\r~~.x");
    assert_eq!(held.agent.typed(b"x").await, b"ls ~.\r\r~.x");
}
