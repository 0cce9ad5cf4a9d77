//! Looking up the account a session will run as.
//!
//! Owns the proof that an OS user name stands for a real, unprivileged account: [`Account`] has no
//! other maker than [`Account::lookup`], so a name that was not looked up cannot reach a login.
//! Uses the name service (NSS), hence never call it from a process that must not load its modules.

use std::ffi::{CStr, CString};
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{Gid, Group, Uid, User};

/// The largest group list asked for: the kernel's own limit of supplementary groups on Linux.
const MAX_GROUPS: usize = 65_536;

/// A passwd entry that may be logged in to, with its group list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    name: CString,
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
    gecos: String,
    home: PathBuf,
    shell: PathBuf,
}

/// Why a name is not an account a session may run as.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// No passwd entry has this name.
    #[error("no such account")]
    Missing,
    /// The name is empty or holds a NUL byte.
    #[error("not a name")]
    NotAName,
    /// The entry's uid is 0, whatever it is called.
    #[error("the account has uid 0")]
    UidZero,
    /// The entry's primary group is 0.
    #[error("the account has primary group 0")]
    GidZero,
    /// The entry's uid or gid is 4294967295, which system calls read as "leave unchanged".
    #[error("the account's uid or gid is the reserved value 4294967295")]
    ReservedId,
    /// The name service answered with another entry: an alias, a number or another casing.
    #[error("the name resolves to the account {resolved}, not to itself")]
    NotItself {
        /// The name the passwd entry carries.
        resolved: String,
    },
    /// The account belongs to more groups than the system can set.
    #[error("the account's group list could not be read")]
    Groups,
    /// The name service failed.
    #[error("the account database could not be read: {0}")]
    NameService(Errno),
}

impl Account {
    /// Looks `name` up by `getpwnam_r` and `getgrouplist`.
    ///
    /// # Errors
    /// Refuses what [`AccountError`] lists; a refusal is final, there is no fallback account.
    pub fn lookup(name: &str) -> Result<Self, AccountError> {
        let c_name = CString::new(name).map_err(|_| AccountError::NotAName)?;
        if name.is_empty() {
            return Err(AccountError::NotAName);
        }
        let entry = match User::from_name(name) {
            Ok(Some(entry)) => entry,
            // POSIX lets a name service say "not found" in all these ways.
            Ok(None) | Err(Errno::ENOENT | Errno::ESRCH | Errno::EBADF | Errno::EPERM) => {
                return Err(AccountError::Missing);
            }
            Err(errno) => return Err(AccountError::NameService(errno)),
        };
        Self::judge(name, &entry.name, entry.uid, entry.gid)?;
        let groups = group_list(&c_name, entry.gid)?;
        Ok(Self {
            name: c_name,
            uid: entry.uid,
            gid: entry.gid,
            groups,
            gecos: entry.gecos.to_string_lossy().into_owned(),
            home: entry.dir,
            shell: entry.shell,
        })
    }

    fn judge(asked: &str, resolved: &str, uid: Uid, gid: Gid) -> Result<(), AccountError> {
        if uid.is_root() {
            return Err(AccountError::UidZero);
        }
        if gid.as_raw() == 0 {
            return Err(AccountError::GidZero);
        }
        if uid.as_raw() == u32::MAX || gid.as_raw() == u32::MAX {
            return Err(AccountError::ReservedId);
        }
        if asked != resolved {
            return Err(AccountError::NotItself {
                resolved: resolved.to_owned(),
            });
        }
        Ok(())
    }

    /// The login name, equal to the one that was looked up.
    pub fn name(&self) -> &str {
        self.name.to_str().unwrap_or_default()
    }

    pub(crate) fn c_name(&self) -> &CStr {
        &self.name
    }

    /// The user id; never 0.
    pub fn uid(&self) -> Uid {
        self.uid
    }

    /// The primary group id; never 0.
    pub fn gid(&self) -> Gid {
        self.gid
    }

    /// All groups, the primary one included, sorted and without repeats.
    pub fn groups(&self) -> &[Gid] {
        &self.groups
    }

    /// Whether the account belongs to the group of this name; nobody belongs to a group that does
    /// not exist.
    ///
    /// # Errors
    /// [`AccountError::NameService`]: the answer is then unknown, not "no".
    pub fn is_member_of(&self, group: &str) -> Result<bool, AccountError> {
        let group = Group::from_name(group).map_err(AccountError::NameService)?;
        match group {
            Some(group) if self.groups.contains(&group.gid) => Ok(true),
            Some(group) => membership::beyond_the_list(self.uid, group.gid),
            None => Ok(false),
        }
    }

    /// The passwd entry's comment field.
    pub fn gecos(&self) -> &str {
        &self.gecos
    }

    /// The home directory of the passwd entry; it need not exist.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The login shell; `/bin/sh` where the passwd entry names none, as login(1) does.
    pub fn shell(&self) -> &Path {
        if self.shell.as_os_str().is_empty() {
            Path::new("/bin/sh")
        } else {
            &self.shell
        }
    }
}

