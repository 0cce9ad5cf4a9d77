//! `cargo xtask matrix`: tries every client with every agent in every kind of session, and writes docs/interop.md.
//!
//! AWS's programs have to stand on the PATH; cells whose programs are not there keep what was known of them.

use crate::tool::{self, TaskError};

/// Builds the programs, tries the cells, writes record, transcripts and page.
pub(crate) fn run() -> Result<(), TaskError> {
    tool::run(tool::cargo(&["build", "-p", "usher", "-p", "usher-agent"]))?;
    let words = [
        "test",
        "-p",
        "usher-e2e",
        "--test",
        "it",
        "--",
        "--nocapture",
    ];
    let mut tries = tool::cargo(&words);
    tries.arg("interop::every_client");
    tries.env("USHER_PROGRAMS", tool::target_directory()?.join("debug"));
    tries.env("USHER_WRITE_MATRIX", "1");
    tool::run(tries)
}
