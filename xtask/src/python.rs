//! The virtual environment with the unmodified AWS CLI and boto3, under the target directory.
//!
//! It is made anew whenever the pinned requirements change, and only then.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tool::{self, TaskError};

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/requirements.txt");

/// Makes the environment, or finds it as it should be. `None`: there is no Python to make it with.
pub(crate) fn environment() -> Result<Option<PathBuf>, TaskError> {
    let directory = tool::target_directory()?.join("venv");
    // Written last, so an interrupted installation is never taken for a whole one.
    let stamp = directory.join("requirements.txt");
    let wanted = read(Path::new(REQUIREMENTS))?;
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(Some(directory));
    }
    if !tool::succeeds("python3", &["-c", "import ensurepip, venv"]) {
        return Ok(None);
    }

    let mut create = Command::new("python3");
    create.args(["-m", "venv", "--clear"]).arg(&directory);
    tool::run(create)?;
    let mut install = Command::new(directory.join("bin/pip"));
    install
        .args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(REQUIREMENTS);
    tool::run(install)?;

    fs::write(&stamp, wanted).map_err(|source| TaskError::File {
        path: stamp,
        source,
    })?;
    Ok(Some(directory))
}

fn read(path: &Path) -> Result<String, TaskError> {
    fs::read_to_string(path).map_err(|source| TaskError::File {
        path: path.to_owned(),
        source,
    })
}
