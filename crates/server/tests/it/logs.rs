//! CloudWatch Logs: what is not taken, and that what is taken comes back to the byte and in its order.

use serde_json::{Value, json};

use crate::harness::{Keys, Reply, Running};
use crate::kms::{key, text};
use crate::nodes::node_with_keys;
use crate::roles::policy;

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
async fn pages_lead_forward_and_backward_and_end_with_the_token_that_was_given() {
    let server = Running::start().await;
    stream(&server, "a").await;
    let now = server.now();
    // Written out of order, and several at one time.
    put(
        &server,
        "a",
        &[(now + 2, "c"), (now + 2, "d"), (now + 4, "f")],
    )
    .await;
    put(&server, "a", &[(now, "a"), (now + 1, "b"), (now + 3, "e")]).await;
    let get = async |token: Option<&Value>, head: bool| {
        let input = json!({"logGroupName": GROUP, "logStreamName": "a", "limit": 2, "startFromHead": head, "nextToken": token});
        admin(&server, "GetLogEvents", &input).await.served().json()
    };
    let mut page = get(None, true).await;
    let mut all = texts(&page);
    loop {
        let next = get(Some(&page["nextForwardToken"]), true).await;
        if texts(&next).is_empty() {
            assert_eq!(next["nextForwardToken"], page["nextForwardToken"]);
            break;
        }
        all.extend(texts(&next));
        page = next;
    }
    assert_eq!(all, ["a", "b", "c", "d", "e", "f"]);
    let last = get(None, false).await;
    assert_eq!(texts(&last), ["e", "f"]);
    let before = get(Some(&last["nextBackwardToken"]), false).await;
    assert_eq!(texts(&before), ["c", "d"]);
    put(&server, "a", &[(now + 9, "g")]).await;
    let later = get(Some(&page["nextForwardToken"]), true).await;
    assert_eq!(texts(&later), ["g"]);
    let input = json!({"logGroupName": GROUP, "logStreamName": "a", "startFromHead": true, "startTime": now + 1, "endTime": now + 3});
    let part = admin(&server, "GetLogEvents", &input).await.served().json();
    assert_eq!(texts(&part), ["b", "c", "d"]);
}

#[tokio::test]
async fn a_page_is_no_larger_than_a_megabyte() {
    let server = Running::start().await;
    stream(&server, "a").await;
    let now = server.now();
    let large = "x".repeat(600_000);
    for number in 0..3 {
        put(&server, "a", &[(now + number, &large)]).await;
    }
    let input = json!({"logGroupName": GROUP, "logStreamName": "a", "startFromHead": true});
    let page = admin(&server, "GetLogEvents", &input).await.served().json();
    assert_eq!(texts(&page).len(), 1);
}

#[tokio::test]
async fn a_search_finds_what_matches_in_all_streams_in_the_order_of_time() {
    let server = Running::start().await;
    for name in ["web-1", "web-2", "db-1"] {
        stream(&server, name).await;
    }
    let now = server.now();
    put(&server, "web-1", &[(now, "ERROR one"), (now + 3, "fine")]).await;
    put(
        &server,
        "web-2",
        &[
            (now + 1, "ERROR two"),
            (now + 4, "{\"user\":\"alice\",\"code\":500}"),
        ],
    )
    .await;
    put(&server, "db-1", &[(now + 2, "ERROR three")]).await;
    let search = async |more: Value| {
        let mut input = json!({"logGroupName": GROUP});
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        admin(&server, "FilterLogEvents", &input)
            .await
            .served()
            .json()
    };
    let found = search(json!({"filterPattern": "ERROR"})).await;
    assert_eq!(texts(&found), ["ERROR one", "ERROR two", "ERROR three"]);
    assert_eq!(found["events"][2]["logStreamName"], "db-1");
    assert_eq!(
        texts(&search(json!({"filterPattern": "ERROR -two"})).await),
        ["ERROR one", "ERROR three"]
    );
    assert_eq!(
        texts(&search(json!({"filterPattern": "{ $.code >= 500 }"})).await).len(),
        1
    );
    assert_eq!(
        texts(&search(json!({"logStreamNamePrefix": "web-", "filterPattern": "ERROR"})).await),
        ["ERROR one", "ERROR two"]
    );
    assert_eq!(
        texts(&search(json!({"logStreamNames": ["db-1"]})).await),
        ["ERROR three"]
    );
    assert_eq!(
        texts(&search(json!({"startTime": now + 2, "endTime": now + 4})).await),
        ["ERROR three", "fine"]
    );
    // A page at a time, as a reader that follows does it.
    let mut all = Vec::new();
    let mut input = json!({"limit": 2});
    loop {
        let page = search(input).await;
        all.extend(texts(&page));
        match page["nextToken"].as_str() {
            Some(token) => input = json!({"limit": 2, "nextToken": token}),
            None => break,
        }
    }
    assert_eq!(all.len(), 5);
}

