//! Under KMS nothing of what is typed or shown is for whoever listens on either leg, reads the server's log, or has
//! its disk.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::piped::{Client, Piped};
use super::place::Place;
use crate::fixtures::SESSION;
use crate::harness::skip::lacks;

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn what_is_typed_and_shown_is_on_no_wire_in_no_log_and_on_no_disk_of_the_server() {
    if lacks(&SESSION) {
        return;
    }
    let place = Place::start_logging("captured", "debug");
    // The search itself has to be able to find something on that disk.
    let told = json!({"Description": "told-to-the-server"});
    place.call(place.admin(), "kms", "create_key", &told).must();
    assert!(is_anywhere_below(
        &place.scratch("data"),
        b"told-to-the-server"
    ));

    place.make_sinks("sealed-logs", "sealed-logs");
    for (marker, is_encrypted, is_logged) in [
        ("open-marker", false, false),
        ("sealed-marker", true, false),
        ("logged-marker", true, true),
    ] {
        if is_logged {
            place.encrypt_with(
                json!({"s3BucketName": "sealed-logs", "s3EncryptionEnabled": false,
                "cloudWatchLogGroupName": "sealed-logs", "cloudWatchEncryptionEnabled": false}),
            );
        } else if is_encrypted {
            place.encrypt();
        }
        let legs = [place.client_leg(), place.agent_leg()];
        for leg in legs {
            leg.record();
        }
        let mut person = Piped::start(&place, Client::Usher, place.admin(), PATIENCE).unwrap();
        // What is shown is typed in two halves, so that its echo is another thing than the output.
        let (first, second) = marker.split_at(4);
        let typed = format!("echo typed-{marker}; printf '%s%s\\n' {first} {second}-shown; exit\r");
        person.type_in(typed.as_bytes());
        person
            .take_until(format!("{marker}-shown").as_bytes())
            .unwrap();
        person.end().unwrap();
        for (leg, name) in legs.into_iter().zip(["client", "agent"]) {
            let tapes = leg.record();
            let passed = |text: &[u8]| tapes.iter().any(|tape| holds(tape, text));
            assert!(passed(b"GET /v1/data-channel/"), "{name}");
            // On the agent's leg the log itself passes, which TLS hides where the network is not this machine.
            if is_logged && name == "agent" {
                continue;
            }
            for said in ["typed-", ""].map(|before| format!("{before}{marker}")) {
                let found = passed(said.as_bytes());
                assert_eq!(found, !is_encrypted, "{said} on the {name}'s leg");
            }
        }
        if is_logged {
            // Before the disk is searched, the log has to be where it belongs.
            let logs = logs_of_all(&place);
            for (sink, text) in ["bucket", "group"].into_iter().zip(&logs) {
                for said in ["typed-", ""].map(|before| format!("{before}{marker}")) {
                    assert!(text.contains(&said), "{said} in the {sink}: {text}");
                }
            }
        }
        if is_encrypted {
            assert!(!is_anywhere_below(
                &place.scratch("data"),
                marker.as_bytes()
            ));
        }
    }
}

/// What is in the bucket and in the log group, once the one log is in both.
fn logs_of_all(place: &Place) -> [String; 2] {
    let asked = Instant::now();
    loop {
        let call = |service: &str, operation: &str, arguments: Value| {
            place
                .call(place.admin(), service, operation, &arguments)
                .must()
        };
        let session = call("ssm", "describe_sessions", json!({"State": "History"}));
        let session = &session["Sessions"][0];
        let places = &session["OutputUrl"];
        if places["S3OutputUrl"].is_string() && places["CloudWatchOutputUrl"].is_string() {
            let object = place.object(places["S3OutputUrl"].as_str().unwrap());
            let events = json!({"logGroupName": "sealed-logs"});
            let events = call("logs", "filter_log_events", events);
            return [object, events.to_string()];
        }
        assert!(asked.elapsed() < PATIENCE, "no log is delivered: {session}");
        sleep(Duration::from_millis(100));
    }
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

/// In any file: the database with its journal, the log.
fn is_anywhere_below(directory: &Path, text: &[u8]) -> bool {
    fs::read_dir(directory).unwrap().flatten().any(|entry| {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => is_anywhere_below(&path, text),
            // One that was removed meanwhile holds nothing.
            Ok(kind) if kind.is_file() => fs::read(&path).is_ok_and(|bytes| holds(&bytes, text)),
            _ => false,
        }
    })
}
