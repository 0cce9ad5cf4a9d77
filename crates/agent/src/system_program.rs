//! Programs of the system that root runs: by absolute path, without a shell, with an empty environment.

use std::process::{Command, Stdio};

/// Makes and removes accounts on macOS.
#[cfg(target_os = "macos")]
pub(crate) const SYSADMINCTL: &str = "/usr/sbin/sysadminctl";

/// Makes the home of an account on macOS.
#[cfg(target_os = "macos")]
pub(crate) const CREATEHOMEDIR: &str = "/usr/sbin/createhomedir";

/// Makes an account.
pub(crate) const USERADD: &str = "/usr/sbin/useradd";

/// Removes one.
pub(crate) const USERDEL: &str = "/usr/sbin/userdel";

/// Longest piece of a program's complaint that is repeated.
const SHOWN: usize = 200;

/// A line that names the program, how it ended and what it complained of first.
#[derive(Debug, thiserror::Error)]
#[error("{line}")]
pub(crate) struct Complaint {
    line: String,
    /// Its exit code; `None` for one that did not run or was killed.
    pub(crate) code: Option<i32>,
}

/// Runs it to its end, which has to be a success.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<(), Complaint> {
    let output = Command::new(program)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .map_err(|error| Complaint {
            line: format!("{program}: {error}"),
            code: None,
        })?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let first: String = words
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(SHOWN)
        .collect();
    Err(Complaint {
        line: format!("{program}: {} {first}", output.status),
        code: output.status.code(),
    })
}
