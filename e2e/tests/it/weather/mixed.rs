//! Sessions of every kind at once, while what carries them is cut at random on either leg: each gets back what it sent,
//! whole and once. In the end nothing of them is left, and no program has grown.
//!
//! All are open before the weather turns, and it is fair again before they end. `USHER_MIXED_SESSIONS` and
//! `USHER_MIXED_SECONDS` make it as long and as wide as `cargo xtask soak` does.

mod census;
mod far_end;
mod person;

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::forecast::squalls;
use super::place::Place;
use crate::fixtures::SESSION;
use crate::harness::DEADLINE;
use crate::harness::random::Random;
use crate::harness::skip::lacks;
use census::Census;
use far_end::FarEnd;
use person::Person;

/// How many begin or end at the same time: so many programs at once are not what is tried here.
const AT_ONCE: usize = 4;

/// More than fall in the longest run.
const STROKES: usize = 200_000;

/// Bytes on one leg from one stroke to the next, at most.
const CALM: u64 = 512 * 1024;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn sessions_of_every_kind_at_once_lose_and_double_nothing_and_leave_nothing_behind() {
    if lacks(&SESSION) {
        return;
    }
    let sessions = number("USHER_MIXED_SESSIONS", 12);
    let time = Duration::from_secs(number("USHER_MIXED_SECONDS", 30));
    let place = Place::start("mixed");
    let far_end = FarEnd::start();
    let before = Census::of_agent(&place);

    let open = |number| Person::open(&place, &far_end, number);
    let mut people = in_turns((0..sessions).collect(), AT_ONCE, open);

    let legs = [place.client_leg(), place.agent_leg()];
    for (leg, seed) in legs.into_iter().zip(1..) {
        leg.spare_calls();
        leg.set_weather(&squalls(&mut Random::new(seed), STROKES, CALM));
    }
    // A third of the time to grow up in.
    people = together(people, time / 3);
    let grown = Census::of(&place, &people);
    people = together(people, time - time / 3);
    let old = Census::of(&place, &people);
    let fallen = legs.map(|leg| STROKES - leg.strokes_left());
    for leg in legs {
        leg.set_weather(&[]);
    }
    let bytes: u64 = people.iter().map(Person::returned).sum();
    let rounds: u64 = people.iter().map(Person::rounds).sum();
    eprintln!(
        "{sessions} sessions, {} s: {rounds} rounds, {bytes} bytes returned, strokes {fallen:?}\n\
         a third in: {grown}\nat the end: {old}",
        time.as_secs()
    );
    in_turns(people, AT_ONCE, Person::end);

    assert!(fallen.iter().all(|strokes| *strokes > 0), "{fallen:?}");
    old.assert_not_grown_from(&grown);
    until_nothing_is_left(&place, &before);
}

/// Everybody goes on for so long and then until the end of what was begun.
fn together(people: Vec<Person<'_>>, time: Duration) -> Vec<Person<'_>> {
    let until = Instant::now() + time;
    let all = people.len();
    in_turns(people, all, |mut person| {
        while Instant::now() < until {
            person.round()?;
        }
        Ok(person)
    })
}

/// Does it for each, for so many at the same time; all that went wrong is told together.
fn in_turns<T: Send, R: Send>(
    mut items: Vec<T>,
    at_once: usize,
    act: impl Fn(T) -> Result<R, String> + Sync,
) -> Vec<R> {
    let (mut done, mut problems) = (Vec::new(), Vec::new());
    while !items.is_empty() {
        let rest = items.split_off(at_once.min(items.len()));
        thread::scope(|scope| {
            let acting: Vec<_> = items
                .drain(..)
                .map(|item| scope.spawn(|| act(item)))
                .collect();
            for acted in acting {
                match acted.join().unwrap() {
                    Ok(result) => done.push(result),
                    Err(problem) => problems.push(problem),
                }
            }
        });
        items = rest;
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    done
}

fn until_nothing_is_left(place: &Place, before: &Census) {
    let active = json!({"State": "Active"});
    let sessions = || {
        let told = place.call(place.admin(), "ssm", "describe_sessions", &active);
        told.must()["Sessions"].as_array().unwrap().len()
    };
    let started = Instant::now();
    loop {
        let (sessions, now) = (sessions(), Census::of_agent(place));
        if sessions == 0 && now.has_the_processes_of(before) && !census::runs(&place.os_user) {
            return;
        }
        assert!(
            started.elapsed() < DEADLINE,
            "{sessions} sessions are left, and of the agent {now}\n{}",
            place.agent_log()
        );
    }
}
