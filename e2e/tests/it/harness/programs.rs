//! Where the programs under test and the foreign ones are, whatever the target directory is called.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The directory of this build's programs: `TARGET/PROFILE`, the parent of the one this test stands in.
fn profile_directory() -> PathBuf {
    let ours = std::env::current_exe().unwrap();
    ours.ancestors().nth(2).unwrap().to_owned()
}

/// `usher`, with `usher-agent` beside it; built first, so that a test never judges an old program. A soak, which must
/// judge one build from its first seed to its last, names a directory in `USHER_PROGRAMS` instead.
pub(crate) fn usher() -> &'static Path {
    static USHER: OnceLock<PathBuf> = OnceLock::new();
    USHER.get_or_init(|| {
        if let Some(given) = std::env::var_os("USHER_PROGRAMS") {
            return PathBuf::from(given).join("usher");
        }
        let directory = profile_directory();
        let profile = match directory.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            other => other,
        };
        let status = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--package",
                "usher",
                "--package",
                "usher-agent",
            ])
            .args(["--profile", profile, "--target-dir"])
            .arg(directory.parent().unwrap())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(status.success(), "the programs under test do not build");
        directory.join("usher")
    })
}

/// The directory with `aws` and the Python that has boto3, as `cargo xtask test` made it.
pub(crate) fn aws() -> Option<PathBuf> {
    let directory = profile_directory().parent().unwrap().join("venv/bin");
    directory.join("aws").exists().then_some(directory)
}

/// The directory with Ansible's programs, as `cargo xtask test` made it.
pub(crate) fn ansible() -> Option<PathBuf> {
    let target = profile_directory().parent().unwrap().to_owned();
    let directory = target.join("ansible-venv/bin");
    directory
        .join("ansible-playbook")
        .exists()
        .then_some(directory)
}

/// The directory of the OpenID Connect provider, with its packages where `cargo xtask test` installed them.
pub(crate) fn identity_provider() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/identity-provider"))
}

/// The directory of the terminal emulators that judge recordings, with their packages where `cargo xtask test` installed
/// them.
pub(crate) fn emulators() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/emulators"))
}

/// The directory of npm's client of Session Manager, with its packages where `cargo xtask test` installed them.
pub(crate) fn web_client() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/web-client"))
}

/// Whether a program can be started by its name.
pub(crate) fn on_path(program: &str) -> bool {
    directory_of(program).is_some()
}

/// The directory in which a program is found by its name.
pub(crate) fn directory_of(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).find(|directory| directory.join(program).exists())
}
