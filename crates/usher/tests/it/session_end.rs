//! How a session ends under the plugin's name: texts and statuses, which scripts rely on.

use std::process::{Output, Stdio};

use usher_wire::frame::{MessageType, PayloadType};

use crate::api::Api;
use crate::gateway::{Agent, Gateway};
use crate::program::{DEADLINE, Plugin, said};

/// Holds a session without a terminal whose other end does as `play` says.
async fn held<F>(variable: Option<&str>, play: F) -> Output
where
    F: AsyncFnOnce(&mut Agent),
{
    let (gateway, plugin, api) = (Gateway::new().await, Plugin::new(), Api::new(&[]).await);
    let mut command = plugin.session(&gateway.url(), api.url());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(name) = variable {
        command.env(name, "1");
    }
    let mut child = command.spawn().unwrap();
    let stdin = child.stdin.take();
    let mut agent = gateway.accept().await;
    play(&mut agent).await;
    let output = tokio::time::timeout(DEADLINE, child.wait_with_output()).await;
    drop(stdin);
    output.expect("the plugin did not end").unwrap()
}

#[tokio::test]
async fn a_refused_session_says_why_and_ends_with_zero() {
    let output = held(None, async |agent| {
        agent.close("root is never allowed").await;
    })
    .await;
    assert_eq!(output.status.code(), Some(0));
    let expected = "\nStarting session with SessionId: alice-1\n\n\nSessionId: alice-1 : root is never allowed\n\n";
    assert_eq!(said(&output), expected);
}

#[tokio::test]
async fn a_reason_cannot_steer_the_terminal() {
    let output = held(None, async |agent| agent.close("a\u{1b}]0;x\u{7}\rb").await).await;
    assert!(
        said(&output).contains("SessionId: alice-1 : a\\u{1b}]0;x\\u{7}\\u{d}b\n"),
        "{}",
        said(&output)
    );
}

#[tokio::test]
async fn an_agent_that_breaks_the_protocol_is_reported() {
    let output = held(None, async |agent| {
        let junk = bytes::Bytes::from_static(b"junk");
        agent
            .send_frame(
                MessageType::OutputStreamData,
                PayloadType::HandshakeRequest,
                0,
                junk,
            )
            .await;
    })
    .await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("Cannot perform start session: the session was ended"),
        "{}",
        said(&output)
    );
}

async fn exits_with_seven(agent: &mut Agent) {
    agent.opened().await;
    agent.send(PayloadType::Output, b"bye\n").await;
    agent.send(PayloadType::ExitCode, b"7").await;
    agent.close("").await;
}

#[tokio::test]
async fn an_ended_shell_is_an_exit_with_zero_whatever_its_status() {
    let output = held(None, exits_with_seven).await;
    assert_eq!(output.status.code(), Some(0));
    let expected = "\nStarting session with SessionId: alice-1\nbye\n\n\nExiting session with sessionId: alice-1.\n\n";
    assert_eq!(said(&output), expected);
}

#[tokio::test]
async fn the_real_status_is_there_for_the_asking() {
    let output = held(Some("USHER_PLUGIN_EXIT_STATUS"), exits_with_seven).await;
    assert_eq!(output.status.code(), Some(7));
}

#[tokio::test]
async fn the_client_says_who_it_is_and_what_it_was_given() {
    held(None, async |agent| {
        assert_eq!(agent.open.token_value.expose(), "first-token");
        assert_eq!(agent.open.client_version.as_deref(), Some("1.2.900.0"));
        assert_eq!(agent.open.client_id.len(), 36);
        let terminal = agent.opened().await.unwrap();
        assert_eq!((terminal.cols, terminal.rows), (300, 100));
        assert_eq!(terminal.term, "xterm-256color");
        agent.close("").await;
    })
    .await;
}
