//! Sessions in bad weather: whatever is cut, truncated, held back or killed between the two ends, what the program
//! on the node and the person get is what the other one sent.
//!
//! `USHER_WEATHER_SEED=17` replays one seed; `USHER_WEATHER_SEEDS=500` runs so many of them, as `cargo xtask soak`
//! does. The seeds that failed are printed.

mod at_once;
mod flood;
mod forecast;
mod last_words;
mod logged;
mod mixed;
mod piped;
mod place;
mod proxy;
mod rights;
mod sealed;
mod sealed_logs;
mod silence;

use std::ops::Range;

use piped::Client;
use place::Place;

use crate::fixtures::SESSION;
use crate::harness::skip::lacks;

/// One in so many seeds of Usher's client is run once more under KMS.
const UNDER_KMS: u64 = 4;

/// Half of the seeds for each client.
fn seeds(client: Client) -> Range<u64> {
    let number = |name| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().unwrap())
    };
    if let Some(seed) = number("USHER_WEATHER_SEED") {
        return seed..seed + 1;
    }
    let half = number("USHER_WEATHER_SEEDS").unwrap_or(20) / 2;
    match client {
        Client::Usher => 0..half,
        Client::Aws => half..2 * half,
    }
}

fn storm(client: Client, os_user: &str) {
    stormy(&Place::start(os_user), client, seeds(client));
}

fn stormy(place: &Place, client: Client, seeds: Range<u64>) {
    let mut failed = Vec::new();
    for seed in seeds {
        if let Err(problem) = flood::survives(place, client, seed) {
            eprintln!("{problem}\nUSHER_WEATHER_SEED={seed} replays it");
            failed.push(seed);
        }
    }
    assert!(
        failed.is_empty(),
        "seeds that failed: {failed:?}\n--- log of the agent\n{}",
        place.agent_log()
    );
}

#[test]
fn a_flood_both_ways_survives_every_cut_with_our_client() {
    if lacks(&SESSION) {
        return;
    }
    storm(Client::Usher, "storm");
}

#[test]
fn a_flood_both_ways_survives_every_cut_under_kms() {
    if lacks(&SESSION) {
        return;
    }
    let place = Place::start("sealed");
    place.encrypt();
    let all = seeds(Client::Usher);
    let some = (all.end - all.start).div_ceil(UNDER_KMS);
    stormy(&place, Client::Usher, all.start..all.start + some);
}

#[test]
fn a_flood_both_ways_survives_every_cut_with_the_aws_cli() {
    if lacks(&SESSION) {
        return;
    }
    storm(Client::Aws, "gale");
}
