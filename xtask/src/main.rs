//! The project's commands, started as `cargo xtask NAME`.
//!
//! Each of them only calls ordinary tools (cargo, npm, apt-get, python3) and shows every line it runs, so that a
//! person can do the same by hand. Nothing here knows what the product does.

#![forbid(unsafe_code)]

mod bench;
mod check;
mod console;
mod dev;
mod fuzz;
mod macos;
mod matrix;
mod npm;
mod postgres;
mod python;
mod soak;
mod system_packages;
mod tally;
mod test;
mod tool;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    about = "Build, try and test Usher",
    disable_help_subcommand = true
)]
struct CommandLine {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build everything, start `usher dev --connect` and open a session on this machine
    Run {
        /// Further arguments for `usher dev`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run every test this machine can run; as root, install the Debian packages they need first
    Test {
        /// Print the lines that would install Debian packages instead of running them
        #[arg(long)]
        no_install: bool,
    },
    /// Build the agent for macOS on Debian, without a Mac: types and links are checked, nothing is run
    Macos {
        /// Print the lines that would install Debian packages instead of running them
        #[arg(long)]
        no_install: bool,
    },
    /// Check formatting, lints, dependencies and the rules between the crates
    Check,
    /// Run the long forms of what `test` does in short: the data channel's simulation, sessions in bad weather and of all
    /// kinds at once, and the agent under kills and hostile messages
    Soak(soak::Lengths),
    /// Run the fuzz targets in `fuzz/`, each for a while
    Fuzz {
        /// This one alone
        target: Option<String>,
        /// How long each runs
        #[arg(long, default_value_t = 600)]
        seconds: u64,
    },
    /// Try every client with every agent in every kind of session, as root, and write docs/interop.md
    Matrix,
    /// Measure the release programs beside OpenSSH on this machine, as root
    Bench(bench::BenchArguments),
}

fn main() -> ExitCode {
    let outcome = match CommandLine::parse().task {
        Task::Run { arguments } => dev::run(&arguments),
        Task::Test { no_install } => test::run(no_install),
        Task::Macos { no_install } => macos::run(no_install),
        Task::Check => check::run(),
        Task::Soak(lengths) => soak::run(&lengths),
        Task::Fuzz { target, seconds } => fuzz::run(target.as_deref(), seconds),
        Task::Matrix => matrix::run(),
        Task::Bench(arguments) => bench::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error}");
            ExitCode::FAILURE
        }
    }
}
