//! `cargo xtask soak`: the long forms of what `cargo xtask test` does with few seeds.
//!
//! First changes to an audit trail, then the data channel's simulation, then real sessions in bad weather, then a client
//! that sleeps for minutes, then an object of a gibibyte, then logs whose server is killed, then the agent whose processes
//! are killed or taken over. Prints what `docs/soak.md` keeps.

use std::process::Command;
use std::time::Instant;

use crate::tool::{self, TaskError};

/// The variable the simulation reads its number of seeds from.
const SEEDS: &str = "USHER_SEEDS";

/// The same for sessions in bad weather.
const WEATHER_SEEDS: &str = "USHER_WEATHER_SEEDS";

/// The seconds for which a client sleeps.
const ASLEEP: (&str, &str) = ("USHER_ASLEEP", "300");

/// The mebibytes of a large object.
const OBJECT: (&str, &str) = ("USHER_OBJECT_MIB", "1024");

/// Rounds of ten sessions whose server is killed while their logs are made.
const LOGGED: (&str, &str) = ("USHER_LOGGED_ROUNDS", "20");

/// How often one of the agent's processes is killed.
const KILLS: &str = "USHER_KILLS";

/// How many broken messages each of the agent's sockets gets.
const NOISE: &str = "USHER_NOISE";

/// How long each of them is to be.
#[derive(Debug)]
pub(crate) struct Lengths {
    pub(crate) seeds: u64,
    pub(crate) weather: u64,
    pub(crate) kills: u64,
    pub(crate) noise: u64,
}

/// How many changed audit trails are verified.
const MUTATIONS: (&str, &str) = ("USHER_MUTATIONS", "100000");

/// Runs all, the later ones also when an earlier one has failed.
pub(crate) fn run(lengths: &Lengths) -> Result<(), TaskError> {
    let Lengths {
        seeds,
        weather,
        kills,
        noise,
    } = lengths;
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
    let mut storms = end_to_end("weather::a_flood");
    storms.env(WEATHER_SEEDS, weather.to_string());
    let mut sleep = end_to_end("weather::silence");
    sleep.env(ASLEEP.0, ASLEEP.1);
    let mut object = end_to_end("s3::memory");
    object.env(OBJECT.0, OBJECT.1);

    let mut mutations = tool::cargo(&[
        "test",
        "--release",
        "--package",
        "usher-server",
        "--lib",
        "every_change_to_what_was_signed_is_found",
        "--",
        "--nocapture",
    ]);
    mutations.env(MUTATIONS.0, MUTATIONS.1);

    let mutated = judged("audit trail", mutations);
    let simulated = judged("simulation", simulation);
    let stormed = judged("weather", storms);
    let slept = judged("sleep", sleep);
    let stored = judged("object", object);
    let mut logs = end_to_end("weather::logged");
    logs.env(LOGGED.0, LOGGED.1);
    let logged = judged("logs", logs);
    let mut killings = agent("kills::whichever_process");
    killings.env(KILLS, kills.to_string());
    let mut hostile = agent("hostile_");
    hostile.env(NOISE, noise.to_string());
    let killed = judged("kills", killings);
    let shouted = judged("noise", hostile);
    let commit = tool::first_line("git", &["rev-parse", "HEAD"]);
    println!(
        "command: cargo xtask soak --seeds {seeds} --weather {weather} --kills {kills} --noise {noise}"
    );
    println!(
        "commit: {}",
        commit.as_deref().unwrap_or("not a git checkout")
    );
    mutated
        .and(simulated)
        .and(stormed)
        .and(slept)
        .and(stored)
        .and(logged)
        .and(killed)
        .and(shouted)
}

/// A test of the agent's processes against a service made by hand, as root.
fn agent(filter: &str) -> Command {
    tool::cargo(&[
        "test",
        "--package",
        "usher-agent",
        "--test",
        "node",
        filter,
        "--",
        "--nocapture",
    ])
}

fn end_to_end(filter: &str) -> Command {
    tool::cargo(&[
        "test",
        "--package",
        "usher-e2e",
        "--test",
        "it",
        filter,
        "--",
        "--nocapture",
    ])
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
