//! What a login was granted for, beside whom: a shell, one command, one port, or files.
//!
//! Owns that a session worker, which speaks with the network, can have nothing run but what the server signed: the text it
//! asks for must have the digest in the grant.

use aws_lc_rs::digest::{SHA256, digest};
use usher_sys::Account;
use usher_wire::grant::{Grant, SessionKind};

use crate::ipc::Run;

/// An account that may be logged in to, and what for.
#[derive(Debug)]
pub(super) struct Permit {
    pub(super) account: Account,
    kind: SessionKind,
    subject_digest: [u8; 32],
}

/// Why something else does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotPermitted {
    #[error("The session asked for another kind of session than the server granted.")]
    OtherKind,
    #[error("The session asked for another command or port than the server granted.")]
    OtherSubject,
}

impl Permit {
    pub(super) fn new(account: Account, grant: &Grant) -> Self {
        Self {
            account,
            kind: grant.kind,
            subject_digest: grant.subject_digest,
        }
    }

    /// Judges what the session worker asks for.
    pub(super) fn judge(&self, run: &Run) -> Result<(), NotPermitted> {
        judge(self.kind, &self.subject_digest, run)
    }
}

fn judge(kind: SessionKind, granted: &[u8; 32], run: &Run) -> Result<(), NotPermitted> {
    let (asked, subject) = match run {
        Run::Shell => (SessionKind::Shell, None),
        Run::Copy => (SessionKind::Copy, None),
        Run::OnTerminal { command } | Run::OnPipes { command, .. } => {
            (SessionKind::Command, Some(command.clone()))
        }
        Run::Port { host, port } => (SessionKind::Port, Some(format!("{host}:{port}"))),
    };
    if asked != kind {
        return Err(NotPermitted::OtherKind);
    }
    match subject {
        Some(subject) if digest(&SHA256, subject.as_bytes()).as_ref() != granted => {
            Err(NotPermitted::OtherSubject)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha256(text: &str) -> [u8; 32] {
        digest(&SHA256, text.as_bytes())
            .as_ref()
            .try_into()
            .unwrap()
    }

    fn commands(command: &str) -> [Run; 2] {
        let command = command.to_owned();
        [
            Run::OnTerminal {
                command: command.clone(),
            },
            Run::OnPipes {
                command,
                separate: true,
            },
        ]
    }

    #[test]
    fn a_grant_for_one_kind_runs_no_other() {
        for run in commands("id") {
            let refused = judge(SessionKind::Shell, &sha256("id"), &run);
            assert_eq!(refused, Err(NotPermitted::OtherKind));
            let refused = judge(SessionKind::Port, &sha256("id"), &run);
            assert_eq!(refused, Err(NotPermitted::OtherKind));
        }
        for run in [Run::Shell, Run::Copy] {
            let refused = judge(SessionKind::Command, &[0; 32], &run);
            assert_eq!(refused, Err(NotPermitted::OtherKind));
        }
        let refused = judge(SessionKind::Shell, &[0; 32], &Run::Copy);
        assert_eq!(refused, Err(NotPermitted::OtherKind));
        let refused = judge(SessionKind::Copy, &[0; 32], &Run::Shell);
        assert_eq!(refused, Err(NotPermitted::OtherKind));
    }

    #[test]
    fn a_grant_for_one_command_runs_no_other() {
        for asked in ["id ", "ID", "", "id; reboot"] {
            for run in commands(asked) {
                let refused = judge(SessionKind::Command, &sha256("id"), &run);
                assert_eq!(refused, Err(NotPermitted::OtherSubject), "{asked:?}");
            }
        }
    }

    #[test]
    fn a_grant_for_one_port_connects_to_no_other() {
        let granted = sha256("db:5432");
        for (host, port) in [("db", 5433), ("DB", 5432), ("localhost", 5432), ("", 5432)] {
            let host = host.to_owned();
            let refused = judge(SessionKind::Port, &granted, &Run::Port { host, port });
            assert_eq!(refused, Err(NotPermitted::OtherSubject));
        }
        let host = "db".to_owned();
        let asked = Run::Port { host, port: 5432 };
        assert_eq!(judge(SessionKind::Port, &granted, &asked), Ok(()));
        let refused = judge(SessionKind::Command, &granted, &asked);
        assert_eq!(refused, Err(NotPermitted::OtherKind));
    }

    #[test]
    fn what_was_granted_runs() {
        assert_eq!(judge(SessionKind::Shell, &[0; 32], &Run::Shell), Ok(()));
        assert_eq!(judge(SessionKind::Copy, &[0; 32], &Run::Copy), Ok(()));
        for run in commands("id -un") {
            let judged = judge(SessionKind::Command, &sha256("id -un"), &run);
            assert_eq!(judged, Ok(()));
        }
    }
}
