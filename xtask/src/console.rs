//! The web console: built by npm from its lock file, checked, and tried in a browser.
//!
//! Cargo embeds what stands in `console/dist`, so the console is built before the programs. Without npm everything else
//! is built and tested, and what is missing is said.

use std::path::Path;
use std::process::Command;

use crate::npm::{self, CONSOLE};
use crate::tally::Tally;
use crate::tool::{self, TaskError};

/// Where Debian has its Chromium, which the browser tests use.
pub(crate) const CHROMIUM: &str = "/usr/bin/chromium";

/// Builds the console, after installing exactly what its lock names. False: there is no npm.
pub(crate) fn build() -> Result<bool, TaskError> {
    if !npm::is_installed() {
        eprintln!("skipped: the web console: npm is not installed; usher is built without it");
        return Ok(false);
    }
    CONSOLE.install()?;
    tool::run(CONSOLE.command(&["run", "build"]))?;
    Ok(true)
}

/// Types, translations, and the tests that need no browser.
pub(crate) fn check(tally: &mut Tally) -> Result<(), TaskError> {
    told(CONSOLE.command(&["run", "check"]), tally)
}

/// Tries the console of the programs in `programs`, in Chromium.
pub(crate) fn browse(programs: &Path, tally: &mut Tally) -> Result<(), TaskError> {
    if !Path::new(CHROMIUM).exists() {
        println!("skipped: the console in a browser: needs {CHROMIUM}");
        return Ok(());
    }
    let mut tests = CONSOLE.command(&["run", "browser"]);
    tests.env("USHER_PROGRAMS", programs);
    told(tests, tally)
}

fn told(command: Command, tally: &mut Tally) -> Result<(), TaskError> {
    let line = tool::shown(&command);
    let status = tool::run_reading(command, |text| tally.read_script(text))?;
    if status.success() {
        Ok(())
    } else {
        Err(TaskError::Failed { line, status })
    }
}
