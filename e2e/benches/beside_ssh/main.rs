//! Usher beside OpenSSH on loopback, in one run: start to first prompt, key echo, terminal output, CPU and memory.
//!
//! `cargo xtask bench` builds the release programs and calls this. Every way to a shell is measured on the same
//! account, terminal and node, in alternating order over several rounds; what counts is the ratio to ssh in the same
//! round, because a machine has good and bad minutes. It makes an OS user, an sshd and a server, and removes them.

#![forbid(unsafe_code)]

mod account;
mod arguments;
mod error;
mod machine;
mod measure;
mod openssh;
mod processes;
mod report;
mod terminal;
mod usher;
mod way;

use std::process::ExitCode;

use account::Account;
use arguments::{Arguments, Form};
use error::BenchError;
use machine::Machine;
use measure::Measured;
use openssh::OpenSsh;
use report::Report;
use usher::Usher;
use way::Way;

fn main() -> ExitCode {
    let outcome = Arguments::read(std::env::args().skip(1)).and_then(|arguments| run(&arguments));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), BenchError> {
    let before = Machine::look();
    let folder = tempfile::TempDir::with_prefix("ushertest-").map_err(BenchError::Folder)?;
    let account = Account::create(arguments.megabytes)?;
    let openssh = OpenSsh::start(folder.path(), &account)?;
    let usher = Usher::start(folder.path(), &account)?;

    let (ways, skipped) = Way::all(&openssh, &usher);
    for sentence in &skipped {
        eprintln!("skipped: {sentence}");
    }
    let measured = measure_all(&ways, arguments)?;
    let report = Report {
        arguments,
        before,
        after: Machine::look(),
        skipped,
        measured,
    };
    match arguments.form {
        Form::Table => print!("{}", report.table()),
        Form::Json => println!("{:#}", report.json()),
    }
    Ok(())
}

/// Every way in every round; each second round in the opposite order.
fn measure_all(ways: &[Way], arguments: &Arguments) -> Result<Vec<Measured>, BenchError> {
    let mut measured: Vec<Measured> = ways.iter().map(|way| Measured::of(way.name)).collect();
    for way in ways {
        // What only the first session does: pages, caches, an account's first login.
        measure::start(way)?;
    }
    for round in 0..arguments.rounds {
        let mut pairs: Vec<_> = ways.iter().zip(measured.iter_mut()).collect();
        if round % 2 == 1 {
            pairs.reverse();
        }
        for (way, measured) in pairs {
            eprintln!("round {} of {}: {}", round + 1, arguments.rounds, way.name);
            measured.add(way, arguments)?;
        }
    }
    Ok(measured)
}