#[tokio::test]
async fn retention_hides_at_once_and_removes_in_time() {
    let server = Running::start().await;
    stream(&server, "a").await;
    put(&server, "a", &[(server.now(), "first")]).await;
    server.pass(24 * 3600 + 1);
    put(&server, "a", &[(server.now(), "second")]).await;
    let input = json!({"logGroupName": GROUP, "retentionInDays": 1});
    admin(&server, "PutRetentionPolicy", &input).await.served();
    assert_eq!(messages(&server, "a").await, ["second"]);
    let described = admin(&server, "DescribeLogGroups", &json!({}))
        .await
        .served()
        .json();
    assert_eq!(described["logGroups"][0]["retentionInDays"], 1);
    let bytes = described["logGroups"][0]["storedBytes"].as_i64().unwrap();
    let server = server.restart().await;
    let smaller = async || {
        let described = admin(&server, "DescribeLogGroups", &json!({}))
            .await
            .served()
            .json();
        described["logGroups"][0]["storedBytes"].as_i64().unwrap() < bytes
    };
    // The chore runs beside the first calls after a start.
    while !smaller().await {}
    admin(
        &server,
        "DeleteRetentionPolicy",
        &json!({"logGroupName": GROUP}),
    )
    .await
    .served();
    assert_eq!(messages(&server, "a").await, ["second"]);
}

#[tokio::test]
async fn a_group_under_a_kms_key_is_closed_while_the_key_is() {
    let server = Running::start().await;
    let id = key(&server, &json!({})).await;
    let stranger = server
        .user(
            "stranger",
            &policy(&json!({"Effect": "Allow", "Action": "logs:*", "Resource": "*"})),
        )
        .await;
    let with_key = json!({"logGroupName": GROUP, "kmsKeyId": id});
    // Who may not use a key does not name it for others' logs.
    server
        .logs(&stranger, "CreateLogGroup", &with_key)
        .await
        .refused(400, "AccessDeniedException");
    admin(&server, "CreateLogGroup", &with_key).await.served();
    stream(&server, "a").await;
    let now = server.now();
    put(&server, "a", &[(now, "under the key")]).await;
    let described = admin(
        &server,
        "DescribeLogGroups",
        &json!({"logGroupNamePrefix": GROUP}),
    )
    .await
    .served()
    .json();
    assert_eq!(
        described["logGroups"][0]["kmsKeyId"],
        format!("arn:aws:kms:usher-1:000000000000:key/{id}")
    );
    server
        .kms(&server.admin, "DisableKey", &json!({"KeyId": id}))
        .await
        .served();
    let read = json!({"logGroupName": GROUP, "logStreamName": "a"});
    admin(&server, "GetLogEvents", &read)
        .await
        .refused(400, "AccessDeniedException");
    admin(&server, "PutLogEvents", &batch("a", &[(now, "x")]))
        .await
        .refused(400, "AccessDeniedException");
    // Without the key what comes is under the root key; what was before stays closed.
    admin(
        &server,
        "DisassociateKmsKey",
        &json!({"logGroupName": GROUP}),
    )
    .await
    .served();
    put(&server, "a", &[(now + 1, "under the root key")]).await;
    admin(&server, "GetLogEvents", &read)
        .await
        .refused(400, "AccessDeniedException");
    server
        .kms(&server.admin, "EnableKey", &json!({"KeyId": id}))
        .await
        .served();
    assert_eq!(
        messages(&server, "a").await,
        ["under the key", "under the root key"]
    );
}

