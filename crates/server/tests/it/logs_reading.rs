//! Reading logs: pages, searches, and what retention leaves.

use serde_json::{Value, json};

use crate::harness::Running;
use crate::logs::{GROUP, admin, messages, put, stream, texts};

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
