//! `cargo xtask bench`: the release programs beside OpenSSH on this machine, or parts of the data path by themselves.
//!
//! What is measured and how stands in `e2e/benches/beside_ssh` and in the `benches` of the crates; this installs, builds
//! and calls.

use clap::{Args, ValueEnum};

use crate::python;
use crate::system_packages::{self, BENCH};
use crate::tool::{self, TaskError};

/// How much is measured, and how the result is written.
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// How often each way to a shell is measured
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Keys typed in each round
    #[arg(long, default_value_t = 500)]
    keys: u32,
    /// Output printed in each round, in MB
    #[arg(long, default_value_t = 100)]
    megabytes: u32,
    /// How the result is written; what is done is told on standard error
    #[arg(long, value_enum, default_value_t = Form::Table)]
    output: Form,
    /// Print the lines that would install Debian packages instead of running them
    #[arg(long)]
    no_install: bool,
    /// Measure parts by themselves instead: frame codec, data channel, a decision by 10,000 statements, calls a second;
    /// needs neither root nor OpenSSH
    #[arg(long, conflicts_with_all = ["rounds", "keys", "megabytes", "output", "no_install"])]
    micro: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    Table,
    Json,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
        }
    }
}

/// The parts that are measured by themselves: package and benchmark.
const MICRO: [(&str, &str); 4] = [
    ("usher-wire", "frame"),
    ("usher-wire", "data_channel"),
    ("usher-policy", "ten_thousand_statements"),
    ("usher-server", "calls"),
];

/// Builds with `--release` and measures.
pub(crate) fn run(arguments: &BenchArguments) -> Result<(), TaskError> {
    if arguments.micro {
        return MICRO.into_iter().try_for_each(|(package, bench)| {
            tool::run(tool::cargo(&[
                "bench",
                "--package",
                package,
                "--bench",
                bench,
            ]))
        });
    }
    if !system_packages::is_root() {
        return Err(TaskError::NeedsRoot {
            what: "the bench beside OpenSSH",
            why: "it makes an OS user and starts an sshd",
        });
    }
    system_packages::install(&BENCH, arguments.no_install)?;
    if python::TESTS.make()?.is_none() {
        eprintln!("no Python environment: the rows of the aws CLI will be skipped");
    }
    tool::run(tool::cargo(&[
        "build",
        "--release",
        "--package",
        "usher",
        "--package",
        "usher-agent",
    ]))?;
    let mut beside_ssh = tool::cargo(&["bench", "--package", "usher-e2e", "--bench", "beside_ssh"]);
    beside_ssh.arg("--");
    for (name, value) in [
        ("--rounds", arguments.rounds.to_string()),
        ("--keys", arguments.keys.to_string()),
        ("--megabytes", arguments.megabytes.to_string()),
        ("--output", arguments.output.name().to_owned()),
    ] {
        beside_ssh.args([name, &value]);
    }
    tool::run(beside_ssh)
}
