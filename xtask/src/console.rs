//! The web console: built by npm from its lock file, checked, and tried in a browser.
//!
//! Cargo embeds what stands in `console/dist`, so the console is built before the programs. Without npm everything else
//! is built and tested, and what is missing is said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tally::Tally;
use crate::tool::{self, TaskError};

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../console");

/// Where Debian has its Chromium, which the browser tests use.
pub(crate) const CHROMIUM: &str = "/usr/bin/chromium";

/// Builds the console, after installing exactly what its lock names. False: there is no npm.
pub(crate) fn build() -> Result<bool, TaskError> {
    if !tool::succeeds("npm", &["--version"]) {
        eprintln!("skipped: the web console: npm is not installed; usher is built without it");
        return Ok(false);
    }
    install()?;
    tool::run(npm(&["run", "build"]))?;
    Ok(true)
}

/// Types, translations, and the tests that need no browser.
pub(crate) fn check(tally: &mut Tally) -> Result<(), TaskError> {
    told(npm(&["run", "check"]), tally)
}

/// Tries the console of the programs in `programs`, in Chromium.
pub(crate) fn browse(programs: &Path, tally: &mut Tally) -> Result<(), TaskError> {
    if !Path::new(CHROMIUM).exists() {
        println!("skipped: the console in a browser: needs {CHROMIUM}");
        return Ok(());
    }
    let mut tests = npm(&["run", "browser"]);
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

/// `npm ci`, unless what is installed is what the lock says.
fn install() -> Result<(), TaskError> {
    let lock = Path::new(DIRECTORY).join("package-lock.json");
    // Written last, so an interrupted installation is never taken for a whole one.
    let stamp = Path::new(DIRECTORY).join("node_modules/.installed-lock.json");
    let wanted = fs::read_to_string(&lock).map_err(unusable(&lock))?;
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    tool::run(npm(&["ci"]))?;
    fs::write(&stamp, wanted).map_err(unusable(&stamp))
}

fn unusable(path: &Path) -> impl FnOnce(std::io::Error) -> TaskError {
    let path = PathBuf::from(path);
    |source| TaskError::File { path, source }
}

fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(["--prefix", DIRECTORY]).args(arguments);
    command
}
