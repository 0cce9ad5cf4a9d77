//! Logs of sessions whose server is killed, while they last and while their logs are delivered: each log is there once,
//! whole and in order, in S3 and in CloudWatch Logs.
//!
//! `USHER_LOGGED_ROUNDS=20` makes it two hundred sessions, as `cargo xtask soak` does.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::piped::{Client, Piped};
use super::place::Place;
use crate::fixtures::SESSION;
use crate::harness::DEADLINE;
use crate::harness::process::output_of;
use crate::harness::random::Random;
use crate::harness::skip::lacks;

/// Sessions at a time.
const SESSIONS: usize = 10;
/// Lines that each shows, one every tenth of a second.
const LINES: u32 = 40;
/// Kills while the sessions last, and as many once they are over.
const KILLS: u32 = 2;
const PATIENCE: Duration = Duration::from_secs(300);
pub(super) const BUCKET: &str = "session-logs";
pub(super) const GROUP: &str = "sessions";

#[test]
fn logs_are_there_once_whole_and_in_order_whenever_the_server_is_killed() {
    if lacks(&SESSION) {
        return;
    }
    let place = Place::start("logged");
    place.log_to(BUCKET, GROUP);
    check_all(&place);
}

/// The same with whatever preferences there are, which want logs in both.
pub(super) fn check_all(place: &Place) {
    let rounds = std::env::var("USHER_LOGGED_ROUNDS").map_or(1, |text| text.parse().unwrap());
    for round in 0..rounds {
        check(place, &mut Random::new(round));
        println!("round {round}: {SESSIONS} logs are whole");
    }
}

/// What a person saw of a session.
struct Seen {
    session: String,
    text: String,
}

fn check(place: &Place, random: &mut Random) {
    let persons: Vec<Piped> = (0..SESSIONS).map(|_| begin(place)).collect();
    kill_at_random(place, random);
    let seen: Vec<Seen> = persons.into_iter().map(watch).collect();
    kill_at_random(place, random);
    place.await_server();
    for one in &seen {
        until_delivered(place, &one.session);
    }
    let folder = place.scratch("logs");
    let mut sync = place.command(place.admin(), "aws");
    sync.args([
        "s3",
        "sync",
        "--only-show-errors",
        &format!("s3://{BUCKET}"),
    ]);
    output_of(sync.arg(&folder));
    for one in &seen {
        judge_object(&folder, one);
        judge_events(place, one);
    }
    assert!(!folder.join(".usher").exists(), "segments are left");
}

fn begin(place: &Place) -> Piped {
    let mut person = Piped::start(place, Client::Usher, place.admin(), PATIENCE).unwrap();
    let program = format!(
        "stty -opost; echo be\"\"gin $USHER_SESSION_ID; \
         for i in $(seq {LINES}); do echo line $i; sleep 0.1; done; echo e\"\"nd; exit\r"
    );
    person.type_in(program.as_bytes());
    person
}

fn kill_at_random(place: &Place, random: &mut Random) {
    for _ in 0..KILLS {
        thread::sleep(Duration::from_millis(random.between(0, 1500)));
        place.kill_server();
    }
}

fn watch(mut person: Piped) -> Seen {
    person.take_until(b"begin ").unwrap();
    let session = person.take_until(b"\n").unwrap();
    let text = person.take_until(b"end\n").unwrap();
    person.end().unwrap();
    let [session, text] = [session, text].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(text.lines().eq(lines()), "{session} showed {text}");
    Seen { session, text }
}

fn lines() -> impl Iterator<Item = String> {
    (1..=LINES).map(|number| format!("line {number}"))
}

/// Each question is a whole call, which paces the asking. History shows the place of a log once all of it is there.
fn until_delivered(place: &Place, session: &str) {
    let asked = Instant::now();
    let arguments =
        json!({"State": "History", "Filters": [{"key": "SessionId", "value": session}]});
    loop {
        let answer = place
            .call(place.admin(), "ssm", "describe_sessions", &arguments)
            .send();
        let shown = answer.map_or(Value::Null, |answer| answer["Sessions"][0].clone());
        let places = &shown["OutputUrl"];
        if places["S3OutputUrl"].is_string() && places["CloudWatchOutputUrl"].is_string() {
            return;
        }
        assert!(asked.elapsed() < DEADLINE, "no log is delivered: {shown}");
    }
}

/// The object holds what the person saw, once.
fn judge_object(folder: &Path, seen: &Seen) {
    let log = std::fs::read_to_string(folder.join(format!("{}.log", seen.session))).unwrap();
    let whole = format!("begin {}\n{}end\n", seen.session, seen.text);
    assert_eq!(log.matches(&whole).count(), 1, "{log}");
    assert_eq!(log.matches("\nline 1\n").count(), 1, "{log}");
    assert!(log.starts_with("Script started on "), "{log}");
    assert!(log.contains("\nScript done on "), "{log}");
}

/// The same in the events of the stream.
fn judge_events(place: &Place, seen: &Seen) {
    let arguments =
        json!({"logGroupName": GROUP, "logStreamName": seen.session, "startFromHead": true});
    let told = place
        .call(place.admin(), "logs", "get_log_events", &arguments)
        .must();
    let mut shown = Vec::new();
    for event in told["events"].as_array().unwrap() {
        let event: Value = serde_json::from_str(event["message"].as_str().unwrap()).unwrap();
        let texts = event["sessionData"].as_array().unwrap().iter();
        shown.extend(texts.map(|text| text.as_str().unwrap().to_owned()));
    }
    let numbered = shown.iter().filter(|text| {
        let number = text.strip_prefix("line ");
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    });
    assert!(
        numbered.cloned().eq(lines()),
        "{}: {shown:#?}",
        seen.session
    );
}
