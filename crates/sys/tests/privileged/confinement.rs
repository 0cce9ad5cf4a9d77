//! A worker that was taken over, played by this very test program: it confines itself as workers do and then tries what
//! an intruder would.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "an intruder calls the kernel as it likes")]

use std::io::Write;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};

use usher_sys::{Confined, confine_connections, confine_files, confine_system_calls};

use crate::throwaway::skip;

/// Set for the intruder: the allowed port and the forbidden one.
const INTRUDER: &str = "USHERTEST_INTRUDER";

/// Every attempt, and whether it has to succeed.
const ATTEMPTS: [(&str, bool); 28] = [
    ("resolve a name", true),
    ("read a system file", true),
    ("connect to the service", true),
    ("start a thread", true),
    ("send a datagram", true),
    ("make an anonymous file", true),
    ("read a file of a person", false),
    ("list a directory", false),
    ("read another process", false),
    ("read its own memory map", false),
    ("make a file", false),
    ("change a system file", false),
    ("remove a file", false),
    ("execute a program", false),
    ("start a process", false),
    ("fork", false),
    ("connect elsewhere", false),
    ("listen", false),
    ("signal its parent", false),
    ("signal by pidfd", false),
    ("trace its parent", false),
    ("read its parent's memory", false),
    ("take its parent's descriptor", false),
    ("become traceable", false),
    ("become another user", false),
    ("open a raw socket", false),
    ("start io_uring", false),
    ("mount", false),
];

#[test]
fn a_worker_that_was_taken_over_can_do_its_work_and_nothing_else() {
    let test = "a_worker_that_was_taken_over_can_do_its_work_and_nothing_else";
    let directory = tempdir();
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let ports = [&service, &other].map(|listener| listener.local_addr().unwrap().port());
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "confinement::intruder", "--nocapture"])
        .env(INTRUDER, format!("{} {}", ports[0], ports[1]))
        .env("USHERTEST_DIRECTORY", &directory)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    std::fs::remove_dir_all(&directory).unwrap();
    if said.contains("KERNEL LACKS") {
        skip(test, "this kernel has not all of landlock and seccomp");
        return;
    }
    for (attempt, succeeds) in ATTEMPTS {
        let line = format!("{attempt}: {}\n", if succeeds { "done" } else { "refused" });
        assert!(said.contains(&line), "{line:?} is not in {said}");
    }
}

fn tempdir() -> String {
    let path = format!("/tmp/ushertest-confined-{}", std::process::id());
    std::fs::create_dir(&path).unwrap();
    std::fs::write(Path::new(&path).join("diary"), "dear").unwrap();
    path
}

/// Not a test of its own: see above.
#[test]
fn intruder() {
    let Ok(ports) = std::env::var(INTRUDER) else {
        return;
    };
    let ports: Vec<u16> = ports.split(' ').map(|port| port.parse().unwrap()).collect();
    let directory = std::env::var("USHERTEST_DIRECTORY").unwrap();
    let parent = std::os::unix::process::parent_id().cast_signed();
    let pidfd = raw(libc::SYS_pidfd_open, [i64::from(parent), 0, 0, 0]);
    usher_sys::forbid_tracing().unwrap();
    let confined = [
        confine_files(&["/etc", "/usr", "/lib"]),
        confine_system_calls(),
        confine_connections(&[ports[0]]),
    ];
    if confined != [Confined::Fully; 3] {
        say("KERNEL LACKS", true);
        return;
    }
    let diary = format!("{directory}/diary");
    let new = format!("{directory}/new");

    let resolved = std::net::ToSocketAddrs::to_socket_addrs("localhost:1");
    say("resolve a name", resolved.is_ok());
    say("read a system file", std::fs::read("/etc/passwd").is_ok());
    let connects = |port: u16| TcpStream::connect(("127.0.0.1", port)).is_ok();
    say("connect to the service", connects(ports[0]));
    let thread = std::thread::Builder::new().spawn(|| 42);
    say(
        "start a thread",
        thread.is_ok_and(|thread| thread.join().is_ok()),
    );
    let datagram = UdpSocket::bind("127.0.0.1:0").unwrap();
    say(
        "send a datagram",
        datagram.send_to(b"x", "127.0.0.1:9").is_ok(),
    );
    say(
        "make an anonymous file",
        usher_sys::anonymous_file(b"x").is_ok(),
    );

    say("read a file of a person", std::fs::read(&diary).is_ok());
    say("list a directory", std::fs::read_dir(&directory).is_ok());
    let status = format!("/proc/{parent}/status");
    say("read another process", std::fs::read(status).is_ok());
    say(
        "read its own memory map",
        std::fs::read("/proc/self/maps").is_ok(),
    );
    say("make a file", std::fs::write(&new, "x").is_ok());
    let appended = std::fs::OpenOptions::new().append(true).open("/etc/hosts");
    say("change a system file", appended.is_ok());
    say("remove a file", std::fs::remove_file(&diary).is_ok());
    say("execute a program", executes());
    say(
        "start a process",
        Command::new("/bin/true").status().is_ok(),
    );
    say(
        "fork",
        raw(libc::SYS_clone, [i64::from(libc::SIGCHLD), 0, 0, 0]) >= 0,
    );
    say("connect elsewhere", connects(ports[1]));
    say("listen", TcpListener::bind("127.0.0.1:0").is_ok());
    let parent = i64::from(parent);
    say(
        "signal its parent",
        raw(libc::SYS_kill, [parent, 0, 0, 0]) == 0,
    );
    say(
        "signal by pidfd",
        raw(libc::SYS_pidfd_send_signal, [pidfd, 0, 0, 0]) == 0,
    );
    say(
        "trace its parent",
        raw(
            libc::SYS_ptrace,
            [i64::from(libc::PTRACE_SEIZE), parent, 0, 0],
        ) == 0,
    );
    say(
        "read its parent's memory",
        raw(libc::SYS_process_vm_readv, [parent, 0, 0, 0]) >= 0,
    );
    say(
        "take its parent's descriptor",
        raw(libc::SYS_pidfd_getfd, [pidfd, 0, 0, 0]) >= 0,
    );
    say(
        "become traceable",
        raw(libc::SYS_prctl, [i64::from(libc::PR_SET_DUMPABLE), 1, 0, 0]) == 0,
    );
    say(
        "become another user",
        raw(libc::SYS_setuid, [0, 0, 0, 0]) == 0,
    );
    let raw_socket = [i64::from(libc::AF_PACKET), i64::from(libc::SOCK_RAW), 0, 0];
    say("open a raw socket", raw(libc::SYS_socket, raw_socket) >= 0);
    say(
        "start io_uring",
        raw(libc::SYS_io_uring_setup, [1, 0, 0, 0]) >= 0,
    );
    say("mount", raw(libc::SYS_mount, [0; 4]) >= 0);
}

fn executes() -> bool {
    use std::os::unix::process::CommandExt;
    // Returns only when it fails.
    let _ = Command::new("/usr/bin/env").exec();
    false
}

/// A system call as it is; -1 when it was refused.
fn raw(number: i64, [a, b, c, d]: [i64; 4]) -> i64 {
    // SAFETY: every caller passes integers, or null where the kernel expects memory, which it checks itself.
    unsafe { libc::syscall(number, a, b, c, d) }
}

fn say(attempt: &str, done: bool) {
    let line = format!("{attempt}: {}\n", if done { "done" } else { "refused" });
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}
