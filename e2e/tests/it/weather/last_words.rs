//! A client that loses its connection just before its session ends.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::forecast::{Kind, Stroke};
use super::piped::{Client, Piped};
use super::place::Place;
use crate::fixtures::SESSION;
use crate::harness::DEADLINE;
use crate::harness::skip::lacks;

const PATIENCE: Duration = Duration::from_secs(60);

/// Fewer than the buffers on the way hold, so that the shell ends although nobody reads.
const LINES: u32 = 20_000;

#[test]
fn the_last_output_and_the_status_reach_a_client_that_was_cut_off_before_the_end() {
    if lacks(&SESSION) {
        return;
    }
    let place = Place::start("lastwords");
    let mut person = Piped::start(&place, Client::Usher, place.admin(), PATIENCE).unwrap();
    person.type_in(
        format!("stty -opost; echo be\"\"gin; sleep 2; seq 1 {LINES}; exit 3\r").as_bytes(),
    );
    person.take_until(b"begin\n").unwrap();
    // Nobody comes back before the shell has ended.
    person.signal(Signal::STOP);
    place.client_leg().set_weather(&[Stroke {
        after: 1,
        kind: Kind::Truncate,
    }]);
    let stopped = Instant::now();
    while !place.agent_log().contains("the shell has ended") {
        assert!(stopped.elapsed() < DEADLINE, "{}", place.agent_log());
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(place.client_leg().strokes_left(), 0);
    person.signal(Signal::CONT);
    let seen = person
        .take_until(format!("\n{LINES}\n").as_bytes())
        .unwrap();
    let seen = String::from_utf8(seen).unwrap();
    assert!(
        seen.lines().eq((1..LINES).map(|n| n.to_string())),
        "the last output did not arrive whole"
    );
    assert_eq!(person.end().unwrap().code(), Some(3));
}
