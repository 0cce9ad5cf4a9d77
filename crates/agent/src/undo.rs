//! `usher-agent undo`: removes from the host what the journal lists, and nothing else.

use std::fs;
use std::io;
use std::path::Path;

use usher_sys::{Account, AccountError};

use crate::config::Config;
use crate::host_accounts;
use crate::journal::{Journal, Made};
use crate::login::ssm_user::{SSM_USER, SUDO_RULE, SUDO_RULE_TEXT};
use crate::system_program::Complaint;

/// Why something could not be removed; the journal keeps it for the next try.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UndoError {
    #[error("the journal cannot be read or cleared: {0}")]
    Journal(io::Error),
    #[error("{SUDO_RULE} cannot be removed: {0}")]
    SudoRule(io::Error),
    #[error("the processes of {SSM_USER} cannot be ended: {0}")]
    Processes(io::Error),
    #[error(
        "{SSM_USER} could not be removed ({0}): end its processes and run `usher-agent undo` again"
    )]
    User(Complaint),
}

/// Removes the sudo rule first: a rule must not outlive the account it is for.
pub(crate) fn run(config: &Config) -> Result<(), UndoError> {
    let journal = Journal::new(config.journal.as_deref());
    let made = journal.entries().map_err(UndoError::Journal)?;
    if made.contains(&Made::SudoRule) {
        remove_rule(Path::new(SUDO_RULE)).map_err(UndoError::SudoRule)?;
    }
    // The account may have been made anew since, beside what an earlier one left behind.
    let with_home = made.contains(&Made::SsmUser) && !made.contains(&Made::SsmUserInOldHome);
    if with_home || made.contains(&Made::SsmUserInOldHome) {
        end_its_processes().map_err(UndoError::Processes)?;
        host_accounts::remove_person(SSM_USER, with_home).map_err(UndoError::User)?;
        tracing::info!("removed the account {SSM_USER}");
    }
    journal.clear().map_err(UndoError::Journal)
}

/// A rule that reads differently by now is an administrator's.
fn remove_rule(rule: &Path) -> io::Result<()> {
    match fs::read(rule) {
        Ok(text) if text == SUDO_RULE_TEXT.as_bytes() => {
            fs::remove_file(rule)?;
            tracing::info!("removed {}", rule.display());
            Ok(())
        }
        Ok(_) => {
            tracing::warn!(
                "{} was changed since it was made, and stays",
                rule.display()
            );
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// What a session left running, or the session itself where its agent was killed.
fn end_its_processes() -> io::Result<()> {
    match Account::lookup(SSM_USER) {
        Ok(account) => usher_sys::end_processes_of(account.uid()),
        // An account that is gone, or is none that we would have made, has no processes of ours.
        Err(error @ AccountError::NameService(_)) => Err(io::Error::other(error)),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_an_administrator_changed_or_removed_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let rule = directory.path().join("rule");
        remove_rule(&rule).unwrap();
        fs::write(&rule, "ssm-user ALL=(ALL) /usr/bin/id\n").unwrap();
        remove_rule(&rule).unwrap();
        assert!(rule.exists());
    }

    #[test]
    fn a_rule_as_it_was_made_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let rule = directory.path().join("rule");
        fs::write(&rule, SUDO_RULE_TEXT).unwrap();
        remove_rule(&rule).unwrap();
        assert!(!rule.exists());
    }
}
