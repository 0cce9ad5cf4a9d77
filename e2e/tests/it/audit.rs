//! The audit trail as an operator meets it: looked up by AWS's own clients, verified, and reported on.

use std::process::Command;

use serde_json::{Value, json};

use crate::fixtures::{BY_TAG, ByTag, SESSION};
use crate::harness::process::output_of;
use crate::harness::programs;
use crate::harness::skip::lacks;

fn usher(command: &mut Command, words: &[&str]) -> String {
    output_of(command.args(words))
}

#[test]
fn a_session_is_looked_up_reported_and_in_a_trail_that_is_whole() {
    if lacks(&SESSION) {
        return;
    }
    let scene = &BY_TAG.hold(|| ByTag::start("alice"));
    let dev = &scene.dev;
    let admin = dev.admin();
    let started = json!({"Target": dev.node(), "Reason": "=ticket 7"});
    let started = dev
        .call(&scene.alice.keys, "ssm", "start_session", &started)
        .must();
    let session = started["SessionId"].as_str().unwrap();
    dev.call(
        &admin,
        "ssm",
        "terminate_session",
        &json!({"SessionId": session}),
    )
    .must();

    let by = |key: &str, value: &str| json!({"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]});
    let look_up = |input: &Value| dev.call(&admin, "cloudtrail", "lookup_events", input);
    look_up(&json!({"LookupAttributes": [], "MaxResults": 51}))
        .refused_with("InvalidMaxResultsException");
    let found = look_up(&by("ResourceName", session)).must();
    let events = found["Events"].as_array().unwrap();
    let event = events
        .iter()
        .find(|event| event["EventName"] == "StartSession")
        .unwrap();
    assert_eq!(event["Username"], scene.alice.name);
    let record: Value = serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap();
    assert_eq!(
        record["additionalEventData"]["runAs"]["osUser"],
        scene.os_user.name()
    );

    let listed = usher(
        &mut dev.command(&admin, "aws"),
        &[
            "cloudtrail",
            "lookup-events",
            "--lookup-attributes",
            "AttributeKey=EventName,AttributeValue=TerminateSession",
            "--query",
            "Events[0].EventSource",
            "--output",
            "text",
        ],
    );
    assert_eq!(listed.trim(), "ssm.amazonaws.com");

    let program = programs::usher().display().to_string();
    let report = usher(&mut dev.command(&admin, &program), &["sessions", "report"]);
    let row = report.lines().find(|line| line.contains(session)).unwrap();
    assert!(
        row.contains(scene.os_user.name()) && row.contains("\"'=ticket 7\""),
        "{row}"
    );
    let listed = usher(
        &mut dev.command(&admin, &program),
        &["audit", "list", "--limit", "5"],
    );
    assert_eq!(listed.lines().count(), 5);
    let data = dev.data().display().to_string();
    let verified = usher(
        &mut dev.command(&admin, &program),
        &["audit", "verify", "--data-dir", &data],
    );
    assert!(verified.contains("the audit trail is whole"), "{verified}");
}
