//! Thousands of seeds of bad weather. `USHER_SEED=n` replays one, `USHER_SEEDS=n` sets how many are run.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use super::dice::Dice;
use super::end::Script;
use super::weather::Weather;
use super::world::{AGENT, CLIENT, World};

const SEEDS: u64 = 3000;

fn run_seed(seed: u64) {
    let mut dice = Dice::new(seed);
    let weather = Weather::of(&mut dice);
    let usher = dice.percent(50);
    let encrypted = dice.percent(50);
    // Mostly the size of real exchanges, now and then enough to fill every buffer.
    let size = |dice: &mut Dice| match dice.below(50) {
        0 => dice.below(1_500_000),
        1..10 => dice.below(60_000),
        _ => dice.below(3_000),
    };
    let scripts = [(); 2].map(|()| Script {
        bulk: size(&mut dice) as usize,
        urgent: dice.below(6) as u32,
    });
    let mut world = World::new(dice, weather, usher, encrypted, scripts);
    world.run();
    for end in [CLIENT, AGENT] {
        assert_eq!(world.channel(end).is_encrypted(), encrypted);
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|text| text.parse().expect("a whole number"))
}

#[test]
fn every_byte_arrives_once_and_in_order_in_any_weather() {
    if let Some(seed) = number("USHER_SEED") {
        return run_seed(seed);
    }
    let seeds = number("USHER_SEEDS").unwrap_or(SEEDS);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    std::thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || {
                for seed in (first..seeds).step_by(threads as usize) {
                    if let Err(failure) = catch_unwind(AssertUnwindSafe(|| run_seed(seed))) {
                        eprintln!("replay with USHER_SEED={seed}");
                        resume_unwind(failure);
                    }
                }
            });
        }
    });
}

#[test]
fn in_fair_weather_nothing_is_sent_twice() {
    for (usher, encrypted) in [(false, false), (true, false), (false, true), (true, true)] {
        let weather = Weather {
            delay: 20,
            ..Weather::default()
        };
        let scripts = [(); 2].map(|()| Script {
            bulk: 2_000_000,
            urgent: 3,
        });
        let mut world = World::new(Dice::new(1), weather, usher, encrypted, scripts);
        world.run();
        for end in [CLIENT, AGENT] {
            let counters = world.channel(end).counters();
            assert_eq!(
                (
                    counters.retransmitted,
                    counters.duplicates,
                    counters.refused
                ),
                (0, 0, 0)
            );
        }
    }
}

#[test]
fn a_flight_lost_with_the_peers_transport_is_repaired_within_seconds() {
    // The agent's own transport never broke, and no gateway told it that the client's did.
    let weather = Weather {
        delay: 5,
        ..Weather::default()
    };
    let scripts = [
        Script { bulk: 0, urgent: 0 },
        Script {
            bulk: 400_000,
            urgent: 0,
        },
    ];
    let mut world = World::new(Dice::new(2), weather, false, false, scripts);
    world.break_at(CLIENT, 15, 500);
    let took = world.run();
    assert!(took < Duration::from_secs(6), "took {took:?}");
}
