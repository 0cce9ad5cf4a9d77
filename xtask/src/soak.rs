//! `cargo xtask soak`: the long forms of what `cargo xtask test` does with few seeds.
//!
//! First the data channel's simulation, then real sessions in bad weather. Prints what `docs/soak.md` keeps.

use std::process::Command;
use std::time::Instant;

use crate::tool::{self, TaskError};

/// The variable the simulation reads its number of seeds from.
const SEEDS: &str = "USHER_SEEDS";

/// The same for sessions in bad weather.
const WEATHER_SEEDS: &str = "USHER_WEATHER_SEEDS";

/// Runs both, the second also when the first has failed.
pub(crate) fn run(seeds: u64, weather: u64) -> Result<(), TaskError> {
    let mut simulation = tool::cargo(&[
        "test",
        "--release",
        "--package",
        "usher-wire",
        "--test",
        "data_channel",
        "simulation",
        "--",
        "--nocapture",
    ]);
    simulation.env(SEEDS, seeds.to_string());
    let mut storms = tool::cargo(&[
        "test",
        "--package",
        "usher-e2e",
        "--test",
        "it",
        "weather::a_flood",
        "--",
        "--nocapture",
    ]);
    storms.env(WEATHER_SEEDS, weather.to_string());

    let simulated = judged("simulation", simulation);
    let stormed = judged("weather", storms);
    let commit = tool::first_line("git", &["rev-parse", "HEAD"]);
    println!("command: cargo xtask soak --seeds {seeds} --weather {weather}");
    println!(
        "commit: {}",
        commit.as_deref().unwrap_or("not a git checkout")
    );
    simulated.and(stormed)
}

fn judged(name: &str, command: Command) -> Result<(), TaskError> {
    let started = Instant::now();
    let outcome = tool::run(command);
    println!(
        "{name}: {} after {} s",
        if outcome.is_ok() { "passed" } else { "failed" },
        started.elapsed().as_secs()
    );
    outcome
}
