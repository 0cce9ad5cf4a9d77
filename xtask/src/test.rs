//! `cargo xtask test`: what a fresh Debian with Rust and Node needs, then every test, then what did not run.

use std::fs;
use std::path::Path;

use crate::tally::Tally;
use crate::tool::{self, TaskError};
use crate::{console, npm, postgres, python, system_packages};

/// Installs, builds, tests and closes with one line that counts passed, failed and skipped tests.
pub(crate) fn run(no_install: bool) -> Result<(), TaskError> {
    system_packages::install(&system_packages::TESTS, no_install)?;
    if python::TESTS.make()?.is_none() {
        eprintln!(
            "no Python environment: every test that needs the aws CLI, boto3 or Ansible will be skipped"
        );
    }
    python::ANSIBLE.make()?;
    if npm::is_installed() {
        npm::IDENTITY_PROVIDER.install()?;
        npm::EMULATORS.install()?;
        npm::WEB_CLIENT.install()?;
    } else {
        eprintln!(
            "no npm: the tests of single sign-on, of recordings by chance and of npm's client will be skipped"
        );
    }
    let mut tally = Tally::default();
    let has_console = console::build()?;
    if has_console {
        console::check(&mut tally)?;
    }
    let programs = tool::target_directory()?.join("debug");
    let skips = tool::target_directory()?.join("skipped-tests.txt");
    fs::write(&skips, "").map_err(|source| TaskError::File {
        path: skips.clone(),
        source,
    })?;
    let mut tests = tool::cargo(&["test", "--workspace", "--no-fail-fast"]);
    tests.env("USHER_SKIPPED_TESTS", &skips);
    // Cargo builds the programs along with their own tests: to build them once more for the end-to-end tests, with
    // other features of what they depend on, would double the time of a first run.
    tests.env("USHER_PROGRAMS", &programs);
    let line = tool::shown(&tests);
    let status = tool::run_reading(tests, |text| tally.read(text))?;

    let on_postgres = postgres::test(&mut tally);
    let browsed = match has_console {
        true => console::browse(&programs, &mut tally),
        false => Ok(()),
    };

    tally.skip(tell_skipped(&skips)?);
    println!(
        "macOS: not built here, since that takes as long as all tests: `cargo xtask macos` does"
    );
    println!("\n{tally}");
    if status.success() {
        on_postgres.and(browsed)
    } else {
        Err(TaskError::Failed { line, status })
    }
}

/// Prints each test that could not run here with its reason, and says how many there are.
fn tell_skipped(skips: &Path) -> Result<usize, TaskError> {
    let skipped = fs::read_to_string(skips).map_err(|source| TaskError::File {
        path: skips.to_owned(),
        source,
    })?;
    for line in skipped.lines() {
        println!("skipped: {line}");
    }
    Ok(skipped.lines().count())
}
