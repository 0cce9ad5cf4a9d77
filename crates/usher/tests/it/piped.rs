//! Input from a pipe: everything is delivered, its end is passed on, and nothing the node says is lost.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use usher_wire::frame::PayloadType;

use crate::api::Api;
use crate::gateway::Gateway;
use crate::program::{DEADLINE, Plugin, said};

#[tokio::test]
async fn output_after_the_end_of_input_is_kept() {
    let (gateway, plugin, api) = (Gateway::new().await, Plugin::new(), Api::new(&[]).await);
    let mut command = plugin.session(&gateway.url(), api.url());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"uname\n").await.unwrap();
    drop(stdin);
    // Read all the while: a pipe that is not read holds the session up, as it should.
    let output = tokio::spawn(child.wait_with_output());

    let mut agent = gateway.accept().await;
    agent.opened().await;
    // The end of a pipe is the end of file of a terminal.
    assert_eq!(agent.typed(b"\x04").await, b"uname\n\x04");
    let long = vec![b'x'; 300_000];
    agent.send(PayloadType::Output, &long).await;
    agent.send(PayloadType::StdErr, b"warning\n").await;
    agent.close("").await;

    let output = tokio::time::timeout(DEADLINE, output)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = said(&output);
    let kept = text
        .strip_prefix("\nStarting session with SessionId: alice-1\n")
        .unwrap();
    let kept = kept
        .strip_suffix("\n\nExiting session with sessionId: alice-1.\n\n")
        .unwrap();
    assert_eq!(kept.len(), long.len() + "warning\n".len());
    assert!(kept.ends_with("xwarning\n"));
}

#[tokio::test]
async fn more_input_than_fits_waits_and_arrives_whole() {
    let (gateway, plugin, api) = (Gateway::new().await, Plugin::new(), Api::new(&[]).await);
    let mut command = plugin.session(&gateway.url(), api.url());
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let long: Vec<u8> = (0..6_000_000_u32)
        .map(|n| b'a' + u8::try_from(n % 26).unwrap())
        .collect();
    let expected = long.clone();
    let writing = tokio::spawn(async move {
        stdin.write_all(&long).await.unwrap();
        drop(stdin);
    });
    let mut agent = gateway.accept().await;
    agent.opened().await;
    let typed = agent.typed(b"\x04").await;
    assert_eq!(typed.len(), expected.len() + 1);
    assert!(typed.starts_with(&expected));
    writing.await.unwrap();
    agent.close("").await;
    assert!(
        tokio::time::timeout(DEADLINE, child.wait())
            .await
            .unwrap()
            .unwrap()
            .success()
    );
}
