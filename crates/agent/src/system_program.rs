//! Programs of the system that root runs: by absolute path, without a shell, with an empty environment.

use std::process::{Command, Output, Stdio};

/// Makes and removes accounts on macOS.
#[cfg(target_os = "macos")]
pub(crate) const SYSADMINCTL: &str = "/usr/sbin/sysadminctl";

/// Makes the home of an account on macOS.
#[cfg(target_os = "macos")]
pub(crate) const CREATEHOMEDIR: &str = "/usr/sbin/createhomedir";

/// Reads and writes the records of macOS's directory service.
#[cfg(target_os = "macos")]
pub(crate) const DSCL: &str = "/usr/bin/dscl";

/// macOS's keeper of services.
pub(crate) const LAUNCHCTL: &str = "/bin/launchctl";

/// systemd's.
pub(crate) const SYSTEMCTL: &str = "/usr/bin/systemctl";

/// Makes an account.
#[cfg(not(target_os = "macos"))]
pub(crate) const USERADD: &str = "/usr/sbin/useradd";

/// Removes one.
#[cfg(not(target_os = "macos"))]
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

impl Complaint {
    /// One of ours, about a program that did not do what it was run for.
    pub(crate) fn of(line: String) -> Self {
        Self { line, code: None }
    }
}

/// Runs it to its end, which has to be a success.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<(), Complaint> {
    finished(program, arguments, Stdio::null()).map(drop)
}

/// What it says on standard output; its end has to be a success.
#[cfg(target_os = "macos")]
pub(crate) fn output(program: &str, arguments: &[&str]) -> Result<String, Complaint> {
    let said = finished(program, arguments, Stdio::piped())?.stdout;
    String::from_utf8(said).map_err(|_| Complaint::of(format!("{program}: its answer is no text")))
}

fn finished(program: &str, arguments: &[&str], stdout: Stdio) -> Result<Output, Complaint> {
    let output = Command::new(program)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| Complaint::of(format!("{program}: {error}")))?;
    if output.status.success() {
        return Ok(output);
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
