//! `cargo xtask macos`: type-checks `crates/sys` for macOS on Debian, standard library included.
//!
//! It proves that the room with nearly all code for macOS compiles against its interfaces and nothing more: nothing is
//! linked or run, and the programs, whose cryptography is C, are not checked.

use std::process::Command;

use crate::system_packages;
use crate::tool::{self, TaskError};

const TARGET: &str = "aarch64-apple-darwin";

/// Installs the compiler and its source where they are missing, then checks.
pub(crate) fn run(no_install: bool) -> Result<(), TaskError> {
    system_packages::install(&system_packages::MACOS, no_install)?;
    let Some(compiler) = compiler() else {
        println!("macOS: skipped, Debian's packages rustc-web and rust-web-src are not installed");
        return Ok(());
    };
    let mut check = tool::cargo(&[
        "check",
        "-Zbuild-std",
        "--target",
        TARGET,
        "--package",
        "usher-sys",
    ]);
    // A directory of its own: this compiler's products are not the other's.
    check
        .arg("--target-dir")
        .arg(tool::target_directory()?.join("macos"));
    // The package's compiler is no nightly, but it has the source that building the standard library needs.
    check.env("RUSTC", compiler).env("RUSTC_BOOTSTRAP", "1");
    tool::run(check)?;
    println!("macOS: the types of usher-sys were checked for {TARGET}; nothing was linked or run");
    Ok(())
}

/// The compiler of the package: rustup's own stays first on PATH.
fn compiler() -> Option<String> {
    let listed = Command::new("dpkg")
        .args(["--listfiles", "rustc-web"])
        .output()
        .ok()?;
    let files = String::from_utf8(listed.stdout).ok()?;
    let compiler = files.lines().find(|file| file.ends_with("/bin/rustc"))?;
    Some(compiler.to_owned())
}
