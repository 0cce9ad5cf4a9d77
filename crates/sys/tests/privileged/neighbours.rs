//! Two workers of one uid, as all session workers are, one of them taken over: it can do nothing to the other. Once with
//! every means of confinement, and once with what the oldest kernels have, where a signal is all that reaches it.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "an intruder calls the kernel as it likes")]

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use usher_sys::{Confined, Gid, Pid, ServiceIds, Uid, Worker, confine_files, confine_system_calls};

use crate::throwaway::{skip, skip_unless_root};

/// Ids that no account has, and no other test.
const IDS: (u32, u32) = (64_903, 64_904);

/// Tells the intruder whom to attack.
const VICTIM: &str = "USHERTEST_VICTIM";

/// Set where it is confined.
const CONFINED: &str = "USHERTEST_CONFINED";

/// Every attempt, and whether it is refused even without landlock and seccomp.
const ATTEMPTS: [(&str, bool); 9] = [
    ("signal it", false),
    ("signal it by a pidfd", false),
    ("connect to its abstract socket", false),
    ("trace it", true),
    ("read its memory", true),
    ("open its memory", true),
    ("take its descriptor", true),
    ("list its descriptors", true),
    ("read its environment", true),
];

/// One of the bodies below as a worker with a socket to us.
fn worker(body: &str, environment: &[(String, String)]) -> (Pid, File) {
    let (ours, its) = usher_sys::socket_pair().unwrap();
    let pid = Worker {
        name: "usher-test-worker",
        arguments: &["--exact", body, "--test-threads=1"],
        environment,
        ids: Some(ServiceIds {
            uid: Uid::from_raw(IDS.0),
            gid: Gid::from_raw(IDS.1),
        }),
        descriptors: &[its.as_fd()],
    }
    .spawn()
    .unwrap();
    (pid, File::from(ours))
}

fn given() -> Option<OwnedFd> {
    std::env::var_os("USHERTEST_NEIGHBOURS")?;
    Worker::given_descriptors().pop()
}

fn told(more: &[(&str, String)]) -> Vec<(String, String)> {
    let more = more
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    std::iter::once(("USHERTEST_NEIGHBOURS".to_owned(), "1".to_owned()))
        .chain(more)
        .collect()
}

fn abstract_address(pid: u32) -> SocketAddr {
    SocketAddr::from_abstract_name(format!("ushertest-neighbour-{pid}")).unwrap()
}

#[test]
fn a_worker_that_was_taken_over_can_do_nothing_to_another_of_its_uid() {
    let test = "a_worker_that_was_taken_over_can_do_nothing_to_another_of_its_uid";
    if skip_unless_root(test) {
        return;
    }
    let (victim, socket) = worker("neighbours::victim", &told(&[]));
    let mut ready = String::new();
    BufReader::new(&socket).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");

    for confined in [true, false] {
        let mut environment = vec![(VICTIM, victim.to_string())];
        environment.extend(confined.then(|| (CONFINED, "1".to_owned())));
        let (_, mut report) = worker("neighbours::intruder", &told(&environment));
        let mut said = String::new();
        report.read_to_string(&mut said).unwrap();
        if said.contains("KERNEL LACKS") {
            skip(test, "this kernel has not all of landlock and seccomp");
            continue;
        }
        for (attempt, refused_anyway) in ATTEMPTS {
            let outcome = if confined || refused_anyway {
                "refused"
            } else {
                "done"
            };
            let line = format!("{attempt}: {outcome}\n");
            assert!(said.contains(&line), "{line:?} is not in {said}");
        }
    }
    // It is well, and leaves when nobody holds its socket.
    drop(socket);
}

/// Not a test of its own: a worker like any other.
#[test]
fn victim() {
    let Some(socket) = given() else { return };
    usher_sys::forbid_tracing().unwrap();
    let _listener = UnixListener::bind_addr(&abstract_address(std::process::id())).unwrap();
    confine_files(&["/etc"]);
    confine_system_calls();
    let mut socket = File::from(socket);
    socket.write_all(b"ready\n").unwrap();
    let _ = socket.read_to_end(&mut Vec::new());
}

/// Not a test of its own: a worker that does what a stranger tells it.
#[test]
fn intruder() {
    let Some(socket) = given() else { return };
    let mut report = File::from(socket);
    let victim: u32 = std::env::var(VICTIM).unwrap().parse().unwrap();
    usher_sys::forbid_tracing().unwrap();
    if std::env::var_os(CONFINED).is_some() {
        let confined = [confine_files(&["/etc"]), confine_system_calls()];
        if confined != [Confined::Fully; 2] {
            report.write_all(b"KERNEL LACKS\n").unwrap();
            return;
        }
    }
    let outcomes = attack(victim);
    for ((attempt, _), outcome) in ATTEMPTS.iter().zip(outcomes) {
        let outcome = match outcome {
            Ok(()) => "done".to_owned(),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => "refused".to_owned(),
            Err(error) => error.to_string(),
        };
        report
            .write_all(format!("{attempt}: {outcome}\n").as_bytes())
            .unwrap();
    }
}

/// In the order of [`ATTEMPTS`].
fn attack(victim: u32) -> [io::Result<()>; 9] {
    let pid = i64::from(victim);
    let pidfd = || raw(libc::SYS_pidfd_open, [pid, 0, 0, 0]);
    let path = |name: &str| format!("/proc/{victim}/{name}");
    let mut byte = 0_u8;
    let here = libc::iovec {
        iov_base: (&raw mut byte).cast(),
        iov_len: 1,
    };
    let iovec = (&raw const here) as i64;
    [
        raw(libc::SYS_kill, [pid, 0, 0, 0]).map(drop),
        pidfd().and_then(|fd| raw(libc::SYS_pidfd_send_signal, [fd, 0, 0, 0]).map(drop)),
        UnixStream::connect_addr(&abstract_address(victim)).map(drop),
        raw(libc::SYS_ptrace, [i64::from(libc::PTRACE_SEIZE), pid, 0, 0]).map(drop),
        raw_of_six(libc::SYS_process_vm_readv, [pid, iovec, 1, iovec, 1, 0]).map(drop),
        File::open(path("mem")).map(drop),
        pidfd().and_then(|fd| {
            let stolen = i64::from(io::stderr().as_raw_fd());
            raw(libc::SYS_pidfd_getfd, [fd, stolen, 0, 0]).map(drop)
        }),
        std::fs::read_dir(path("fd")).map(drop),
        std::fs::read(path("environ")).map(drop),
    ]
}

fn raw(number: i64, [a, b, c, d]: [i64; 4]) -> io::Result<i64> {
    raw_of_six(number, [a, b, c, d, 0, 0])
}

/// A system call as it is.
fn raw_of_six(number: i64, [a, b, c, d, e, f]: [i64; 6]) -> io::Result<i64> {
    // SAFETY: every caller passes integers, null, or the address of an `iovec` of its own that outlives the call.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}
