//! Which uids the unprivileged workers run as.
//!
//! Reads `/etc/passwd` and `/etc/group` themselves, not the name service: the monitor loads no NSS
//! module, and service accounts are local. The choice is a pure function of the two files, so that
//! `register` and `run` agree on it.

use std::io;

use usher_sys::{Gid, ServiceIds, Uid};

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
        let passwd = std::fs::read_to_string("/etc/passwd")?;
        let group = std::fs::read_to_string("/etc/group")?;
        choose(&passwd, &group)
            .map(Some)
            .ok_or_else(|| io::Error::other("no uid between 61184 and 65519 is free"))
    }

    /// Whether `uid` is one of ours, which nobody may log in to.
    pub(crate) fn include(&self, uid: Uid) -> bool {
        self.control.uid == uid || self.session.uid == uid
    }
}

fn choose(passwd: &str, group: &str) -> Option<Identities> {
    let taken: Vec<u32> = [passwd, group]
        .into_iter()
        .flat_map(str::lines)
        .filter_map(|line| line.split(':').nth(2)?.parse().ok())
        .collect();
    let mut free = DYNAMIC
        .filter(|id| !taken.contains(id))
        .map(|id| ServiceIds {
            uid: Uid::from_raw(id),
            gid: Gid::from_raw(id),
        });
    let control = installed(passwd, CONTROL_ACCOUNT).or_else(|| free.next())?;
    let session = installed(passwd, SESSION_ACCOUNT).or_else(|| free.next())?;
    Some(Identities { control, session })
}

/// The ids of an installed service account; root under that name is no service account.
fn installed(passwd: &str, name: &str) -> Option<ServiceIds> {
    let line = passwd
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut ids = line.split(':').skip(2).map(str::parse::<u32>);
    match (ids.next()?, ids.next()?) {
        (Ok(uid @ 1..), Ok(gid @ 1..)) => Some(ServiceIds {
            uid: Uid::from_raw(uid),
            gid: Gid::from_raw(gid),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(passwd: &str, group: &str, control: (u32, u32), session: (u32, u32)) {
        let chosen = choose(passwd, group).unwrap();
        let ids = |ids: ServiceIds| (ids.uid.as_raw(), ids.gid.as_raw());
        assert_eq!(
            (ids(chosen.control), ids(chosen.session)),
            (control, session)
        );
    }

    #[test]
    fn a_service_account_that_is_root_is_not_used() {
        let passwd = "root:x:0:0::/:/bin/sh\nusher-agent:x:0:0::/:/bin/false\n";
        check(passwd, "", (61_184, 61_184), (61_185, 61_185));
        let passwd = "usher-agent:x:900:0::/:/bin/false\n";
        check(passwd, "", (61_184, 61_184), (61_185, 61_185));
    }

    #[test]
    fn ids_in_use_by_users_or_groups_are_passed_over() {
        let passwd = "a:x:61184:1::/:/bin/sh\n";
        check(passwd, "g:x:61185:\n", (61_186, 61_186), (61_187, 61_187));
    }

    #[test]
    fn installed_service_accounts_are_used() {
        let passwd = "usher-agent:x:991:990::/:/bin/false\nusher-session:x:992:989::/:/bin/false\n";
        check(passwd, "", (991, 990), (992, 989));
    }

    #[test]
    fn the_two_workers_never_share_a_uid() {
        let chosen = choose("", "").unwrap();
        assert_ne!(chosen.control.uid, chosen.session.uid);
    }
}
