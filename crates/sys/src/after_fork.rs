//! What a child does between fork and exec.
//!
//! Every function here uses async-signal-safe calls only: no allocation, no lock, no name service.
//! All strings and lists are prepared by the parent. The order in [`become_user`] is the security
//! of the product: groups, gid, uid, then proof. Before changing it run, as root,
//! `cargo test -p usher-sys --test login`.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use nix::errno::Errno;
use nix::unistd::{Gid, Uid};

/// The step at which a child failed before its program ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// Becoming leader of a new session.
    NewSession = 1,
    /// Taking the pseudo-terminal as controlling terminal.
    ControllingTerminal = 2,
    /// Placing descriptors and marking the others to be closed.
    Descriptors = 3,
    /// Setting the supplementary groups.
    Groups = 4,
    /// Setting real, effective and saved gid.
    Group = 5,
    /// Setting real, effective and saved uid.
    User = 6,
    /// Giving up every capability.
    Capabilities = 7,
    /// Proving that root cannot be regained and that ids and groups are the account's.
    Proof = 8,
    /// Entering a working directory.
    Directory = 9,
    /// Executing the program.
    Execute = 10,
    /// Joining the session's cgroup.
    Cgroup = 11,
    /// Taking on the resource limits of the login.
    Limits = 12,
}

impl Stage {
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        const ALL: [Stage; 12] = [
            Stage::NewSession,
            Stage::ControllingTerminal,
            Stage::Descriptors,
            Stage::Groups,
            Stage::Group,
            Stage::User,
            Stage::Capabilities,
            Stage::Proof,
            Stage::Directory,
            Stage::Execute,
            Stage::Cgroup,
            Stage::Limits,
        ];
        ALL.into_iter().find(|stage| *stage as u8 == byte)
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Stage::NewSession => "starting a new session",
            Stage::ControllingTerminal => "taking the controlling terminal",
            Stage::Descriptors => "placing descriptors",
            Stage::Groups => "setting the supplementary groups",
            Stage::Group => "setting the group id",
            Stage::User => "setting the user id",
            Stage::Capabilities => "giving up capabilities",
            Stage::Proof => "proving that privileges are gone",
            Stage::Directory => "entering a working directory",
            Stage::Execute => "executing the program",
            Stage::Cgroup => "joining the session's cgroup",
            Stage::Limits => "taking on resource limits",
        })
    }
}

/// A failed step and the reason the system gave.
pub(crate) type Failure = (Stage, Errno);

/// The ids a child takes on, prepared before the fork.
#[derive(Debug)]
pub(crate) struct Identity<'a> {
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
    /// Sorted and without repeats.
    pub(crate) groups: &'a [Gid],
    /// The account's name, for macOS's `initgroups`; service ids have none.
    pub(crate) name: Option<&'a CStr>,
    /// Room for the groups read back, one larger than `groups`.
    pub(crate) read_back: Vec<libc::gid_t>,
}

impl<'a> Identity<'a> {
    pub(crate) fn new(uid: Uid, gid: Gid, groups: &'a [Gid], name: Option<&'a CStr>) -> Self {
        Self {
            uid,
            gid,
            groups,
            name,
            read_back: vec![0; groups.len() + 1],
        }
    }
}

/// Takes on `identity` for good: groups, gid, uid (real, effective and saved), capabilities, proof.
pub(crate) fn become_user(identity: &mut Identity<'_>) -> Result<(), Failure> {
    set_groups(identity).map_err(|errno| (Stage::Groups, errno))?;
    set_gid(identity.gid).map_err(|errno| (Stage::Group, errno))?;
    set_uid(identity.uid).map_err(|errno| (Stage::User, errno))?;
    drop_capabilities().map_err(|errno| (Stage::Capabilities, errno))?;
    prove_groups(identity)?;
    prove_unprivileged(identity.uid, identity.gid)
}

