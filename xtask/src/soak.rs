//! `cargo xtask soak`: the long forms of what `cargo xtask test` does with few seeds.
//!
//! First changes to an audit trail and the data channel's simulation, then real sessions: in bad weather, asleep for
//! minutes, with an agent whose processes are killed or taken over, with a server that is killed over their logs, a hundred
//! of all kinds at once, and one after another. Prints what `docs/soak.md` keeps.

use std::process::Command;
use std::time::Instant;

use crate::tool::{self, TaskError};

/// Sessions of mixed kinds at once.
const AT_ONCE: u64 = 100;

/// How long each of them is to be.
#[derive(Debug, clap::Args)]
pub(crate) struct Lengths {
    /// How many changed audit trails to verify
    #[arg(long, default_value_t = 100_000)]
    mutations: u64,
    /// How many seeds to simulate
    #[arg(long, default_value_t = 200_000)]
    seeds: u64,
    /// How many sessions to put through bad weather
    #[arg(long, default_value_t = 500)]
    weather: u64,
    /// For how many seconds a client sleeps
    #[arg(long, default_value_t = 300)]
    asleep: u64,
    /// How many recordings to play for two more terminal emulators
    #[arg(long, default_value_t = 100)]
    screens: u64,
    /// How many MiB a large object has
    #[arg(long, default_value_t = 1024)]
    object: u64,
    /// How many rounds of ten sessions whose server is killed over their logs
    #[arg(long, default_value_t = 20)]
    logged: u64,
    /// How many times to kill one of the agent's processes
    #[arg(long, default_value_t = 400)]
    kills: u64,
    /// How many broken messages to send to each of the agent's sockets
    #[arg(long, default_value_t = 3000)]
    noise: u64,
    /// For how many seconds to hold a hundred sessions of all kinds
    #[arg(long, default_value_t = 600)]
    mixed: u64,
    /// How many commands to run one after another
    #[arg(long, default_value_t = 500)]
    commands: u64,
    /// How many MiB to copy there and back by scp and sftp
    #[arg(long, default_value_t = 1024)]
    copies: u64,
}

/// Runs all, the later ones also when an earlier one has failed; those of length 0 not at all.
pub(crate) fn run(lengths: &Lengths) -> Result<(), TaskError> {
    let runs = runs(lengths);
    let mut outcome = Ok(());
    let mut line = String::from("cargo xtask soak");
    for (name, length, command) in runs {
        line += &format!(" --{name} {length}");
        if length > 0 {
            outcome = outcome.and(judged(name, command));
        }
    }
    let commit = tool::first_line("git", &["rev-parse", "HEAD"]);
    println!("command: {line}");
    println!(
        "commit: {}",
        commit.as_deref().unwrap_or("not a git checkout")
    );
    outcome
}

/// The flag of each, its length, and what is run.
fn runs(lengths: &Lengths) -> [(&'static str, u64, Command); 12] {
    let Lengths {
        mutations,
        seeds,
        weather,
        asleep,
        screens,
        object,
        logged,
        kills,
        noise,
        mixed,
        commands,
        copies,
    } = *lengths;
    let mixed_kinds = end_to_end("weather::mixed", "USHER_MIXED_SECONDS", mixed);
    [
        ("mutations", mutations, changed_trails(mutations)),
        ("seeds", seeds, simulation(seeds)),
        (
            "weather",
            weather,
            end_to_end("weather::a_flood", "USHER_WEATHER_SEEDS", weather),
        ),
        (
            "asleep",
            asleep,
            end_to_end("weather::silence", "USHER_ASLEEP", asleep),
        ),
        (
            "screens",
            screens,
            end_to_end("screen::by_chance", "USHER_SCREENS", screens),
        ),
        (
            "object",
            object,
            end_to_end("s3::memory", "USHER_OBJECT_MIB", object),
        ),
        (
            "logged",
            logged,
            end_to_end("weather::logged", "USHER_LOGGED_ROUNDS", logged),
        ),
        (
            "kills",
            kills,
            agent("kills::whichever_process", "USHER_KILLS", kills),
        ),
        ("noise", noise, agent("hostile_", "USHER_NOISE", noise)),
        (
            "mixed",
            mixed,
            with(mixed_kinds, "USHER_MIXED_SESSIONS", AT_ONCE),
        ),
        (
            "commands",
            commands,
            end_to_end("commands::exec::every_status", "USHER_EXEC_RUNS", commands),
        ),
        (
            "copies",
            copies,
            end_to_end("ports::ssh::ssh_scp", "USHER_COPY_MIB", copies),
        ),
    ]
}

fn with(mut command: Command, variable: &str, length: u64) -> Command {
    command.env(variable, length.to_string());
    command
}

fn simulation(seeds: u64) -> Command {
    let simulation = tool::cargo(&[
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
    with(simulation, "USHER_SEEDS", seeds)
}

fn changed_trails(mutations: u64) -> Command {
    let trails = tool::cargo(&[
        "test",
        "--release",
        "--package",
        "usher-server",
        "--lib",
        "every_change_to_what_was_signed_is_found",
        "--",
        "--nocapture",
    ]);
    with(trails, "USHER_MUTATIONS", mutations)
}

/// A test of the agent's processes against a service made by hand, as root.
fn agent(filter: &str, variable: &str, length: u64) -> Command {
    let test = tool::cargo(&[
        "test",
        "--package",
        "usher-agent",
        "--test",
        "node",
        filter,
        "--",
        "--nocapture",
    ]);
    with(test, variable, length)
}

fn end_to_end(filter: &str, variable: &str, length: u64) -> Command {
    let test = tool::cargo(&[
        "test",
        "--package",
        "usher-e2e",
        "--test",
        "it",
        filter,
        "--",
        "--nocapture",
    ]);
    with(test, variable, length)
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
