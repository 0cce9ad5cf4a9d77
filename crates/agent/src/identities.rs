//! Which uids the unprivileged workers run as.
//!
//! Asks this machine's own accounts, not the name service: the monitor loads no NSS module, and service accounts are
//! local. The choice is a pure function of what is there, so that `register` and `run` agree on it.

use std::io;

use usher_sys::{Gid, LocalAccounts, ServiceIds, Uid};

/// The service account of the control worker, if it was installed.
pub(crate) const CONTROL_ACCOUNT: &str = "usher-agent";

/// The service account of the session workers, if it was installed.
pub(crate) const SESSION_ACCOUNT: &str = "usher-session";

/// Where systemd takes the uids of dynamic users from: no tool gives them to people.
const DYNAMIC: std::ops::RangeInclusive<u32> = 61_184..=65_519;

/// The ids of both kinds of worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identities {
    pub(crate) control: ServiceIds,
    pub(crate) session: ServiceIds,
}

impl Identities {
    /// As root, the ids to use; as an ordinary user `None`: there is no separation then.
    pub(crate) fn resolve() -> io::Result<Option<Self>> {
        if !usher_sys::running_as_root() {
            return Ok(None);
        }
        let accounts = LocalAccounts::open()?;
        let installed = [
            accounts.ids_of(CONTROL_ACCOUNT)?,
            accounts.ids_of(SESSION_ACCOUNT)?,
        ];
        // An id of which nothing is known is left alone.
        let taken = |id| accounts.is_taken(id).unwrap_or(true);
        choose(installed, taken)
            .map(Some)
            .ok_or_else(|| io::Error::other("no uid between 61184 and 65519 is free"))
    }

    /// Whether `uid` is one of ours, which nobody may log in to.
    pub(crate) fn include(&self, uid: Uid) -> bool {
        self.control.uid == uid || self.session.uid == uid
    }
}

/// The installed accounts' ids, the control worker's first, and free ones for those that are not.
fn choose(installed: [Option<ServiceIds>; 2], taken: impl Fn(u32) -> bool) -> Option<Identities> {
    let mut free = DYNAMIC.filter(|id| !taken(*id)).map(|id| ServiceIds {
        uid: Uid::from_raw(id),
        gid: Gid::from_raw(id),
    });
    let [control, session] = installed;
    let control = control.or_else(|| free.next())?;
    let session = session.or_else(|| free.next())?;
    Some(Identities { control, session })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(id: u32) -> ServiceIds {
        ServiceIds {
            uid: Uid::from_raw(id),
            gid: Gid::from_raw(id),
        }
    }

    fn check(installed: [Option<u32>; 2], taken: &[u32], control: u32, session: u32) {
        let chosen = choose(installed.map(|id| id.map(ids)), |id| taken.contains(&id)).unwrap();
        let expected = Identities {
            control: ids(control),
            session: ids(session),
        };
        assert_eq!(chosen, expected);
    }

    #[test]
    fn where_every_id_is_taken_there_is_none() {
        assert_eq!(choose([None, None], |_| true), None);
        assert_eq!(choose([Some(ids(991)), None], |_| true), None);
    }

    #[test]
    fn ids_in_use_are_passed_over() {
        check([None, None], &[61_184, 61_186], 61_185, 61_187);
    }

    #[test]
    fn the_two_workers_never_share_a_uid() {
        check([None, None], &[], 61_184, 61_185);
    }

    #[test]
    fn installed_service_accounts_are_used() {
        check([Some(991), Some(992)], &[], 991, 992);
        check([None, Some(992)], &[], 61_184, 992);
    }
}