/// Proves that the process is `uid` and `gid` in every slot and cannot become root again.
pub(crate) fn prove_unprivileged(uid: Uid, gid: Gid) -> Result<(), Failure> {
    let unproven = Err((Stage::Proof, Errno::EPERM));
    if uid.is_root() || gid.as_raw() == 0 || !ids_are(uid, gid) {
        return unproven;
    }
    // SAFETY: setuid takes no pointer. Success would mean that root can be regained.
    let uid_regained = unsafe { libc::setuid(0) } == 0;
    // SAFETY: as above, for the effective uid alone.
    let euid_regained = unsafe { libc::seteuid(0) } == 0;
    // SAFETY: as above, for the group.
    let gid_regained = unsafe { libc::setgid(0) } == 0;
    if uid_regained || euid_regained || gid_regained || !capabilities_are_empty() {
        return unproven;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn set_groups(identity: &Identity<'_>) -> Result<(), Errno> {
    // The list of `getgrouplist`, read before the fork, is what `initgroups` would set; that call
    // itself asks the name service and must not run here.
    let _ = identity.name;
    nix::unistd::setgroups(identity.groups)
}

#[cfg(target_os = "macos")]
fn set_groups(identity: &Identity<'_>) -> Result<(), Errno> {
    // setgroups is limited to 16 groups there, and the first of them is the effective gid;
    // initgroups keeps membership in the directory service beyond the 16.
    match identity.name {
        // SAFETY: the name is NUL-terminated. The caller forked from a single-threaded process.
        Some(name) => Errno::result(unsafe {
            libc::initgroups(name.as_ptr(), identity.gid.as_raw() as libc::c_int)
        })
        .map(drop),
        None => {
            let only = [identity.gid.as_raw()];
            // SAFETY: `only` holds one element.
            Errno::result(unsafe { libc::setgroups(1, only.as_ptr()) }).map(drop)
        }
    }
}

#[cfg(target_os = "linux")]
fn set_gid(gid: Gid) -> Result<(), Errno> {
    nix::unistd::setresgid(gid, gid, gid)
}

#[cfg(target_os = "linux")]
fn set_uid(uid: Uid) -> Result<(), Errno> {
    nix::unistd::setresuid(uid, uid, uid)
}

// For root setgid and setuid set the real, effective and saved ids at once; macOS has no setres*.
#[cfg(target_os = "macos")]
fn set_gid(gid: Gid) -> Result<(), Errno> {
    nix::unistd::setgid(gid)
}

#[cfg(target_os = "macos")]
fn set_uid(uid: Uid) -> Result<(), Errno> {
    nix::unistd::setuid(uid)
}

#[cfg(target_os = "linux")]
fn ids_are(uid: Uid, gid: Gid) -> bool {
    let users = nix::unistd::getresuid()
        .is_ok_and(|ids| ids.real == uid && ids.effective == uid && ids.saved == uid);
    let groups = nix::unistd::getresgid()
        .is_ok_and(|ids| ids.real == gid && ids.effective == gid && ids.saved == gid);
    users && groups
}

#[cfg(target_os = "macos")]
fn ids_are(uid: Uid, gid: Gid) -> bool {
    use nix::unistd::{getegid, geteuid, getgid, getuid};
    getuid() == uid && geteuid() == uid && getgid() == gid && getegid() == gid
}

/// The groups in force are the account's: exactly these where the kernel shows all of them, none but these on macOS,
/// whose kernel keeps the first 16 and asks the directory service for the rest.
fn prove_groups(identity: &mut Identity<'_>) -> Result<(), Failure> {
    const ALL_ARE_SHOWN: bool = !cfg!(target_os = "macos");
    let room = libc::c_int::try_from(identity.read_back.len()).unwrap_or(0);
    // SAFETY: `read_back` holds `room` elements; more groups than that is an error, not an overrun.
    let count = unsafe { libc::getgroups(room, identity.read_back.as_mut_ptr()) };
    let shown = usize::try_from(count)
        .ok()
        .and_then(|count| identity.read_back.get(..count));
    match shown {
        Some(shown) if are_the_groups(shown, identity.groups, ALL_ARE_SHOWN) => Ok(()),
        _ => Err((Stage::Proof, Errno::EPERM)),
    }
}

/// Whether what the kernel shows is what was asked for; `shown` may repeat one.
fn are_the_groups(shown: &[libc::gid_t], wanted: &[Gid], all_are_shown: bool) -> bool {
    let none_else = shown
        .iter()
        .all(|group| wanted.contains(&Gid::from_raw(*group)));
    let none_missing = wanted.iter().all(|group| shown.contains(&group.as_raw()));
    none_else && (none_missing || !all_are_shown)
}

#[cfg(target_os = "linux")]
mod capability {
    /// `struct __user_cap_header_struct` of capget(2).
    #[repr(C)]
    pub(super) struct Header {
        pub(super) version: u32,
        pub(super) pid: libc::c_int,
    }

    /// `struct __user_cap_data_struct` of capget(2).
    #[repr(C)]
    #[derive(Clone, Copy, Default, PartialEq, Eq)]
    pub(super) struct Data {
        pub(super) effective: u32,
        pub(super) permitted: u32,
        pub(super) inheritable: u32,
    }

    /// This process, `_LINUX_CAPABILITY_VERSION_3`: two `Data` elements, 64 capabilities.
    pub(super) fn own_header() -> Header {
        Header {
            version: 0x2008_0522,
            pid: 0,
        }
    }
}

/// setuid clears the permitted and effective sets but leaves the inheritable one. The bounding set
/// stays: programs the account may run through sudo need it.
#[cfg(target_os = "linux")]
fn drop_capabilities() -> Result<(), Errno> {
    let mut header = capability::own_header();
    let none = [capability::Data::default(); 2];
    // SAFETY: header and both data elements have the kernel's layout for version 3 and outlive the
    // call, which only reads the data.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, &raw mut header, none.as_ptr()) })
        .map(drop)
}

#[cfg(target_os = "linux")]
fn capabilities_are_empty() -> bool {
    let mut header = capability::own_header();
    let mut held = [capability::Data::default(); 2];
    // SAFETY: as in `drop_capabilities`; the call fills exactly two elements.
    let result = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, held.as_mut_ptr()) };
    result == 0 && held == [capability::Data::default(); 2]
}

