//! `cargo xtask check`: everything that can be judged without starting the product.

use crate::fuzz;
use crate::tool::{self, TaskError};

/// Formatting, lints, the rules between the crates, and the dependency list.
pub(crate) fn run() -> Result<(), TaskError> {
    tool::run(tool::cargo(&["fmt", "--all", "--check"]))?;
    tool::run(tool::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))?;
    tool::run(tool::cargo(&["test", "--quiet", "--package", "xtask"]))?;
    // A workspace of its own, which nothing else would compile.
    fuzz::check()?;

    if !tool::succeeds("cargo-deny", &["--version"]) {
        println!(
            "skipped: cargo deny: cargo-deny is not installed (cargo install --locked cargo-deny)"
        );
        return Ok(());
    }
    // Advisories are left out: their database has to be fetched, and a check should not depend on the day.
    tool::run(tool::cargo(&[
        "deny", "check", "bans", "licenses", "sources",
    ]))
}
