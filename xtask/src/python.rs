//! Virtual Python environments under the target directory: the unmodified AWS CLI and boto3, Ansible, and the linker for
//! macOS.
//!
//! Each is made anew whenever its pinned requirements change, and only then.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tool::{self, TaskError};

/// What is installed where.
pub(crate) struct Environment {
    /// Its name under the target directory.
    name: &'static str,
    /// The file of its pinned requirements.
    requirements: &'static str,
}

/// What people use against the service.
pub(crate) const TESTS: Environment = Environment {
    name: "venv",
    requirements: concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/requirements.txt"),
};

/// Ansible with all of its collections, which is in no other package.
pub(crate) const ANSIBLE: Environment = Environment {
    name: "ansible-venv",
    requirements: concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../e2e/ansible/requirements.txt"
    ),
};

/// A C compiler and linker for other systems, and what puts them under Cargo.
pub(crate) const CROSS: Environment = Environment {
    name: "cross-venv",
    requirements: concat!(env!("CARGO_MANIFEST_DIR"), "/cross/requirements.txt"),
};

impl Environment {
    /// Makes it, or finds it as it should be. `None`: there is no Python to make it with.
    pub(crate) fn make(&self) -> Result<Option<PathBuf>, TaskError> {
        if let Some(directory) = self.find()? {
            return Ok(Some(directory));
        }
        if !tool::succeeds("python3", &["-c", "import ensurepip, venv"]) {
            return Ok(None);
        }
        let directory = self.directory()?;
        for step in self.steps()? {
            tool::run(step)?;
        }
        // Written last, so an interrupted installation is never taken for a whole one.
        let stamp = directory.join("requirements.txt");
        fs::write(&stamp, read(Path::new(self.requirements))?).map_err(|source| {
            TaskError::File {
                path: stamp,
                source,
            }
        })?;
        Ok(Some(directory))
    }

    /// The environment, if it is as it should be.
    pub(crate) fn find(&self) -> Result<Option<PathBuf>, TaskError> {
        let directory = self.directory()?;
        let wanted = read(Path::new(self.requirements))?;
        let installed = fs::read_to_string(directory.join("requirements.txt"));
        Ok(installed
            .is_ok_and(|installed| installed == wanted)
            .then_some(directory))
    }

    /// The lines that make it.
    pub(crate) fn steps(&self) -> Result<[Command; 2], TaskError> {
        let directory = self.directory()?;
        let mut create = Command::new("python3");
        create.args(["-m", "venv", "--clear"]).arg(&directory);
        let mut install = Command::new(directory.join("bin/pip"));
        install
            .args([
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(self.requirements);
        Ok([create, install])
    }

    fn directory(&self) -> Result<PathBuf, TaskError> {
        Ok(tool::target_directory()?.join(self.name))
    }
}

fn read(path: &Path) -> Result<String, TaskError> {
    fs::read_to_string(path).map_err(|source| TaskError::File {
        path: path.to_owned(),
        source,
    })
}
