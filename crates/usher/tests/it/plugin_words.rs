//! The plugin without a session: its words, its texts, and what keeps a session from being held.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::program::{Plugin, answer, complained, output, said};

async fn run(words: &[&str]) -> (Option<i32>, String) {
    let plugin = Plugin::new();
    let output = output(plugin.words(words)).await;
    (output.status.code(), said(&output))
}

#[tokio::test]
async fn an_answer_without_a_token_ends_as_awss_plugin_does() {
    let (code, text) = run(&[
        r#"{"SessionId":"s","StreamUrl":"ws://h/"}"#,
        "usher-1",
        "StartSession",
    ])
    .await;
    assert_eq!(code, Some(2));
    assert_eq!(
        text,
        "Cannot perform start session: the StartSession response has no TokenValue\n"
    );
}

#[tokio::test]
async fn an_empty_variable_is_an_answer_without_anything() {
    let (code, _) = run(&[
        "AWS_SSM_START_SESSION_RESPONSE_X",
        "usher-1",
        "StartSession",
    ])
    .await;
    assert_eq!(code, Some(2));
}

#[tokio::test]
async fn other_operations_are_invalid() {
    assert_eq!(
        run(&["{}", "usher-1", "TerminateSession"]).await,
        (Some(0), "Invalid Operation".to_owned())
    );
}

#[tokio::test]
async fn too_few_words_are_an_unknown_operation() {
    let text = "\nUnknown operation version. \nUse session-manager-plugin --version to check the version.\n\n";
    assert_eq!(run(&["version"]).await, (Some(0), text.to_owned()));
}

#[tokio::test]
async fn without_words_it_says_that_it_is_installed() {
    let text = "\nThe Session Manager plugin was installed successfully. Use the AWS CLI to start a session.\n\n";
    assert_eq!(run(&[]).await, (Some(0), text.to_owned()));
}

#[tokio::test]
async fn its_version_makes_the_aws_command_hide_the_token() {
    assert_eq!(
        run(&["--version"]).await,
        (Some(0), "1.2.900.0\n".to_owned())
    );
}

#[tokio::test]
async fn a_gateway_that_refuses_is_reported_with_status_and_reason() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "ws://{}/v1/data-channel/alice-1",
        listener.local_addr().unwrap()
    );
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        let body = r#"{"message":"not\u001b[2Jyours"}"#;
        let answer = format!(
            "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let plugin = Plugin::new();
    let output = output(plugin.session(&url, "http://127.0.0.1:1")).await;
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output);
    assert!(
        text.starts_with("\nStarting session with SessionId: alice-1\n"),
        "{text}"
    );
    assert!(text.contains("Cannot perform start session: "), "{text}");
    // The reason is shown, and what a terminal would obey in it is not.
    assert!(
        text.contains("HTTP status 403: not\\u{1b}[2Jyours"),
        "{text}"
    );
    assert_eq!(complained(&output), "");
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_reported_after_the_protocols_retries() {
    // Port 1 is nobody's; one that was just given back might be another test's.
    let url = "ws://127.0.0.1:1/";
    let plugin = Plugin::new();
    let response = answer(url);
    let output = output(plugin.words(&[&response, "usher-1", "StartSession"])).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("cannot be reached: "),
        "{}",
        said(&output)
    );
}
