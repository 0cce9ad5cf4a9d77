//! CloudWatch Logs by AWS's own clients: every operation answers in botocore's shape, and a reader that follows a group
//! as `aws logs tail` does gets every event once.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::fixtures::{BY_TAG, ByTag, SESSION};
use crate::harness::dev::Dev;
use crate::harness::process::output_of;
use crate::harness::skip::lacks;

fn logs(dev: &Dev, operation: &str, arguments: &Value) -> Value {
    dev.call(&dev.admin(), "logs", operation, arguments).must()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

#[test]
fn refusals_have_awss_codes() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    let group = json!({"logGroupName": "/e2e/refusals"});
    let refused = |operation: &str, arguments: &Value, code: &str| {
        dev.call(&dev.admin(), "logs", operation, arguments)
            .refused_with(code);
    };
    refused("describe_log_streams", &group, "ResourceNotFoundException");
    logs(dev, "create_log_group", &group);
    refused("create_log_group", &group, "ResourceAlreadyExistsException");
    let disorder = json!({"logGroupName": "/e2e/refusals", "logStreamName": "s", "logEvents": [
        {"timestamp": now(), "message": "x"}, {"timestamp": now() - 60_000, "message": "y"}]});
    refused("put_log_events", &disorder, "ResourceNotFoundException");
    logs(
        dev,
        "create_log_stream",
        &json!({"logGroupName": "/e2e/refusals", "logStreamName": "s"}),
    );
    refused("put_log_events", &disorder, "InvalidParameterException");
    let nobody = dev.principal("logs-nobody", &[]);
    dev.call(&nobody.keys, "logs", "filter_log_events", &group)
        .refused_with("AccessDeniedException");
}

#[test]
fn every_operation_answers_in_its_shape() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    let key = dev
        .call(&dev.admin(), "kms", "create_key", &json!({}))
        .must();
    let key = &key["KeyMetadata"]["Arn"];
    let group = json!({"logGroupName": "/e2e/shapes"});
    let arn = "arn:aws:logs:usher-1:000000000000:log-group:/e2e/shapes";
    logs(
        dev,
        "create_log_group",
        &json!({"logGroupName": "/e2e/shapes", "kmsKeyId": key, "tags": {"a": "b"}}),
    );
    logs(
        dev,
        "put_retention_policy",
        &json!({"logGroupName": "/e2e/shapes", "retentionInDays": 30}),
    );
    let described = logs(
        dev,
        "describe_log_groups",
        &json!({"logGroupNamePrefix": "/e2e/shapes"}),
    );
    assert_eq!(described["logGroups"][0]["kmsKeyId"], *key);
    let stream = json!({"logGroupName": "/e2e/shapes", "logStreamName": "s"});
    logs(dev, "create_log_stream", &stream);
    let strange = "\u{0}\u{1b}[31mred\u{1b}[0m ü 全角 \u{1f600}\r\n";
    let events = json!([{"timestamp": now() - 20 * 24 * 3_600_000, "message": "too old"}]);
    let told = logs(
        dev,
        "put_log_events",
        &json!({"logGroupName": "/e2e/shapes", "logStreamName": "s", "logEvents": events}),
    );
    assert_eq!(told["rejectedLogEventsInfo"]["tooOldLogEventEndIndex"], 1);
    let events = json!([{"timestamp": now(), "message": strange}, {"timestamp": now() + 1, "message": "{\"a\": 1}"}]);
    logs(
        dev,
        "put_log_events",
        &json!({"logGroupName": "/e2e/shapes", "logStreamName": "s", "logEvents": events, "sequenceToken": "1"}),
    );
    let got = logs(
        dev,
        "get_log_events",
        &json!({"logGroupName": "/e2e/shapes", "logStreamName": "s", "startFromHead": true}),
    );
    assert_eq!(got["events"][0]["message"], strange);
    let found = logs(
        dev,
        "filter_log_events",
        &json!({"logGroupName": "/e2e/shapes", "filterPattern": "{ $.a = 1 }"}),
    );
    assert_eq!(found["events"][0]["message"], "{\"a\": 1}");
    logs(dev, "describe_log_streams", &group);
    logs(
        dev,
        "tag_resource",
        &json!({"resourceArn": arn, "tags": {"c": "d"}}),
    );
    let tags = logs(dev, "list_tags_for_resource", &json!({"resourceArn": arn}));
    assert_eq!(tags["tags"], json!({"a": "b", "c": "d"}));
    logs(
        dev,
        "untag_resource",
        &json!({"resourceArn": arn, "tagKeys": ["a"]}),
    );
    logs(
        dev,
        "tag_log_group",
        &json!({"logGroupName": "/e2e/shapes", "tags": {"e": "f"}}),
    );
    logs(
        dev,
        "untag_log_group",
        &json!({"logGroupName": "/e2e/shapes", "tags": ["e"]}),
    );
    logs(dev, "list_tags_log_group", &group);
    logs(dev, "disassociate_kms_key", &group);
    logs(
        dev,
        "associate_kms_key",
        &json!({"logGroupName": "/e2e/shapes", "kmsKeyId": key}),
    );
    logs(dev, "delete_retention_policy", &group);
    logs(dev, "delete_log_stream", &stream);
    logs(dev, "delete_log_group", &group);
}

/// What `aws logs tail --follow` of the second major version does: a paginator, then again from the last time seen, with
/// the ids of the events of that time kept.
const FOLLOW: &str = r"
import boto3, sys
logs = boto3.client('logs')
start, seen, got = int(sys.argv[2]), set(), []
for round in range(4):
    for page in logs.get_paginator('filter_log_events').paginate(
            logGroupName=sys.argv[1], startTime=start, PaginationConfig={'PageSize': 7}):
        for event in page['events']:
            if event['eventId'] not in seen:
                seen.add(event['eventId'])
                got.append(event['message'])
                start = max(start, event['timestamp'])
    events = [{'timestamp': start + n // 4, 'message': f'{round}.{n:02}'} for n in range(20)]
    logs.put_log_events(logGroupName=sys.argv[1], logStreamName=f's{round % 2}', logEvents=events)
print(' '.join(got))
";

#[test]
fn who_follows_a_group_gets_every_event_once_and_in_order() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    logs(
        dev,
        "create_log_group",
        &json!({"logGroupName": "/e2e/follow"}),
    );
    for stream in ["s0", "s1"] {
        logs(
            dev,
            "create_log_stream",
            &json!({"logGroupName": "/e2e/follow", "logStreamName": stream}),
        );
    }
    let python = crate::harness::programs::aws().unwrap().join("python");
    let mut follow: Command = dev.command(&dev.admin(), &python.display().to_string());
    let got = output_of(follow.args(["-c", FOLLOW, "/e2e/follow", &(now() - 60_000).to_string()]));
    let expected: Vec<String> = (0..3)
        .flat_map(|round| (0..20).map(move |n| format!("{round}.{n:02}")))
        .collect();
    assert_eq!(got.split_whitespace().collect::<Vec<_>>(), expected);
}
