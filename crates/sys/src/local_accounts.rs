//! The accounts of this machine itself, asked for without loading anybody's module into this process.
//!
//! Linux: `/etc/passwd` and `/etc/group`, read once, never the name service. macOS: the C library, which asks a service of
//! the system and loads nothing; the two files do not hold its accounts.

use std::io;

use crate::worker::ServiceIds;

/// The accounts as they are when asked.
#[derive(Debug)]
pub struct LocalAccounts(system::Source);

impl LocalAccounts {
    /// Opens the source.
    ///
    /// # Errors
    /// Whatever the system answers.
    pub fn open() -> io::Result<Self> {
        system::Source::open().map(Self)
    }

    /// The ids of the service account `name`; `None` where there is none, or where it is root or in root's group.
    ///
    /// # Errors
    /// Whatever the system answers: the answer is then unknown, not "no".
    pub fn ids_of(&self, name: &str) -> io::Result<Option<ServiceIds>> {
        let ids = self.0.ids_of(name)?;
        Ok(ids.filter(|ids| !ids.uid.is_root() && ids.gid.as_raw() != 0))
    }

    /// Whether a user or a group has this id.
    ///
    /// # Errors
    /// As of [`LocalAccounts::ids_of`].
    pub fn is_taken(&self, id: u32) -> io::Result<bool> {
        self.0.is_taken(id)
    }
}

#[cfg(not(target_os = "macos"))]
mod system {
    use std::io;

    use nix::unistd::{Gid, Uid};

    use crate::worker::ServiceIds;

    #[derive(Debug)]
    pub(super) struct Source {
        pub(super) passwd: String,
        pub(super) group: String,
    }

    impl Source {
        pub(super) fn open() -> io::Result<Self> {
            Ok(Self {
                passwd: std::fs::read_to_string("/etc/passwd")?,
                group: std::fs::read_to_string("/etc/group")?,
            })
        }

        pub(super) fn ids_of(&self, name: &str) -> io::Result<Option<ServiceIds>> {
            let is_it = |line: &&str| line.split(':').next() == Some(name);
            let ids = self.passwd.lines().find(is_it).and_then(|line| {
                let mut ids = line.split(':').skip(2).map(str::parse);
                Some(ServiceIds {
                    uid: Uid::from_raw(ids.next()?.ok()?),
                    gid: Gid::from_raw(ids.next()?.ok()?),
                })
            });
            Ok(ids)
        }

        pub(super) fn is_taken(&self, id: u32) -> io::Result<bool> {
            let mut lines = self.passwd.lines().chain(self.group.lines());
            Ok(lines.any(|line| line.split(':').nth(2).and_then(|id| id.parse().ok()) == Some(id)))
        }
    }
}

#[cfg(target_os = "macos")]
mod system {
    use std::io;

    use nix::unistd::{Gid, Group, Uid, User};

    use crate::worker::ServiceIds;

    #[derive(Debug)]
    pub(super) struct Source;

    impl Source {
        pub(super) fn open() -> io::Result<Self> {
            Ok(Self)
        }

        pub(super) fn ids_of(&self, name: &str) -> io::Result<Option<ServiceIds>> {
            let entry = User::from_name(name)?.filter(|entry| entry.name == name);
            Ok(entry.map(|entry| ServiceIds {
                uid: entry.uid,
                gid: entry.gid,
            }))
        }

        pub(super) fn is_taken(&self, id: u32) -> io::Result<bool> {
            Ok(User::from_uid(Uid::from_raw(id))?.is_some()
                || Group::from_gid(Gid::from_raw(id))?.is_some())
        }
    }
}

#[cfg(all(test, not(target_os = "macos")))]
mod tests {
    use super::*;

    fn accounts(passwd: &str, group: &str) -> LocalAccounts {
        LocalAccounts(system::Source {
            passwd: passwd.to_owned(),
            group: group.to_owned(),
        })
    }

    #[test]
    fn a_service_account_that_is_root_or_in_its_group_is_none() {
        let root = "root:x:0:0::/:/bin/sh\nusher-agent:x:0:0::/:/bin/false\n";
        for passwd in [root, "usher-agent:x:900:0::/:/bin/false\n"] {
            assert_eq!(accounts(passwd, "").ids_of("usher-agent").unwrap(), None);
        }
    }

    #[test]
    fn an_entry_that_is_broken_or_anothers_is_none() {
        let passwd = "usher-agents:x:9:9::/:\nusher-agent:x:nine:9::/:\n";
        assert_eq!(accounts(passwd, "").ids_of("usher-agent").unwrap(), None);
    }

    #[test]
    fn ids_of_users_and_groups_are_taken() {
        let accounts = accounts("a:x:61184:1::/:/bin/sh\n", "g:x:61185:\n");
        let taken = |id| accounts.is_taken(id).unwrap();
        assert_eq!([61_184, 61_185, 61_186].map(taken), [true, true, false]);
    }

    #[test]
    fn an_entry_has_its_own_ids() {
        let accounts = accounts("usher-agent:x:991:990::/:/bin/false\n", "");
        let ids = accounts.ids_of("usher-agent").unwrap().unwrap();
        assert_eq!((ids.uid.as_raw(), ids.gid.as_raw()), (991, 990));
    }
}
