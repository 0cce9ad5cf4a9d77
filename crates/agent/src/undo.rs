//! `usher-agent undo`: removes from the host what the journal lists, and nothing else.

use std::io;
use std::process::{Command, Stdio};

use crate::config::Config;
use crate::journal::{Journal, Made};
use crate::login::ssm_user::{SSM_USER, SUDO_RULE, USERDEL};

/// Why something could not be removed; the journal keeps it for the next try.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UndoError {
    #[error("the journal cannot be read or cleared: {0}")]
    Journal(io::Error),
    #[error("{SUDO_RULE} cannot be removed: {0}")]
    SudoRule(io::Error),
    #[error(
        "{USERDEL} could not remove {SSM_USER} ({0}): end its processes and run `usher-agent undo` again"
    )]
    User(String),
}

/// Removes the sudo rule first: a rule must not outlive the account it is for.
pub(crate) fn run(config: &Config) -> Result<(), UndoError> {
    let journal = Journal::new(config.journal.as_deref());
    let made = journal.entries().map_err(UndoError::Journal)?;
    if made.contains(&Made::SudoRule) {
        match std::fs::remove_file(SUDO_RULE) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(UndoError::SudoRule(error));
            }
            _ => tracing::info!("removed {SUDO_RULE}"),
        }
    }
    if made.contains(&Made::SsmUser) {
        remove_user()?;
        tracing::info!("removed the account {SSM_USER}");
    }
    journal.clear().map_err(UndoError::Journal)
}

fn remove_user() -> Result<(), UndoError> {
    /// userdel(8): the account does not exist, which is what we want.
    const NO_SUCH_USER: i32 = 6;
    /// userdel(8): the home directory could not be removed; it says so too when only the mail spool is missing.
    const NO_HOME: i32 = 12;
    let ended = Command::new(USERDEL)
        .args(["-r", SSM_USER])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| UndoError::User(error.to_string()))?;
    match ended.code() {
        Some(0 | NO_SUCH_USER | NO_HOME) => Ok(()),
        _ => Err(UndoError::User(ended.to_string())),
    }
}
