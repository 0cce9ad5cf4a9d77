//! Logs of sessions that KMS encrypts, which the node writes: what becomes of a session without its log, what is left when
//! the node's worker is killed in the middle, and that outages lose nothing.

use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::logged::{self, BUCKET, GROUP};
use super::piped::{Client, Piped};
use super::place::Place;
use crate::fixtures::SESSION;
use crate::harness::DEADLINE;
use crate::harness::observer::agent_processes;
use crate::harness::skip::lacks;

const PATIENCE: Duration = Duration::from_secs(300);
/// What a node that dies may have kept for itself at most.
const LOST: Duration = Duration::from_secs(5);

#[test]
fn a_session_whose_log_cannot_be_written_says_so_or_ends() {
    if lacks(&SESSION) {
        return;
    }
    let place = Place::start("unwritten");
    for (on_failure, bucket) in [("continue", BUCKET), ("end", "no-such-bucket")] {
        place.encrypt_with(json!({"s3BucketName": bucket, "s3EncryptionEnabled": false,
            "usherLogFailure": on_failure}));
        if on_failure == "end" {
            let mut person = Piped::open(&place, Client::Usher, place.admin(), PATIENCE);
            let said = String::from_utf8_lossy(&person.take_rest()).into_owned();
            let status = person.end().unwrap();
            assert_ne!(status.code(), Some(0), "{said}");
            let said = format!("{said}{}", person.words());
            assert!(said.contains("its log cannot be written"), "{said}");
            assert!(said.contains("s3:PutObject"), "{said}");
            continue;
        }
        let mut person = Piped::start(&place, Client::Usher, place.admin(), PATIENCE).unwrap();
        person.type_in(b"id -un\r");
        person.take_until(b"cannot be written now").unwrap();
        let cause = person.take_until(b"does not exist").unwrap();
        let cause = String::from_utf8_lossy(&cause).into_owned();
        assert!(
            cause.contains("s3:PutObject") && cause.contains(BUCKET),
            "{cause}"
        );
        // What was shown meanwhile is in the log once there is a bucket.
        place.make_sinks(BUCKET, GROUP);
        person.type_in(b"exit\r");
        person.end().unwrap();
        let log = log_of(&place, &newest(&place));
        assert!(log.contains(place.os_user.name()), "{log}");
    }
}

#[test]
fn a_worker_that_is_killed_leaves_a_log_that_lacks_five_seconds_at_most() {
    if lacks(&SESSION) {
        return;
    }
    let place = Place::start("killed");
    place.make_sinks(BUCKET, GROUP);
    place.encrypt_with(json!({"s3BucketName": BUCKET, "s3EncryptionEnabled": false,
        "cloudWatchLogGroupName": GROUP, "cloudWatchEncryptionEnabled": false}));
    let mut person = Piped::start(&place, Client::Usher, place.admin(), PATIENCE).unwrap();
    person.type_in(b"for i in $(seq 10000); do echo line $i; sleep 0.1; done\r");
    let mut shown = Vec::new();
    let begun = Instant::now();
    let lost = LOST + slowness(&place);
    while begun.elapsed() < lost * 2 {
        let number = shown.len() + 1;
        person
            .take_until(format!("line {number}\r\n").as_bytes())
            .unwrap();
        shown.push(Instant::now());
    }
    let worker = worker(&place);
    let killed = Instant::now();
    kill_process(Pid::from_raw(worker).unwrap(), Signal::KILL).unwrap();
    let session = newest(&place);
    let log = log_of(&place, &session);
    assert!(log.contains("the node did not finish this log"), "{log}");
    let streamed = streamed(&place, &session);
    let old = shown.iter().filter(|at| killed - **at > lost).count();
    assert!(old > 0);
    for (what, text, end) in [("object", &log, "\r\n"), ("stream", &streamed, "\n")] {
        for number in 1..=old {
            let line = format!("line {number}{end}");
            let times = text.matches(&line).count();
            assert_eq!(times, 1, "{line:?} of {old} in the {what}: {text}");
        }
    }
}

#[test]
fn logs_of_encrypted_sessions_are_whole_and_there_once_whenever_the_server_is_killed() {
    if lacks(&SESSION) {
        return;
    }
    let place = Place::start("sealedlogs");
    place.make_sinks(BUCKET, GROUP);
    place.encrypt_with(json!({"s3BucketName": BUCKET, "s3EncryptionEnabled": false,
        "cloudWatchLogGroupName": GROUP, "cloudWatchEncryptionEnabled": false}));
    logged::check_all(&place);
}

/// What a machine this slow needs for a few calls beside.
fn slowness(place: &Place) -> Duration {
    let asked = Instant::now();
    for _ in 0..10 {
        place
            .call(place.admin(), "sts", "get_caller_identity", &json!({}))
            .must();
    }
    asked.elapsed()
}

/// The session worker of the one session.
fn worker(place: &Place) -> i32 {
    let runs = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).nth(1) == Some(b"session")
    };
    agent_processes(place.agent_process())
        .into_iter()
        .find(runs)
        .unwrap()
}

/// The session that was started last.
fn newest(place: &Place) -> String {
    let asked = Instant::now();
    loop {
        let told = place
            .call(
                place.admin(),
                "ssm",
                "describe_sessions",
                &json!({"State": "History"}),
            )
            .must();
        if let Some(session) = told["Sessions"][0]["SessionId"].as_str() {
            return session.to_owned();
        }
        assert!(asked.elapsed() < DEADLINE, "no session has ended: {told}");
        sleep(Duration::from_millis(100));
    }
}

/// The text of a session's log in S3 once it is there.
fn log_of(place: &Place, session: &str) -> String {
    let asked = Instant::now();
    let arguments =
        json!({"State": "History", "Filters": [{"key": "SessionId", "value": session}]});
    loop {
        let told = place
            .call(place.admin(), "ssm", "describe_sessions", &arguments)
            .must();
        let place_of_log = &told["Sessions"][0]["OutputUrl"]["S3OutputUrl"];
        if let Some(url) = place_of_log.as_str() {
            return place.object(url);
        }
        assert!(asked.elapsed() < DEADLINE, "no log of {session}: {told}");
        sleep(Duration::from_millis(100));
    }
}

/// The lines of a session's stream, one below the other.
fn streamed(place: &Place, session: &str) -> String {
    let arguments = json!({"logGroupName": GROUP, "logStreamName": session, "startFromHead": true});
    let told = place
        .call(place.admin(), "logs", "get_log_events", &arguments)
        .must();
    let mut text = String::new();
    for event in told["events"].as_array().unwrap() {
        let event: Value = serde_json::from_str(event["message"].as_str().unwrap()).unwrap();
        for line in event["sessionData"].as_array().unwrap() {
            text.push_str(line.as_str().unwrap());
            text.push('\n');
        }
    }
    text
}
