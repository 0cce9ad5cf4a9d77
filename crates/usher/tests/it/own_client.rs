//! `usher start-session` and `usher nodes`: the shell's status, data alone on standard output, names for nodes.

use std::process::{Output, Stdio};

use serde_json::{Value, json};
use usher_wire::frame::PayloadType;

use crate::api::Api;
use crate::gateway::{Agent, Gateway};
use crate::program::{DEADLINE, complained, output, said, usher};

fn nodes() -> Value {
    json!({"InstanceInformationList": [
        {"InstanceId": "mi-0123456789abcdef0", "ComputerName": "web-1.example", "PingStatus": "Online"},
        {"InstanceId": "mi-00000000000000002", "ComputerName": "db.example", "PingStatus": "Online"},
        {"InstanceId": "mi-00000000000000003", "ComputerName": "db.other", "PingStatus": "ConnectionLost"},
    ]})
}

/// Holds a session on `target` whose other end does as `play` says.
async fn held<F>(target: &str, play: F) -> (Output, Vec<String>)
where
    F: AsyncFnOnce(&mut Agent),
{
    let gateway = Gateway::new().await;
    let started = json!({"SessionId": "alice-1", "TokenValue": "t", "StreamUrl": gateway.url()});
    let api = Api::new(&[
        ("StartSession", started),
        ("DescribeInstanceInformation", nodes()),
    ])
    .await;
    let mut command = usher();
    command.args(["start-session", target, "--endpoint-url", api.url()]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let stdin = child.stdin.take();
    let mut agent = gateway.accept().await;
    play(&mut agent).await;
    let output = tokio::time::timeout(DEADLINE, child.wait_with_output()).await;
    drop(stdin);
    (
        output.expect("the client did not end").unwrap(),
        api.called(),
    )
}

async fn failed(words: &[&str], api: &Api) -> String {
    let mut command = usher();
    command.args(words).args(["--endpoint-url", api.url()]);
    let output = output(command).await;
    assert_eq!(output.status.code(), Some(255));
    assert_eq!(said(&output), "");
    complained(&output)
}

#[tokio::test]
async fn a_refused_session_is_a_failure_with_its_reason() {
    let (output, _) = held("mi-0123456789abcdef0", async |agent| {
        agent.close("bob does not exist on mi-0").await;
    })
    .await;
    assert_eq!(output.status.code(), Some(255));
    assert_eq!(said(&output), "");
    assert_eq!(complained(&output), "usher: bob does not exist on mi-0\n");
}

#[tokio::test]
async fn a_session_that_was_ended_from_outside_is_a_failure() {
    let (output, _) = held("mi-0123456789abcdef0", async |agent| {
        agent.opened().await;
        agent.close("").await;
    })
    .await;
    assert_eq!(output.status.code(), Some(255));
    assert!(
        complained(&output).contains("ended from outside"),
        "{}",
        complained(&output)
    );
}

#[tokio::test]
async fn a_refusal_of_the_api_is_shown_in_its_words() {
    let api = Api::new(&[]).await;
    let text = failed(&["start-session", "mi-0123456789abcdef0"], &api).await;
    assert_eq!(text, "usher: you may not (AccessDeniedException)\n");
}

#[tokio::test]
async fn an_ambiguous_name_lists_the_candidates() {
    let api = Api::new(&[("DescribeInstanceInformation", nodes())]).await;
    let text = failed(&["start-session", "db"], &api).await;
    assert!(
        text.contains("mi-00000000000000002  db.example")
            && text.contains("mi-00000000000000003  db.other"),
        "{text}"
    );
    assert!(
        text.contains("\n\nhint: name the node by its id\n"),
        "{text}"
    );
}

#[tokio::test]
async fn without_a_region_it_says_how_to_give_one() {
    let mut command = usher();
    command.args(["nodes"]).env_remove("AWS_REGION");
    let output = output(command).await;
    assert_eq!(output.status.code(), Some(255));
    assert!(
        complained(&output).contains("\n\nhint: set AWS_REGION"),
        "{}",
        complained(&output)
    );
}

#[tokio::test]
async fn the_shells_status_is_ours_and_standard_output_is_the_sessions() {
    let (output, called) = held("web-1", async |agent| {
        agent.opened().await;
        agent.send(PayloadType::Output, b"out").await;
        agent.send(PayloadType::StdErr, b"err").await;
        agent.send(PayloadType::ExitCode, b"EXIT_CODE: 7").await;
        agent.close("").await;
    })
    .await;
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(
        (said(&output).as_str(), complained(&output).as_str()),
        ("out", "err")
    );
    assert_eq!(called, ["DescribeInstanceInformation", "StartSession"]);
}

#[tokio::test]
async fn an_id_needs_no_list_of_nodes() {
    let (_, called) = held("mi-0123456789abcdef0", async |agent| agent.close("").await).await;
    assert_eq!(called, ["StartSession"]);
}

#[tokio::test]
async fn nodes_are_listed_as_json() {
    let api = Api::new(&[("DescribeInstanceInformation", nodes())]).await;
    let mut command = usher();
    command.args(["nodes", "--output", "json", "--endpoint-url", api.url()]);
    let output = output(command).await;
    assert_eq!(output.status.code(), Some(0));
    let listed: Value = serde_json::from_str(&said(&output)).unwrap();
    assert_eq!(
        listed["InstanceInformationList"][2]["PingStatus"],
        "ConnectionLost"
    );
}
