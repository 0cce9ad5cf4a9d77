//! `cargo xtask run`: from a fresh clone to a shell on this machine.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::console;
use crate::tool::{self, TaskError};

/// Builds the console and both programs, then becomes `usher dev --connect`, so that signals and the terminal are its own.
pub(crate) fn run(arguments: &[String]) -> Result<(), TaskError> {
    console::build()?;
    tool::run(tool::cargo(&[
        "build",
        "--package",
        "usher",
        "--package",
        "usher-agent",
    ]))?;

    let mut usher = Command::new(tool::target_directory()?.join("debug/usher"));
    usher.args(["dev", "--connect"]).args(arguments);
    let line = tool::shown(&usher);
    eprintln!("+ {line}");
    Err(TaskError::NotStarted {
        line,
        source: usher.exec(),
    })
}