#[tokio::test]
async fn no_message_is_in_the_database_in_the_clear() {
    let server = Running::start().await;
    stream(&server, "the-stream-name").await;
    put(
        &server,
        "the-stream-name",
        &[(server.now(), "marker-of-the-message")],
    )
    .await;
    let folder = server.data_dir();
    let server = server.restart().await;
    let read = |file: &str| std::fs::read(folder.join(file)).unwrap_or_default();
    let database = [read("usher.db"), read("usher.db-wal")].concat();
    let holds = |marker: &str| {
        database
            .windows(marker.len())
            .any(|part| part == marker.as_bytes())
    };
    assert!(!holds("marker-of-the-message"));
    assert!(holds("the-stream-name"), "this is not the database");
    drop(server);
}

#[tokio::test]
async fn a_node_writes_only_the_streams_of_its_own_sessions() {
    let server = Running::start().await;
    let (_, keys) = node_with_keys(&server).await;
    stream(&server, "alice-0123456789abcdef0").await;
    let now = server.now();
    for (operation, input) in [
        (
            "CreateLogStream",
            json!({"logGroupName": GROUP, "logStreamName": "mine"}),
        ),
        (
            "PutLogEvents",
            batch("alice-0123456789abcdef0", &[(now, "x")]),
        ),
        ("DescribeLogStreams", json!({"logGroupName": GROUP})),
        (
            "GetLogEvents",
            json!({"logGroupName": GROUP, "logStreamName": "alice-0123456789abcdef0"}),
        ),
        ("FilterLogEvents", json!({"logGroupName": GROUP})),
        (
            "DeleteLogStream",
            json!({"logGroupName": GROUP, "logStreamName": "alice-0123456789abcdef0"}),
        ),
        ("DeleteLogGroup", json!({"logGroupName": GROUP})),
        (
            "PutRetentionPolicy",
            json!({"logGroupName": GROUP, "retentionInDays": 1}),
        ),
        ("CreateLogGroup", json!({"logGroupName": "x"})),
    ] {
        server
            .logs(&keys, operation, &input)
            .await
            .refused(400, "AccessDeniedException");
    }
    server
        .logs(&keys, "DescribeLogGroups", &json!({}))
        .await
        .served();
}

#[tokio::test]
async fn a_policy_can_name_groups_and_streams() {
    let server = Running::start().await;
    stream(&server, "a").await;
    let arn = "arn:aws:logs:usher-1:000000000000:log-group:/sessions";
    let may = |resource: String| {
        policy(&json!({"Effect": "Allow", "Action": "logs:*", "Resource": resource}))
    };
    let reads = async |keys: &Keys| {
        let input = json!({"logGroupName": GROUP, "logStreamName": "a"});
        server.logs(keys, "GetLogEvents", &input).await.status == 200
    };
    for (name, resource, expected) in [
        ("u1", format!("{arn}-other:*"), false),
        ("u2", format!("{arn}:log-stream:b"), false),
        ("u3", arn.to_owned(), true),
        ("u4", format!("{arn}:*"), true),
        ("u5", format!("{arn}:log-stream:a"), true),
    ] {
        let keys = server.user(name, &may(resource)).await;
        assert_eq!(reads(&keys).await, expected, "{name}");
    }
}

#[tokio::test]
async fn groups_have_tags_by_both_families_of_operations() {
    let server = Running::start().await;
    stream(&server, "a").await;
    let arn = "arn:aws:logs:usher-1:000000000000:log-group:/sessions:*";
    admin(
        &server,
        "TagResource",
        &json!({"resourceArn": arn, "tags": {"team": "web"}}),
    )
    .await
    .served();
    admin(
        &server,
        "TagLogGroup",
        &json!({"logGroupName": GROUP, "tags": {"owner": "ops"}}),
    )
    .await
    .served();
    let listed = admin(&server, "ListTagsForResource", &json!({"resourceArn": arn}))
        .await
        .served()
        .json();
    assert_eq!(listed["tags"], json!({"owner": "ops", "team": "web"}));
    admin(
        &server,
        "UntagLogGroup",
        &json!({"logGroupName": GROUP, "tags": ["owner"]}),
    )
    .await
    .served();
    admin(
        &server,
        "UntagResource",
        &json!({"resourceArn": arn, "tagKeys": ["team"]}),
    )
    .await
    .served();
    let listed = admin(&server, "ListTagsLogGroup", &json!({"logGroupName": GROUP}))
        .await
        .served()
        .json();
    assert_eq!(listed["tags"], json!({}));
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
