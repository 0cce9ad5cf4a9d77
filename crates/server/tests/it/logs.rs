//! CloudWatch Logs: what is not taken, and that what is taken comes back to the byte and in its order.

use serde_json::{Value, json};

use crate::harness::{Reply, Running};
use crate::kms::text;

pub(crate) const GROUP: &str = "/sessions";
const DAY_MS: u64 = 24 * 3600 * 1000;

pub(crate) async fn admin(server: &Running, operation: &str, input: &Value) -> Reply {
    server.logs(&server.admin, operation, input).await
}

/// A group with one stream.
pub(crate) async fn stream(server: &Running, name: &str) {
    let group = json!({"logGroupName": GROUP});
    let made = admin(server, "CreateLogGroup", &group).await;
    assert!(made.status == 200 || made.refusal().1 == "ResourceAlreadyExistsException");
    let stream = json!({"logGroupName": GROUP, "logStreamName": name});
    admin(server, "CreateLogStream", &stream).await.served();
}

pub(crate) fn batch(stream: &str, events: &[(u64, &str)]) -> Value {
    let event =
        |(timestamp, message): &(u64, &str)| json!({"timestamp": timestamp, "message": message});
    let events: Vec<Value> = events.iter().map(event).collect();
    json!({"logGroupName": GROUP, "logStreamName": stream, "logEvents": events})
}

pub(crate) async fn put(server: &Running, stream: &str, events: &[(u64, &str)]) -> Value {
    admin(server, "PutLogEvents", &batch(stream, events))
        .await
        .served()
        .json()
}

pub(crate) async fn messages(server: &Running, stream: &str) -> Vec<String> {
    let input = json!({"logGroupName": GROUP, "logStreamName": stream, "startFromHead": true});
    let got = admin(server, "GetLogEvents", &input).await.served().json();
    texts(&got)
}

pub(crate) fn texts(page: &Value) -> Vec<String> {
    let events = page["events"].as_array().unwrap();
    events.iter().map(|event| text(&event["message"])).collect()
}

#[tokio::test]
async fn groups_and_streams_that_are_not_there_or_are_twice_are_refused() {
    let server = Running::start().await;
    stream(&server, "a").await;
    for (operation, input, code) in [
        (
            "CreateLogGroup",
            json!({"logGroupName": GROUP}),
            "ResourceAlreadyExistsException",
        ),
        (
            "CreateLogGroup",
            json!({"logGroupName": "a b"}),
            "InvalidParameterException",
        ),
        (
            "CreateLogGroup",
            json!({"logGroupName": "x", "logGroupClass": "INFREQUENT_ACCESS"}),
            "InvalidParameterException",
        ),
        (
            "CreateLogGroup",
            json!({"logGroupName": "x", "tags": {"aws:x": ""}}),
            "InvalidParameterException",
        ),
        (
            "CreateLogGroup",
            json!({"logGroupName": "x", "kmsKeyId": "alias/none"}),
            "NotFoundException",
        ),
        (
            "CreateLogStream",
            json!({"logGroupName": GROUP, "logStreamName": "a"}),
            "ResourceAlreadyExistsException",
        ),
        (
            "CreateLogStream",
            json!({"logGroupName": GROUP, "logStreamName": "a:b"}),
            "InvalidParameterException",
        ),
        (
            "CreateLogStream",
            json!({"logGroupName": GROUP, "logStreamName": "a\u{1b}[2J"}),
            "InvalidParameterException",
        ),
        (
            "CreateLogStream",
            json!({"logGroupName": "none", "logStreamName": "a"}),
            "ResourceNotFoundException",
        ),
        (
            "DeleteLogGroup",
            json!({"logGroupName": "none"}),
            "ResourceNotFoundException",
        ),
        (
            "DeleteLogStream",
            json!({"logGroupName": GROUP, "logStreamName": "none"}),
            "ResourceNotFoundException",
        ),
        (
            "PutRetentionPolicy",
            json!({"logGroupName": GROUP, "retentionInDays": 2}),
            "InvalidParameterException",
        ),
        (
            "GetLogEvents",
            json!({"logGroupName": GROUP, "logStreamName": "none"}),
            "ResourceNotFoundException",
        ),
        (
            "GetLogEvents",
            json!({"logGroupName": GROUP, "logStreamName": "a", "nextToken": "x"}),
            "InvalidParameterException",
        ),
        (
            "GetLogEvents",
            json!({"logGroupName": GROUP, "logStreamName": "a", "limit": 10_001}),
            "InvalidParameterException",
        ),
        (
            "FilterLogEvents",
            json!({"logGroupName": GROUP, "filterPattern": "[a, b]"}),
            "InvalidParameterException",
        ),
        (
            "FilterLogEvents",
            json!({"logGroupName": GROUP, "logStreamNames": ["none"]}),
            "ResourceNotFoundException",
        ),
        ("FilterLogEvents", json!({}), "InvalidParameterException"),
        (
            "DescribeLogGroups",
            json!({"limit": 51}),
            "InvalidParameterException",
        ),
        (
            "DescribeLogStreams",
            json!({"logGroupName": GROUP, "orderBy": "LastEventTime", "logStreamNamePrefix": "a"}),
            "InvalidParameterException",
        ),
    ] {
        admin(&server, operation, &input).await.refused(400, code);
    }
}

