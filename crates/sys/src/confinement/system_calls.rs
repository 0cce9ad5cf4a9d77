//! The system calls of a network worker, and the filter that leaves it no others.
//!
//! An allow-list: what a kernel brings tomorrow is refused until somebody puts it here. Refused calls answer an error
//! instead of killing, so that a library's attempt at something optional costs nothing.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter,
};

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: TargetArch = TargetArch::aarch64;

/// Files and sockets. Which files is landlock's affair.
const FILES: [c_long; 44] = [
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fcntl,
    libc::SYS_ioctl,
    libc::SYS_pipe2,
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_mkdirat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_unlinkat,
    libc::SYS_memfd_create,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_flock,
    libc::SYS_fadvise64,
];

const NETWORK: [c_long; 15] = [
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_sysinfo,
];

/// Memory, threads, time, and what a process asks about itself. `landlock_restrict_self` can only tighten.
const PROCESS: [c_long; 43] = [
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_membarrier,
    libc::SYS_mincore,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_clone3,
    libc::SYS_set_tid_address,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_restart_syscall,
    libc::SYS_uname,
    libc::SYS_umask,
    libc::SYS_getrusage,
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_add_rule,
    libc::SYS_landlock_restrict_self,
    libc::SYS_getcpu,
];

/// The older forms that only this architecture has.
#[cfg(target_arch = "x86_64")]
const OLD_FORMS: [c_long; 18] = [
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_pipe,
    libc::SYS_dup2,
    libc::SYS_eventfd,
    libc::SYS_time,
    libc::SYS_mkdir,
    libc::SYS_rename,
    libc::SYS_unlink,
    libc::SYS_arch_prctl,
    libc::SYS_getdents,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD_FORMS: [c_long; 0] = [];

/// What `prctl` may do: name a thread or a mapping, and give up more. Being traceable again is not among it.
const PRCTL: [u64; 5] = [
    libc::PR_SET_NAME as u64,
    libc::PR_GET_NAME as u64,
    libc::PR_SET_VMA as u64,
    libc::PR_SET_NO_NEW_PRIVS as u64,
    libc::PR_GET_DUMPABLE as u64,
];

/// The families whose sockets a name service or a connection needs.
const FAMILIES: [u64; 4] = [
    libc::AF_UNIX as u64,
    libc::AF_INET as u64,
    libc::AF_INET6 as u64,
    libc::AF_NETLINK as u64,
];

/// The kernel reads these arguments as 32 bits; what a caller leaves above them means nothing.
const INT: SeccompCmpArgLen = SeccompCmpArgLen::Dword;

pub(super) fn confine() -> Result<(), Error> {
    // The flags of clone3 are behind a pointer that no filter can follow. Told that it does not exist, the C library
    // takes clone, whose flags are judged below. Where two filters answer an error, the later one's counts.
    let no_clone3 = SeccompFilter::new(
        BTreeMap::from([(libc::SYS_clone3, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS as u32),
        ARCHITECTURE,
    )?;
    let rest = SeccompFilter::new(
        rules()?,
        SeccompAction::Errno(libc::EPERM as u32),
        SeccompAction::Allow,
        ARCHITECTURE,
    )?;
    for filter in [no_clone3, rest] {
        let program: BpfProgram = filter.try_into()?;
        apply_filter(&program)?;
    }
    Ok(())
}

fn rules() -> Result<BTreeMap<c_long, Vec<SeccompRule>>, Error> {
    let plain = FILES
        .iter()
        .chain(&NETWORK)
        .chain(&PROCESS)
        .chain(&OLD_FORMS);
    let mut rules: BTreeMap<c_long, Vec<SeccompRule>> =
        plain.map(|call| (*call, Vec::new())).collect();
    rules.insert(libc::SYS_prctl, one_of(&PRCTL)?);
    rules.insert(libc::SYS_socket, one_of(&FAMILIES)?);
    // A thread, never a process.
    let thread = libc::CLONE_THREAD as u64;
    let is_thread = SeccompCmpOp::MaskedEq(thread);
    rules.insert(libc::SYS_clone, vec![rule(0, INT, is_thread, thread)?]);
    // Signals to itself, which is how a failed assertion ends.
    let own = u64::from(std::process::id());
    rules.insert(libc::SYS_tgkill, vec![rule(0, INT, SeccompCmpOp::Eq, own)?]);
    // Asking for its own limits; the third argument sets them.
    rules.insert(
        libc::SYS_prlimit64,
        vec![rule(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?],
    );
    Ok(rules)
}

fn one_of(values: &[u64]) -> Result<Vec<SeccompRule>, Error> {
    let rules = values
        .iter()
        .map(|value| rule(0, INT, SeccompCmpOp::Eq, *value));
    rules.collect()
}

fn rule(
    argument: u8,
    length: SeccompCmpArgLen,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompRule, Error> {
    let condition = SeccompCondition::new(argument, length, operator, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}
