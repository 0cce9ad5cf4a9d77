//! Connections that die without a word, as they do under a laptop that sleeps.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::piped::{Client, Piped};
use super::place::Place;
use crate::fixtures::SESSION;
use crate::harness::skip::lacks;

/// How long the client is stopped; `USHER_ASLEEP=300` makes it five minutes, as `cargo xtask soak` does.
const ASLEEP: Duration = Duration::from_secs(60);

/// Once awake, a client that is not at work again within this has not resumed.
const AWAKE: Duration = Duration::from_secs(5);

fn asleep() -> Duration {
    std::env::var("USHER_ASLEEP").map_or(ASLEEP, |seconds| {
        Duration::from_secs(seconds.parse().unwrap())
    })
}

#[test]
fn our_client_stopped_for_a_minute_with_dead_sockets_resumes() {
    if lacks(&SESSION) {
        return;
    }
    let place = Place::start("sleeper");
    let patience = asleep() + Duration::from_secs(60);
    let mut person = Piped::start(&place, Client::Usher, place.admin(), patience).unwrap();
    // Written while nobody hears it, and more than every buffer on the way holds.
    person.type_in(b"stty -opost; echo be\"\"gin; sleep 1; seq 1 600000; echo e\"\"nd\r");
    person.take_until(b"begin\n").unwrap();
    person.signal(Signal::STOP);
    place.client_leg().fall_silent();
    thread::sleep(asleep());
    person.signal(Signal::CONT);
    let awake = Instant::now();
    let first = person.take(1).unwrap();
    assert!(
        awake.elapsed() < AWAKE,
        "at work again only after {:?}:\n{}",
        awake.elapsed(),
        person.words()
    );
    let rest = person.take_until(b"end\n").unwrap();
    let seen = String::from_utf8([first, rest].concat()).unwrap();
    assert!(
        seen.lines().eq((1..=600_000).map(|n: u32| n.to_string())),
        "what was written while the client slept did not arrive whole"
    );
    person.type_in(b"exit 3\r");
    assert_eq!(person.end().unwrap().code(), Some(3));
}