#[tokio::test]
async fn a_batch_out_of_its_bounds_is_refused_and_nothing_of_it_is_kept() {
    let server = Running::start().await;
    stream(&server, "a").await;
    let now = server.now();
    let large = "x".repeat(1_048_576 - 25);
    let many = vec![(now, "x"); 10_001];
    for events in [
        &[][..],
        &[(now, "")],
        &[(now, "ok"), (now - 1, "before")],
        &[(now - DAY_MS - 1, "x"), (now, "y")],
        &[(now, &large)],
        &many,
    ] {
        let reply = admin(&server, "PutLogEvents", &batch("a", events)).await;
        reply.refused(400, "InvalidParameterException");
    }
    assert_eq!(messages(&server, "a").await, Vec::<String>::new());
    put(&server, "a", &[(now, &large[1..])]).await;
    assert_eq!(messages(&server, "a").await, [&large[1..]]);
    let full = vec![(now, "x"); 10_000];
    put(&server, "a", &full).await;
}

#[tokio::test]
async fn events_too_old_or_too_new_are_left_out_and_named() {
    let server = Running::start().await;
    stream(&server, "a").await;
    let now = server.now();
    let told = put(&server, "a", &[(now - 14 * DAY_MS - 1, "old")]).await;
    assert_eq!(
        told["rejectedLogEventsInfo"],
        json!({"tooOldLogEventEndIndex": 1})
    );
    let told = put(
        &server,
        "a",
        &[(now, "good"), (now + 2 * 3600 * 1000 + 1, "new")],
    )
    .await;
    assert_eq!(
        told["rejectedLogEventsInfo"],
        json!({"tooNewLogEventStartIndex": 1})
    );
    assert_eq!(messages(&server, "a").await, ["good"]);
    let told = put(&server, "a", &[(now, "again")]).await;
    assert_eq!(told["rejectedLogEventsInfo"], Value::Null);
    assert!(
        text(&told["nextSequenceToken"])
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    );
}

#[tokio::test]
async fn what_was_written_comes_back_to_the_byte_control_characters_and_all() {
    let server = Running::start().await;
    stream(&server, "a").await;
    let now = server.now();
    let strange = [
        "\u{0}\u{1}\u{7f}\u{1b}[2J\u{1b}]52;c;AAAA\u{7}",
        "line\r\nline\ttab",
        "\u{202e}right to left \u{feff}\u{1f600} 全角",
        "{\"__type\":\"x\"}</xml>",
        " ",
    ];
    let events: Vec<(u64, &str)> = strange.iter().map(|message| (now, *message)).collect();
    put(&server, "a", &events).await;
    let server = server.restart().await;
    assert_eq!(messages(&server, "a").await, strange);
}

#[tokio::test]
async fn a_large_body_is_for_log_events_alone_and_has_an_end() {
    let server = Running::start().await;
    stream(&server, "a").await;
    let now = server.now();
    // A mebibyte of control characters is six in JSON.
    let control = "\u{1}".repeat(1_000_000);
    put(&server, "a", &[(now, &control)]).await;
    assert_eq!(messages(&server, "a").await, [control.as_str()]);
    let elsewhere = json!({"logGroupName": GROUP, "filterPattern": control});
    admin(&server, "FilterLogEvents", &elsewhere)
        .await
        .refused(413, "RequestEntityTooLarge");
    let huge = "\u{1}".repeat(1_500_000);
    let reply = admin(&server, "PutLogEvents", &batch("a", &[(now, &huge)])).await;
    reply.refused(413, "RequestEntityTooLarge");
}

#[tokio::test]
async fn slow_senders_of_large_bodies_do_not_keep_others_out() {
    use tokio::io::AsyncWriteExt;

    let server = Running::start().await;
    stream(&server, "a").await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut connection = tokio::net::TcpStream::connect(server.address)
            .await
            .unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\nx-amz-target: Logs_20140328.PutLogEvents\r\n\
             content-length: 7000000\r\n\r\n{{",
            server.address
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        slow.push(connection);
    }
    // From the same address a large batch is told to come again, and a small one is served.
    put(&server, "a", &[(server.now(), "small")]).await;
    let large = "\u{1}".repeat(200_000);
    let events = batch("a", &[(server.now(), &large)]);
    loop {
        let reply = admin(&server, "PutLogEvents", &events).await;
        if reply.status == 200 {
            break;
        }
        reply.refused(400, "ThrottlingException");
        slow.clear();
    }
}
