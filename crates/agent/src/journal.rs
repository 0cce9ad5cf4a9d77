//! The list of what this agent made on the host, written before each thing is made.
//!
//! Owns that `undo` can remove all of it and never anything that existed before: only the maker, who
//! has just seen that the thing was not there, writes a line.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::registration::replace;

/// Something made on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// The account ssm-user with its home directory.
    SsmUser,
    /// The account ssm-user alone: its home directory was there before.
    SsmUserInOldHome,
    /// The sudo rule for it.
    SudoRule,
}

impl Made {
    fn line(self) -> &'static str {
        match self {
            Made::SsmUser => "user ssm-user",
            Made::SsmUserInOldHome => "user ssm-user without its home",
            Made::SudoRule => "file /etc/sudoers.d/ssm-agent-users",
        }
    }
}

/// The journal file; without one nothing is written and nothing can be undone.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    path: Option<PathBuf>,
}

impl Journal {
    pub(crate) fn new(path: Option<&Path>) -> Self {
        Self {
            path: path.map(Path::to_owned),
        }
    }

    /// Writes down that `made` is about to be made; on disk before this returns.
    pub(crate) fn record(&self, made: Made) -> io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        writeln!(file, "{}", made.line())?;
        file.sync_all()
    }

    /// Takes back what was recorded and then not made: somebody else may make it now.
    pub(crate) fn withdraw(&self, made: Made) -> io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let text = fs::read_to_string(path)?;
        let kept = text.lines().filter(|line| *line != made.line());
        let kept: String = kept.flat_map(|line| [line, "\n"]).collect();
        replace(path, kept.as_bytes(), 0o600)
    }

    /// What is recorded, in order, without repeats.
    pub(crate) fn entries(&self) -> io::Result<Vec<Made>> {
        let Some(path) = &self.path else {
            return Ok(Vec::new());
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let known = [Made::SsmUser, Made::SsmUserInOldHome, Made::SudoRule];
        Ok(known
            .into_iter()
            .filter(|made| text.lines().any(|line| line == made.line()))
            .collect())
    }

    /// Forgets everything, once it has been removed.
    pub(crate) fn clear(&self) -> io::Result<()> {
        match self.path.as_ref().map(fs::remove_file) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_it_did_not_write_name_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        fs::write(&path, "user alice\nfile /etc/passwd\nuser ssm-us").unwrap();
        assert_eq!(Journal::new(Some(&path)).entries().unwrap(), []);
    }

    #[test]
    fn what_was_taken_back_is_not_there_and_the_rest_is() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(Some(&directory.path().join("journal")));
        journal.record(Made::SsmUserInOldHome).unwrap();
        journal.record(Made::SudoRule).unwrap();
        journal.withdraw(Made::SsmUserInOldHome).unwrap();
        assert_eq!(journal.entries().unwrap(), [Made::SudoRule]);
    }

    #[test]
    fn entries_outlive_the_process_and_are_forgotten_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let journal = Journal::new(Some(&path));
        assert_eq!(journal.entries().unwrap(), []);
        journal.record(Made::SsmUser).unwrap();
        journal.record(Made::SudoRule).unwrap();
        journal.record(Made::SsmUser).unwrap();
        let read = Journal::new(Some(&path)).entries().unwrap();
        assert_eq!(read, [Made::SsmUser, Made::SudoRule]);
        journal.clear().unwrap();
        journal.clear().unwrap();
        assert_eq!(journal.entries().unwrap(), []);
    }
}
