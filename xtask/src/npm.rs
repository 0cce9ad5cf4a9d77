//! Packages of npm, each set installed exactly as its lock names it, beside the lock.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tool::{self, TaskError};

/// A directory with `package.json` and `package-lock.json`.
pub(crate) struct Packages {
    directory: &'static str,
}

/// The web console.
pub(crate) const CONSOLE: Packages = Packages {
    directory: concat!(env!("CARGO_MANIFEST_DIR"), "/../console"),
};

/// The OpenID Connect provider that the end-to-end tests sign in at.
pub(crate) const IDENTITY_PROVIDER: Packages = Packages {
    directory: concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/identity-provider"),
};

/// The terminal emulator that judges, beside pyte, what recordings play back.
pub(crate) const EMULATORS: Packages = Packages {
    directory: concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/emulators"),
};

/// The client of sessions that others wrote in JavaScript.
pub(crate) const WEB_CLIENT: Packages = Packages {
    directory: concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/web-client"),
};

/// Whether there is npm.
pub(crate) fn is_installed() -> bool {
    tool::succeeds("npm", &["--version"])
}

impl Packages {
    /// `npm ci`, unless what is installed is what the lock says.
    pub(crate) fn install(&self) -> Result<(), TaskError> {
        let lock = Path::new(self.directory).join("package-lock.json");
        // Written last, so an interrupted installation is never taken for a whole one.
        let stamp = Path::new(self.directory).join("node_modules/.installed-lock.json");
        let wanted = fs::read_to_string(&lock).map_err(unusable(&lock))?;
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        tool::run(self.command(&["ci"]))?;
        fs::write(&stamp, wanted).map_err(unusable(&stamp))
    }

    /// `npm` in the directory.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("npm");
        command.args(["--prefix", self.directory]).args(arguments);
        command
    }
}

fn unusable(path: &Path) -> impl FnOnce(std::io::Error) -> TaskError {
    let path = PathBuf::from(path);
    |source| TaskError::File { path, source }
}
