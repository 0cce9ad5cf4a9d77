//! Everything between and around the two ends of a session goes at the same moment, and comes back.

use std::time::{Duration, Instant};

use super::forecast::{Kind, Stroke};
use super::piped::{Client, Piped};
use super::place::Place;
use crate::fixtures::SESSION;
use crate::harness::DEADLINE;
use crate::harness::skip::lacks;

const PATIENCE: Duration = Duration::from_secs(90);

const LINES: u32 = 200_000;

#[test]
fn a_session_outlives_its_server_its_agent_and_both_connections_at_once() {
    if lacks(&SESSION) {
        return;
    }
    let mut place = Place::start("atonce");
    let mut person = Piped::start(&place, Client::Usher, place.admin(), PATIENCE).unwrap();
    person
        .type_in(format!("stty -opost; echo be\"\"gin; seq 1 {LINES}; echo e\"\"nd\r").as_bytes());
    person.take_until(b"begin\n").unwrap();
    let cut = [Stroke {
        after: 1,
        kind: Kind::Truncate,
    }];
    place.client_leg().set_weather(&cut);
    place.agent_leg().set_weather(&cut);
    place.kill_server_and_agent();

    let seen = person.take_until(b"end\n").unwrap();
    let seen = String::from_utf8(seen).unwrap();
    assert!(
        seen.lines().eq((1..=LINES).map(|n| n.to_string())),
        "what was written meanwhile did not arrive whole"
    );
    assert_eq!(
        place.client_leg().strokes_left() + place.agent_leg().strokes_left(),
        0
    );
    person.type_in(b"echo still $((40 + 2))\r");
    person.take_until(b"still 42").unwrap();
    person.type_in(b"exit 3\r");
    assert_eq!(person.end().unwrap().code(), Some(3));
    // The agent that took the session over tells how it ended; each question is a whole call.
    let asked = Instant::now();
    while place.ended("Terminated") == 0 {
        assert!(asked.elapsed() < DEADLINE, "{}", place.agent_log());
    }
}
