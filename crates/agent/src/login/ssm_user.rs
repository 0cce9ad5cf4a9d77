//! The account of sessions without Run As: made on first use with its sudo rule, as on AWS.
//!
//! Owns that both are made once: two first sessions at the same time wait for each other, nothing
//! that exists is touched, and a rule that an administrator removed is not made again while the
//! account exists. Programs are run by absolute path, without a shell, with an empty environment.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use usher_sys::{Account, AccountError};

use crate::config::{NodePolicy, SsmUserRule};
use crate::host_accounts;
use crate::journal::{Journal, Made};
use crate::registration::replace;
use crate::system_program::Complaint;

/// The account's name, as on AWS.
pub(crate) const SSM_USER: &str = "ssm-user";

/// Its sudo rule, under the name AWS's agent gives it.
pub(crate) const SUDO_RULE: &str = "/etc/sudoers.d/ssm-agent-users";

/// Content of the rule, as AWS's agent writes it.
pub(crate) const SUDO_RULE_TEXT: &str =
    "# User rules for ssm-user\nssm-user ALL=(ALL) NOPASSWD:ALL\n";

/// Finds fault with a rule before sudo does.
const VISUDO: &str = "/usr/sbin/visudo";

/// Why there is no ssm-user to log in to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SsmUserError {
    #[error("the OS user ssm-user cannot be used: {0}")]
    Unusable(AccountError),
    #[error(
        "the OS user ssm-user does not exist and `ssm_user = \"existing\"` of the node's agent.toml forbids making it"
    )]
    NotMade,
    #[error("the OS user ssm-user could not be made: {0}")]
    Useradd(Complaint),
    #[error("what is made on this node could not be recorded first, so nothing was made: {0}")]
    Unrecorded(io::Error),
    #[error("the lock that first sessions take in turn could not be taken: {0}")]
    Lock(io::Error),
}

/// The account, made if it does not exist and the node allows it.
pub(crate) fn ensure(
    policy: &NodePolicy,
    run_dir: &Path,
    journal: &Journal,
) -> Result<Account, SsmUserError> {
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(run_dir.join("ssm-user.lock"))
        .map_err(SsmUserError::Lock)?;
    lock.lock().map_err(SsmUserError::Lock)?;
    match Account::lookup(SSM_USER) {
        Err(AccountError::Missing) if policy.ssm_user == SsmUserRule::Create => {
            make_user(journal)?;
            if policy.ssm_user_sudo {
                make_sudo_rule(Path::new(SUDO_RULE), journal)?;
            }
            Account::lookup(SSM_USER).map_err(SsmUserError::Unusable)
        }
        Err(AccountError::Missing) => Err(SsmUserError::NotMade),
        found => found.map_err(SsmUserError::Unusable),
    }
}

/// The account as it is; none where the first session would make it.
pub(crate) fn find(
    policy: &NodePolicy,
    _: &Path,
    _: &Journal,
) -> Result<Option<Account>, SsmUserError> {
    match Account::lookup(SSM_USER) {
        Ok(account) => Ok(Some(account)),
        Err(AccountError::Missing) if policy.ssm_user == SsmUserRule::Create => Ok(None),
        Err(AccountError::Missing) => Err(SsmUserError::NotMade),
        Err(error) => Err(SsmUserError::Unusable(error)),
    }
}

fn home() -> PathBuf {
    Path::new(host_accounts::HOMES).join(SSM_USER)
}

fn make_user(journal: &Journal) -> Result<(), SsmUserError> {
    let home = home();
    let made = if home.symlink_metadata().is_ok() {
        Made::SsmUserInOldHome
    } else {
        Made::SsmUser
    };
    journal.record(made).map_err(SsmUserError::Unrecorded)?;
    let shell = if Path::new("/bin/bash").exists() {
        "/bin/bash"
    } else {
        "/bin/sh"
    };
    if let Err(complaint) = host_accounts::add_person(SSM_USER, &home, shell) {
        // Undoing what is not there does no harm, and why it was not made is what the person has to hear.
        if let Err(error) = journal.withdraw(made) {
            tracing::error!("the journal still lists {SSM_USER}: {error}");
        }
        return Err(SsmUserError::Useradd(complaint));
    }
    tracing::info!("made the OS user {SSM_USER}");
    Ok(())
}

/// A node without sudo gets no rule, and a rule that cannot be made does not keep the person out:
/// the shell is the same without it.
fn make_sudo_rule(rule: &Path, journal: &Journal) -> Result<(), SsmUserError> {
    let has_sudo = rule.parent().is_some_and(Path::is_dir);
    if !has_sudo || rule.symlink_metadata().is_ok() {
        return Ok(());
    }
    journal
        .record(Made::SudoRule)
        .map_err(SsmUserError::Unrecorded)?;
    match write_sudo_rule(rule) {
        Ok(()) => tracing::info!("made {}", rule.display()),
        Err(error) => tracing::warn!("{} was not made: {error}", rule.display()),
    }
    Ok(())
}

fn write_sudo_rule(rule: &Path) -> io::Result<()> {
    if Path::new(VISUDO).exists() {
        check_sudo_rule()?;
    }
    // The name beside it holds a dot, so sudo does not read it before it is in place.
    replace(rule, SUDO_RULE_TEXT.as_bytes(), 0o440)
}

/// One broken file in sudoers.d takes sudo from everybody: the text is checked before it is there.
fn check_sudo_rule() -> io::Result<()> {
    let text = File::from(usher_sys::anonymous_file(SUDO_RULE_TEXT.as_bytes())?);
    let checked = Command::new(VISUDO)
        .args(["-c", "-q", "-f", "-"])
        .env_clear()
        .stdin(text)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if checked.success() {
        Ok(())
    } else {
        Err(io::Error::other("visudo finds fault with the rule"))
    }
}

#[cfg(test)]
mod load;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_rule_that_exists_is_neither_changed_nor_journalled() {
        let directory = tempfile::tempdir().unwrap();
        let rule = directory.path().join("ssm-agent-users");
        fs::write(&rule, "# removed by the administrator\n").unwrap();
        let journal = Journal::new(Some(&directory.path().join("journal")));
        make_sudo_rule(&rule, &journal).unwrap();
        assert!(fs::read_to_string(&rule).unwrap().contains("administrator"));
        assert_eq!(journal.entries().unwrap(), []);
    }

    #[test]
    fn a_machine_without_sudo_gets_no_rule() {
        let directory = tempfile::tempdir().unwrap();
        let rule = directory.path().join("sudoers.d/ssm-agent-users");
        let journal = Journal::new(Some(&directory.path().join("journal")));
        make_sudo_rule(&rule, &journal).unwrap();
        assert!(!rule.exists());
        assert_eq!(journal.entries().unwrap(), []);
    }

    #[test]
    fn a_new_rule_is_that_of_aws_read_only_and_journalled() {
        let directory = tempfile::tempdir().unwrap();
        let rule = directory.path().join("ssm-agent-users");
        let journal = Journal::new(Some(&directory.path().join("journal")));
        make_sudo_rule(&rule, &journal).unwrap();
        // 58 bytes and mode 0440, as amazon-ssm-agent 3.3 writes it.
        assert_eq!(fs::read_to_string(&rule).unwrap().len(), 58);
        assert_eq!(
            fs::metadata(&rule).unwrap().permissions().mode() & 0o7777,
            0o440
        );
        assert_eq!(journal.entries().unwrap(), [Made::SudoRule]);
    }
}