/// The name of the user this process runs as.
///
/// # Errors
/// `NotFound` when its uid has no passwd entry; else whatever the name service answers.
pub fn own_name() -> io::Result<String> {
    let entry = User::from_uid(Uid::effective())?;
    entry
        .map(|entry| entry.name)
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Members whom a group list does not show.
mod membership {
    use nix::unistd::{Gid, Uid};

    use super::AccountError;

    /// There the list is all there is.
    #[cfg(not(target_os = "macos"))]
    pub(super) fn beyond_the_list(_user: Uid, _group: Gid) -> Result<bool, AccountError> {
        Ok(false)
    }

    /// Groups nest there, and some are computed: this is what dsmemberutil(1) asks.
    #[cfg(target_os = "macos")]
    pub(super) fn beyond_the_list(user: Uid, group: Gid) -> Result<bool, AccountError> {
        use nix::errno::Errno;

        type Uuid = [u8; 16];
        unsafe extern "C" {
            // membership.h; each answers 0 or an error number.
            fn mbr_uid_to_uuid(uid: libc::uid_t, uuid: *mut u8) -> libc::c_int;
            fn mbr_gid_to_uuid(gid: libc::gid_t, uuid: *mut u8) -> libc::c_int;
            fn mbr_check_membership(
                user: *const u8,
                group: *const u8,
                is_member: *mut libc::c_int,
            ) -> libc::c_int;
        }
        let answered = |errno: libc::c_int| match errno {
            0 => Ok(()),
            errno => Err(AccountError::NameService(Errno::from_raw(errno))),
        };
        let (mut of_user, mut of_group): (Uuid, Uuid) = Default::default();
        let mut is_member = 0;
        // SAFETY: the call writes a UUID of 16 bytes.
        answered(unsafe { mbr_uid_to_uuid(user.as_raw(), of_user.as_mut_ptr()) })?;
        // SAFETY: as above.
        answered(unsafe { mbr_gid_to_uuid(group.as_raw(), of_group.as_mut_ptr()) })?;
        // SAFETY: the call reads two UUIDs and writes one integer.
        answered(unsafe {
            mbr_check_membership(of_user.as_ptr(), of_group.as_ptr(), &raw mut is_member)
        })?;
        Ok(is_member != 0)
    }
}

#[cfg(target_os = "macos")]
type GroupId = libc::c_int;
#[cfg(not(target_os = "macos"))]
type GroupId = libc::gid_t;

/// `getgrouplist` with a buffer that grows: macOS does not report the needed size, so doubling
/// is the one way that works on both.
fn group_list(name: &CStr, primary: Gid) -> Result<Vec<Gid>, AccountError> {
    let mut capacity = 32_usize;
    while capacity <= MAX_GROUPS {
        let mut buffer: Vec<GroupId> = vec![0; capacity];
        let mut count = libc::c_int::try_from(capacity).map_err(|_| AccountError::Groups)?;
        // SAFETY: `name` is NUL-terminated; `buffer` holds `count` elements and the call writes at
        // most that many, then stores in `count` how many there are.
        let result = unsafe {
            libc::getgrouplist(
                name.as_ptr(),
                primary.as_raw() as GroupId,
                buffer.as_mut_ptr(),
                &raw mut count,
            )
        };
        if result >= 0 {
            buffer.truncate(usize::try_from(count).map_err(|_| AccountError::Groups)?);
            let mut groups: Vec<Gid> = buffer
                .into_iter()
                .map(|gid| Gid::from_raw(gid as libc::gid_t))
                .collect();
            groups.sort_unstable_by_key(|gid| gid.as_raw());
            groups.dedup();
            return Ok(groups);
        }
        capacity *= 2;
    }
    Err(AccountError::Groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        asked: &str,
        resolved: &str,
        uid: u32,
        gid: u32,
        expected: impl Into<Option<AccountError>>,
    ) {
        let judged = Account::judge(asked, resolved, Uid::from_raw(uid), Gid::from_raw(gid));
        assert_eq!(
            judged.err(),
            expected.into(),
            "{asked} -> {resolved} {uid}:{gid}"
        );
    }

    #[test]
    fn entries_with_privileged_or_reserved_ids_are_refused() {
        check("toor", "toor", 0, 1000, AccountError::UidZero);
        check("root", "root", 0, 0, AccountError::UidZero);
        check("ops", "ops", 1000, 0, AccountError::GidZero);
        check("a", "a", u32::MAX, 1000, AccountError::ReservedId);
        check("a", "a", 1000, u32::MAX, AccountError::ReservedId);
    }

    #[test]
    fn a_name_must_resolve_to_itself() {
        let refusal = |resolved: &str| AccountError::NotItself {
            resolved: resolved.to_owned(),
        };
        check("1000", "alice", 1000, 1000, refusal("alice"));
        check("Alice", "alice", 1000, 1000, refusal("alice"));
        check("alice", "alice", 1000, 1000, None);
    }

    #[test]
    fn names_that_cannot_be_names_are_refused_before_any_lookup() {
        assert_eq!(Account::lookup(""), Err(AccountError::NotAName));
        assert_eq!(Account::lookup("a\0b"), Err(AccountError::NotAName));
    }

    #[test]
    fn root_and_unknown_names_are_refused() {
        assert_eq!(Account::lookup("root"), Err(AccountError::UidZero));
        assert_eq!(
            Account::lookup("ushertest-nobody-has-this"),
            Err(AccountError::Missing)
        );
        assert_eq!(Account::lookup("4242424"), Err(AccountError::Missing));
    }
}
