//! Runs an ordinary tool, showing its line first.
//!
//! Owns the promise that nothing is run unseen: no other file of this crate starts a process that changes
//! anything.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

/// Why a task stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TaskError {
    #[error("`{line}` could not be started: {source}\n\nhint: is it installed and on PATH?")]
    NotStarted {
        line: String,
        source: std::io::Error,
    },
    #[error("`{line}` ended with {status}")]
    Failed { line: String, status: ExitStatus },
    #[error("the output of `{line}` could not be read: {source}")]
    Unreadable {
        line: String,
        source: std::io::Error,
    },
    #[error("{path} could not be used: {source}", path = path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("xtask does not stand in a Cargo target directory\n\nhint: start it as `cargo xtask`")]
    NoTargetDirectory,
    #[error("{program} was built, but not for {target}")]
    NotFor {
        program: &'static str,
        target: &'static str,
    },
    #[error("{tool} is not installed\n\nhint: {install}")]
    NoTool {
        tool: &'static str,
        install: &'static str,
    },
    #[error("{what} needs root: {why}")]
    NeedsRoot {
        what: &'static str,
        why: &'static str,
    },
}

/// `cargo`, the one that started us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Runs the command in the foreground; anything but success is an error.
pub(crate) fn run(mut command: Command) -> Result<(), TaskError> {
    let line = shown(&command);
    eprintln!("+ {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(TaskError::Failed { line, status }),
        Err(source) => Err(TaskError::NotStarted { line, source }),
    }
}

/// Runs the command with its standard output passed on line by line to `each` as well as to ours.
///
/// The status is handed back, whatever it is: the caller has something to say before it fails.
pub(crate) fn run_reading(
    mut command: Command,
    mut each: impl FnMut(&str),
) -> Result<ExitStatus, TaskError> {
    let line = shown(&command);
    eprintln!("+ {line}");
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(source) => return Err(TaskError::NotStarted { line, source }),
    };
    if let Some(output) = child.stdout.take() {
        for text in BufReader::new(output).split(b'\n') {
            match text {
                Ok(text) => {
                    let text = String::from_utf8_lossy(&text);
                    println!("{text}");
                    each(&text);
                }
                Err(source) => return Err(TaskError::Unreadable { line, source }),
            }
        }
    }
    child
        .wait()
        .map_err(|source| TaskError::Unreadable { line, source })
}

/// Asks a tool a question that changes nothing: whether it succeeds, without its output.
pub(crate) fn succeeds(program: impl AsRef<OsStr>, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The first line a tool prints, if it succeeds: for questions such as `id -u`.
pub(crate) fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| text.lines().next().unwrap_or_default().to_owned())
}

/// Cargo's target directory, whatever its name: the one we were built into (`TARGET/PROFILE/xtask`).
pub(crate) fn target_directory() -> Result<PathBuf, TaskError> {
    let ours = std::env::current_exe().map_err(|_| TaskError::NoTargetDirectory)?;
    ours.ancestors()
        .nth(2)
        .map(PathBuf::from)
        .ok_or(TaskError::NoTargetDirectory)
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let mut line = String::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            line.push_str(&format!(
                "{}={} ",
                name.to_string_lossy(),
                value.to_string_lossy()
            ));
        }
    }
    line.push_str(&command.get_program().to_string_lossy());
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}
