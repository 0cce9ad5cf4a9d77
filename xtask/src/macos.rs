//! `cargo xtask macos`: builds the agent for macOS on Debian, standard library included, up to linked executables.
//!
//! It proves that every type agrees and that every function of the system that is called is one macOS's own libSystem
//! has, by the list that comes with the linker. It proves nothing about running: no Mac is here. Apple's frameworks have
//! no such list; `cross/frameworks` names what is used of them, so that at least nothing more gets in unseen.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tool::{self, TaskError};
use crate::{python, system_packages};

const TARGET: &str = "aarch64-apple-darwin";

/// Names for the linker, in the place of Apple's development kit.
const FRAMEWORKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cross/frameworks");

/// Packages with the program each of them makes.
const PROGRAMS: [&str; 1] = ["usher-agent"];

/// `mach-o/loader.h`: magic number and processor of a 64-bit executable for Apple's own processors.
const MACH_O_ARM64: [u8; 8] = [0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0x00, 0x00, 0x01];

/// What it is built with.
struct Kit {
    compiler: String,
    /// Where `cargo-zigbuild` is.
    programs: PathBuf,
}

/// Installs compiler and linker where they are missing, builds, and says in its last line what that proves, or why it was
/// skipped.
pub(crate) fn run(no_install: bool) -> Result<(), TaskError> {
    system_packages::install(&system_packages::MACOS, no_install)?;
    let kit = match kit(no_install)? {
        Ok(kit) => kit,
        Err(missing) => {
            println!("macOS: SKIPPED, nothing was checked: {missing}");
            return Ok(());
        }
    };
    for program in PROGRAMS {
        tool::run(build(&kit, program)?)?;
        if !is_mach_o(&product(program)?)? {
            return Err(TaskError::NotFor {
                program,
                target: TARGET,
            });
        }
    }
    println!(
        "macOS: RAN: {}: type-checked and linked as Mach-O for {TARGET}; no Mac was there to run them",
        PROGRAMS.join(" and ")
    );
    Ok(())
}

/// The kit, or what is missing of it.
fn kit(no_install: bool) -> Result<Result<Kit, &'static str>, TaskError> {
    let Some(compiler) = compiler() else {
        return Ok(Err(
            "Debian's packages rustc-web and rust-web-src are not installed",
        ));
    };
    let cross = if no_install {
        python::CROSS.find()?
    } else {
        python::CROSS.make()?
    };
    if let Some(cross) = cross {
        let programs = cross.join("bin");
        return Ok(Ok(Kit { compiler, programs }));
    }
    for step in python::CROSS.steps()? {
        eprintln!("not run:\n  {}", tool::shown(&step));
    }
    Ok(Err(
        "the Python packages ziglang and cargo-zigbuild are not installed",
    ))
}

fn build(kit: &Kit, program: &'static str) -> Result<Command, TaskError> {
    let mut build = Command::new(kit.programs.join("cargo-zigbuild"));
    build.args(["rustc", "--package", program, "--bin", program]);
    build.args(["-Zbuild-std", "--target", TARGET]);
    // A directory of its own: this compiler's products are not the other's.
    build.arg("--target-dir").arg(directory()?);
    // For the last step alone: libraries need no linker.
    build.args(["--", &format!("-Lframework={FRAMEWORKS}")]);
    // The package's compiler is no nightly, but it has the source that building the standard library needs.
    build
        .env("RUSTC", &kit.compiler)
        .env("RUSTC_BOOTSTRAP", "1");
    // It looks for its linker there.
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(kit.programs.clone()).chain(std::env::split_paths(&inherited));
    if let Ok(path) = std::env::join_paths(path) {
        build.env("PATH", path);
    }
    Ok(build)
}

fn directory() -> Result<PathBuf, TaskError> {
    Ok(tool::target_directory()?.join("macos"))
}

fn product(program: &str) -> Result<PathBuf, TaskError> {
    Ok(directory()?.join(TARGET).join("debug").join(program))
}

fn is_mach_o(path: &Path) -> Result<bool, TaskError> {
    let mut head = [0; MACH_O_ARM64.len()];
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut head))
        .map_err(|source| TaskError::File {
            path: path.to_owned(),
            source,
        })?;
    Ok(head == MACH_O_ARM64)
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