#[cfg(target_os = "macos")]
fn drop_capabilities() -> Result<(), Errno> {
    Ok(())
}

#[cfg(target_os = "macos")]
fn capabilities_are_empty() -> bool {
    true
}

/// Makes this process the leader of a new session without a terminal.
pub(crate) fn lead_session_alone() -> Result<(), Failure> {
    nix::unistd::setsid()
        .map(drop)
        .map_err(|errno| (Stage::NewSession, errno))
}

/// Makes `terminal` the controlling terminal of a new session led by this process.
pub(crate) fn lead_session(terminal: BorrowedFd<'_>) -> Result<(), Failure> {
    lead_session_alone()?;
    // SAFETY: TIOCSCTTY takes an integer; the descriptor is open.
    let result = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY as _, 0) };
    Errno::result(result)
        .map(drop)
        .map_err(|errno| (Stage::ControllingTerminal, errno))
}

/// Duplicates `sources` onto the descriptors 0, 1, 2, … and marks all above them close-on-exec.
/// Sources must have been moved above the targets before the fork.
pub(crate) fn place_descriptors(sources: &[RawFd]) -> Result<(), Failure> {
    let mut target: RawFd = 0;
    for source in sources {
        // SAFETY: dup2 takes no pointers; the sources are open in this process.
        let result = unsafe { libc::dup2(*source, target) };
        Errno::result(result).map_err(|errno| (Stage::Descriptors, errno))?;
        target += 1;
    }
    close_on_exec_from(target);
    Ok(())
}

