//! `cargo xtask soak`: the long form of the data channel's simulation.

use std::time::Instant;

use crate::tool::{self, TaskError};

/// The variable the simulation reads its number of seeds from.
const SEEDS: &str = "USHER_SEEDS";

/// Runs the simulation and prints what `docs/soak.md` keeps: command, commit and result.
pub(crate) fn run(seeds: u64) -> Result<(), TaskError> {
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

    let started = Instant::now();
    let outcome = tool::run(simulation);
    let commit = tool::first_line("git", &["rev-parse", "HEAD"]);
    println!("command: cargo xtask soak --seeds {seeds}");
    println!(
        "commit: {}",
        commit.as_deref().unwrap_or("not a git checkout")
    );
    println!(
        "result: {} after {} s",
        if outcome.is_ok() { "passed" } else { "failed" },
        started.elapsed().as_secs()
    );
    outcome
}
