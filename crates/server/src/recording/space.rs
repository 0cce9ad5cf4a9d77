//! How much recordings may take: of one session, of one owner, and of the disk.
//!
//! The invariant: whoever fills the space fills their own. A session that prints without end meets its own limit, then its
//! owner's, and the reserve keeps the disk usable for everything else on the server.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::fs::statvfs;

/// The limits, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Of one session's recording.
    pub(crate) session: u64,
    /// Of all recordings of one owner's sessions.
    pub(crate) owner: u64,
    /// What stays free on the disk.
    pub(crate) reserve: u64,
}

/// Why there is no room.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoRoom {
    /// The session has had its share.
    #[error("a session's recording may have {0} bytes")]
    Session(u64),
    /// The owner has had theirs.
    #[error("all recordings of one person's sessions may have {0} bytes together")]
    Owner(u64),
    /// The disk is nearly full.
    #[error("{0} bytes of the server's disk stay free for everything else")]
    Reserve(u64),
    /// The disk does not say how full it is.
    #[error("the server's disk does not say how full it is: {0}")]
    Disk(#[from] io::Error),
}

/// What has been taken.
#[derive(Debug)]
pub(crate) struct Space {
    limits: Limits,
    by_owner: Mutex<HashMap<String, u64>>,
}

impl Space {
    /// Nothing taken.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            by_owner: Mutex::default(),
        }
    }

    /// Takes `more` bytes for a session of `owner` whose recording has `so_far`.
    pub(crate) fn take(&self, owner: &str, so_far: u64, more: u64) -> Result<(), NoRoom> {
        if so_far.saturating_add(more) > self.limits.session {
            return Err(NoRoom::Session(self.limits.session));
        }
        let mut by_owner = self.by_owner.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = by_owner.entry(owner.to_owned()).or_default();
        let then = taken.saturating_add(more);
        if then > self.limits.owner {
            return Err(NoRoom::Owner(self.limits.owner));
        }
        *taken = then;
        Ok(())
    }

    /// Counts what an owner's recordings have already, whatever the limits say.
    pub(crate) fn count(&self, owner: &str, bytes: u64) {
        let mut by_owner = self.by_owner.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = by_owner.entry(owner.to_owned()).or_default();
        *taken = taken.saturating_add(bytes);
    }

    /// Gives back what a removed recording had.
    pub(crate) fn give_back(&self, owner: &str, bytes: u64) {
        let mut by_owner = self.by_owner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = by_owner.get_mut(owner) {
            *taken = taken.saturating_sub(bytes);
        }
    }

    /// Whether the disk of `folder` has more than the reserve free. Asks the system; not for every block.
    pub(crate) fn check_reserve(&self, folder: &Path) -> Result<(), NoRoom> {
        let disk = statvfs(folder).map_err(io::Error::from)?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < self.limits.reserve {
            return Err(NoRoom::Reserve(self.limits.reserve));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> Space {
        Space::new(Limits {
            session: 100,
            owner: 150,
            reserve: u64::MAX,
        })
    }

    #[test]
    fn who_fills_the_space_fills_their_own() {
        let space = space();
        assert!(matches!(space.take("a", 90, 11), Err(NoRoom::Session(100))));
        space.take("a", 0, 100).unwrap();
        assert!(matches!(space.take("a", 0, 51), Err(NoRoom::Owner(150))));
        space.take("a", 0, 50).unwrap();
        space.take("b", 0, 100).unwrap();
        space.give_back("a", 100);
        space.take("a", 0, 100).unwrap();
    }

    #[test]
    fn the_reserve_is_never_touched() {
        let folder = tempfile::tempdir().unwrap();
        let refused = space().check_reserve(folder.path()).unwrap_err();
        assert!(matches!(refused, NoRoom::Reserve(_)), "{refused}");
    }
}