fn close_on_exec_from(first: RawFd) {
    #[cfg(target_os = "linux")]
    {
        const CLOSE_RANGE_CLOEXEC: libc::c_uint = 1 << 2;
        // SAFETY: close_range takes integers; with this flag it closes nothing before exec.
        let result = unsafe {
            libc::syscall(
                libc::SYS_close_range,
                first,
                libc::c_uint::MAX,
                CLOSE_RANGE_CLOEXEC,
            )
        };
        if result == 0 {
            return;
        }
    }
    // Kernels before 5.11 and macOS: mark one by one up to the limit of descriptors.
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid rlimit that the call fills.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } == 0;
    let end = if known {
        limit.rlim_max.min(1 << 20)
    } else {
        1 << 16
    };
    for descriptor in first..RawFd::try_from(end).unwrap_or(1 << 16) {
        // SAFETY: fcntl with F_SETFD takes integers; a closed descriptor is an ignored error.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// Default disposition for every signal and an empty mask: what the parent ignored or blocked is
/// not the program's affair.
pub(crate) fn reset_signals() {
    const LAST_SIGNAL: libc::c_int = 64;
    for signal in 1..=LAST_SIGNAL {
        default_disposition(signal);
    }
    let empty = nix::sys::signal::SigSet::empty();
    let _ = empty.thread_set_mask();
}

/// The system call itself: the C library refuses the two signals it keeps for threads, yet both may
/// have been inherited as ignored.
#[cfg(target_os = "linux")]
fn default_disposition(signal: libc::c_int) {
    // The kernel's struct sigaction: handler (0 is SIG_DFL), flags, restorer and a mask of 8 bytes.
    let default = [0_u64; 4];
    let no_old: *mut libc::c_void = std::ptr::null_mut();
    // SAFETY: `default` has the kernel's layout and outlives the call; no old action is asked for.
    // Signals that cannot be changed are refused by the call.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            signal,
            default.as_ptr(),
            no_old,
            size_of::<u64>(),
        )
    };
}

#[cfg(not(target_os = "linux"))]
fn default_disposition(signal: libc::c_int) {
    // SAFETY: SIG_DFL installs no handler; numbers that cannot be changed are refused by the call.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// Moves this process into the cgroup whose `cgroup.procs` is open.
pub(crate) fn join_cgroup(members: BorrowedFd<'_>) -> Result<(), Failure> {
    // "0" stands for the writer itself, so no number has to be formatted here.
    nix::unistd::write(members, b"0")
        .map(drop)
        .map_err(|errno| (Stage::Cgroup, errno))
}

/// Whatever protects the agent from the kernel's out-of-memory killer does not protect a person's programs. Where the
/// value cannot be set it stays: it can only be less protection then.
#[cfg(target_os = "linux")]
pub(crate) fn forgo_memory_protection() {
    use nix::fcntl::{OFlag, open};
    let score = open(
        c"/proc/self/oom_score_adj",
        OFlag::O_WRONLY | OFlag::O_CLOEXEC,
        nix::sys::stat::Mode::empty(),
    );
    if let Ok(score) = score {
        let _ = nix::unistd::write(&score, b"0");
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn forgo_memory_protection() {}

/// Enters `home`, or `/` when that fails; the notice goes to standard error then.
pub(crate) fn enter_directory(home: &CStr, notice: &[u8]) -> Result<(), Failure> {
    if nix::unistd::chdir(home).is_ok() {
        return Ok(());
    }
    nix::unistd::chdir(c"/").map_err(|errno| (Stage::Directory, errno))?;
    // SAFETY: the pointer and length are those of `notice`. A lost notice is no reason to refuse.
    unsafe { libc::write(2, notice.as_ptr().cast(), notice.len()) };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shown: &[libc::gid_t], wanted: &[libc::gid_t], all_are_shown: bool, proven: bool) {
        let wanted: Vec<Gid> = wanted.iter().copied().map(Gid::from_raw).collect();
        assert_eq!(
            are_the_groups(shown, &wanted, all_are_shown),
            proven,
            "{shown:?} of {wanted:?}"
        );
    }

    #[test]
    fn a_group_that_is_not_the_accounts_disproves_on_every_system() {
        for all_are_shown in [true, false] {
            check(&[0, 20], &[20], all_are_shown, false);
            check(&[20, 80, 4], &[20, 80], all_are_shown, false);
        }
    }

    #[test]
    fn a_missing_group_disproves_only_where_all_are_shown() {
        check(&[1000], &[27, 1000], true, false);
        check(&[], &[1000], true, false);
        let many: Vec<libc::gid_t> = (500..540).collect();
        check(many.get(..16).unwrap(), &many, false, true);
    }

    #[test]
    fn the_groups_in_any_order_prove() {
        for all_are_shown in [true, false] {
            check(&[1000, 27, 1000], &[27, 1000], all_are_shown, true);
        }
    }
}
