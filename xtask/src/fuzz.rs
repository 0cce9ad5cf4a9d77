//! `cargo xtask fuzz`: the targets in `fuzz/`, one after the other, each for a given time.
//!
//! Owns that each starts from what was recorded: the seeds beside it, and captured frames. Findings are left in
//! `fuzz/artifacts`. The compiler is the stable one; what it is asked for there is instrumentation, no language.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tool::{self, TaskError};

/// Each target with the file of recorded bytes it starts from, where there is one beside its folder of texts.
const TARGETS: [(&str, Option<&str>); 8] = [
    ("frame", Some("crates/wire/tests/vectors/frames.hex")),
    ("data_channel", Some("fuzz/seeds/data_channel.hex")),
    ("messages", None),
    ("sigv4", None),
    ("document", None),
    ("policy", None),
    ("internal", Some("fuzz/seeds/internal.hex")),
    ("smux", Some("fuzz/seeds/smux.hex")),
];

/// Runs the target, or all; a crash in one does not keep the others from running.
pub(crate) fn run(only: Option<&str>, seconds: u64) -> Result<(), TaskError> {
    if !tool::succeeds("cargo", &["fuzz", "--version"]) {
        return Err(TaskError::NoTool {
            tool: "cargo-fuzz",
            install: "cargo install --locked cargo-fuzz",
        });
    }
    let mut outcome = Ok(());
    for (target, recorded) in TARGETS {
        if only.is_none_or(|only| only == target) {
            outcome = outcome.and(fuzz(target, recorded, seconds));
        }
    }
    outcome
}

fn fuzz(target: &str, recorded: Option<&str>, seconds: u64) -> Result<(), TaskError> {
    let corpus = PathBuf::from("fuzz/corpus").join(target);
    make(&corpus)?;
    if let Some(recorded) = recorded {
        unpack(Path::new(recorded), &corpus)?;
    }
    let texts = Path::new("fuzz/seeds").join(target);
    let mut command = tool::cargo(&["fuzz", "run", "--sanitizer", "none", target]);
    command.arg(&corpus);
    if texts.is_dir() {
        command.arg(texts);
    }
    // All of it is safe Rust or the system calls of `sys`: what a sanitizer would find, the language already excludes.
    command.env("RUSTC_BOOTSTRAP", "1").args([
        "--",
        "-print_final_stats=1",
        "-timeout=10",
        "-rss_limit_mb=2048",
        &format!("-max_total_time={seconds}"),
    ]);
    tool::run(command)
}

/// Compiles the targets as they stand, beside what is compiled already; cargo-fuzz is not needed for it.
pub(crate) fn check() -> Result<(), TaskError> {
    tool::run(tool::cargo(&[
        "fmt",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--check",
    ]))?;
    let mut lints = tool::cargo(&["clippy", "--manifest-path", "fuzz/Cargo.toml"]);
    lints
        .arg("--target-dir")
        .arg(tool::target_directory()?)
        .args(["--", "--deny", "warnings"]);
    tool::run(lints)
}

/// One file for each line of hexadecimal; blanks are for the eye, `#` begins a comment.
fn unpack(recorded: &Path, corpus: &Path) -> Result<(), TaskError> {
    let text = fs::read_to_string(recorded).map_err(failed(recorded))?;
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    for (number, line) in lines.enumerate() {
        let path = corpus.join(format!("recorded-{number}"));
        fs::write(&path, bytes(line)).map_err(failed(&path))?;
    }
    Ok(())
}

fn bytes(line: &str) -> Vec<u8> {
    let digits: Vec<u32> = line.chars().filter_map(|c| c.to_digit(16)).collect();
    let pairs = digits.chunks_exact(2);
    pairs
        .filter_map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte << 4 | digit)).ok())
        .collect()
}

fn make(directory: &Path) -> Result<(), TaskError> {
    fs::create_dir_all(directory).map_err(failed(directory))
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> TaskError {
    let path = path.to_owned();
    move |source| TaskError::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_that_is_built_is_run() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let manifest = fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
        let built = manifest.matches("[[bin]]").count();
        assert_eq!(built, TARGETS.len());
        for (target, recorded) in TARGETS {
            assert!(
                manifest.contains(&format!("name = \"{target}\"")),
                "{target}"
            );
            let texts = root.join("fuzz/seeds").join(target).is_dir();
            let bytes = recorded.is_some_and(|recorded| root.join(recorded).is_file());
            assert!(texts || bytes, "{target} starts from nothing");
        }
    }

    #[test]
    fn recorded_bytes_are_read_as_they_are_written() {
        assert_eq!(bytes("00ff 1a"), [0, 0xff, 0x1a]);
    }
}
