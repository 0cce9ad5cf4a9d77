//! A grant is believed once: signed by the pinned key, for this node and this session, unexpired,
//! and never seen before.
//!
//! Owns the directory of spent grants. A spent grant is a file made with `O_EXCL`, so two logins
//! racing for one grant cannot both win; it is kept until the grant could no longer be believed
//! anyway.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use usher_wire::grant::{Grant, GrantError, GrantPublicKey, SKEW_MS, SignedGrant};
use usher_wire::ids::{NodeId, SessionId};

use crate::registration::make_directory;

/// Why a grant opens no login.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GrantRefusal {
    #[error("the grant cannot be believed: {0}")]
    Unbelievable(#[from] GrantError),
    #[error("the grant is for the node {0}, not for this one")]
    OtherNode(NodeId),
    #[error("the grant is for another session")]
    OtherSession,
    #[error("the grant was used before; each opens one login")]
    Spent,
    #[error("the grant could not be marked as used: {0}")]
    Unwritable(io::Error),
}

/// Whom the grant must be for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) key: &'a GrantPublicKey,
    pub(crate) node: &'a NodeId,
    pub(crate) session: &'a SessionId,
    pub(crate) now_ms: u64,
}

/// Verifies a grant and spends it: whatever happens next, it opens no second login.
pub(crate) fn redeem(
    bytes: &[u8],
    expected: Expected<'_>,
    spent: &SpentGrants,
) -> Result<Grant, GrantRefusal> {
    let grant = SignedGrant::from_bytes(bytes)?.verify(expected.key, expected.now_ms)?;
    if grant.node != *expected.node {
        return Err(GrantRefusal::OtherNode(grant.node));
    }
    if grant.session != *expected.session {
        return Err(GrantRefusal::OtherSession);
    }
    spent.spend(&grant, expected.now_ms)?;
    Ok(grant)
}

/// The directory of spent grants.
#[derive(Clone, Debug)]
pub(crate) struct SpentGrants {
    directory: PathBuf,
}

impl SpentGrants {
    /// Makes `run_dir/grants`, for this user alone.
    pub(crate) fn open(run_dir: &Path) -> io::Result<Self> {
        let directory = run_dir.join("grants");
        make_directory(&directory, 0o700)?;
        Ok(Self { directory })
    }

    fn spend(&self, grant: &Grant, now_ms: u64) -> Result<(), GrantRefusal> {
        // Before the new one is made, so that a full disk is relieved first; a failure only leaves
        // more files.
        let _ = self.forget_expired(now_ms);
        let believable_until = grant.expires_ms.saturating_add(SKEW_MS);
        let path = self.directory.join(hex::encode(grant.id));
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let mut file = match made {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(GrantRefusal::Spent);
            }
            Err(error) => return Err(GrantRefusal::Unwritable(error)),
        };
        let written = file
            .write_all(believable_until.to_string().as_bytes())
            .and_then(|()| file.sync_all());
        if written.is_err() {
            // It opened nothing, and a file without a time would stay on the full disk for good.
            let _ = fs::remove_file(&path);
        }
        written.map_err(GrantRefusal::Unwritable)
    }

    fn forget_expired(&self, now_ms: u64) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            // A file without a time was being written when the machine stopped: it stays.
            let until: Option<u64> = fs::read_to_string(&path)
                .ok()
                .and_then(|text| text.parse().ok());
            if until.is_some_and(|until| until < now_ms) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use usher_wire::grant::{GrantKey, GrantedLogin, SessionKind};

    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    fn node(last: char) -> NodeId {
        NodeId::parse(&format!("mi-0123456789abcdef{last}")).unwrap()
    }

    fn session(name: &str) -> SessionId {
        SessionId::parse(name).unwrap()
    }

    fn key() -> GrantKey {
        GrantKey::from_seed(&[7; 32]).unwrap()
    }

    fn grant(id: u8) -> Grant {
        Grant {
            id: [id; 16],
            session: session("alice-1"),
            node: node('0'),
            kind: SessionKind::Shell,
            login: GrantedLogin::SsmUser,
            subject_digest: [0; 32],
            issued_ms: NOW,
            expires_ms: NOW + 60_000,
        }
    }

    fn try_redeem(
        grant: &Grant,
        by: &GrantKey,
        spent: &SpentGrants,
    ) -> Result<Grant, GrantRefusal> {
        let public = key().public_key();
        let expected = Expected {
            key: &public,
            node: &node('0'),
            session: &session("alice-1"),
            now_ms: NOW,
        };
        redeem(grant.sign(by).as_bytes(), expected, spent)
    }

    #[test]
    fn a_grant_that_is_not_for_this_login_is_refused_and_not_spent() {
        let directory = tempfile::tempdir().unwrap();
        let spent = SpentGrants::open(directory.path()).unwrap();
        let other_node = Grant {
            node: node('1'),
            ..grant(1)
        };
        let other_session = Grant {
            session: session("alice-2"),
            ..grant(1)
        };
        let refused = |grant: &Grant| try_redeem(grant, &key(), &spent).unwrap_err();
        assert!(matches!(refused(&other_node), GrantRefusal::OtherNode(_)));
        assert!(matches!(
            refused(&other_session),
            GrantRefusal::OtherSession
        ));
        let foreign = try_redeem(&grant(1), &GrantKey::from_seed(&[8; 32]).unwrap(), &spent);
        assert!(matches!(foreign, Err(GrantRefusal::Unbelievable(_))));
        assert!(try_redeem(&grant(1), &key(), &spent).is_ok());
    }

    #[test]
    fn a_grant_opens_one_login_and_no_second() {
        let directory = tempfile::tempdir().unwrap();
        let spent = SpentGrants::open(directory.path()).unwrap();
        assert!(try_redeem(&grant(1), &key(), &spent).is_ok());
        let again = try_redeem(&grant(1), &key(), &spent).unwrap_err();
        assert!(matches!(again, GrantRefusal::Spent));
        let reopened = SpentGrants::open(directory.path()).unwrap();
        let again = try_redeem(&grant(1), &key(), &reopened).unwrap_err();
        assert!(matches!(again, GrantRefusal::Spent));
        assert!(try_redeem(&grant(2), &key(), &spent).is_ok());
    }

    #[test]
    fn a_spent_grant_is_remembered_until_nobody_would_believe_it() {
        let directory = tempfile::tempdir().unwrap();
        let spent = SpentGrants::open(directory.path()).unwrap();
        spent.spend(&grant(1), NOW).unwrap();
        let files = || {
            fs::read_dir(directory.path().join("grants"))
                .unwrap()
                .count()
        };
        spent.forget_expired(NOW + 60_000 + SKEW_MS).unwrap();
        assert_eq!(files(), 1);
        spent.forget_expired(NOW + 60_001 + SKEW_MS).unwrap();
        assert_eq!(files(), 0);
    }
}
