//! A worker is this test program again; it reports through the descriptor it was given.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::AsFd;

use usher_sys::{Gid, ServiceIds, Uid, Worker};

use crate::throwaway::skip_unless_root;

/// Ids that no account has.
const IDS: (u32, u32) = (64_901, 64_902);

/// Does nothing as a test: it is the body of the worker started below.
#[test]
fn worker_body() {
    let mut given = Worker::given_descriptors();
    let Some(report) = given.pop() else {
        return;
    };
    assert!(Worker::given_descriptors().is_empty(), "taken only once");
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let cwd_free: Vec<String> = fs::read_dir("/proc/self/fd")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    let mut report = File::from(report);
    writeln!(report, "{status}\nfds {cwd_free:?}\nenv {names:?}").unwrap();
}

#[test]
fn a_worker_has_its_ids_its_descriptors_and_its_environment_and_nothing_else() {
    if skip_unless_root("a_worker_has_its_ids_its_descriptors_and_its_environment") {
        return;
    }
    let (read, write) = usher_sys::socket_pair().unwrap();
    let worker = Worker {
        name: "usher-test-worker",
        arguments: &["--exact", "worker::worker_body", "--test-threads=1"],
        environment: &[("USHERTEST_GIVEN".to_owned(), "1".to_owned())],
        ids: Some(ServiceIds {
            uid: Uid::from_raw(IDS.0),
            gid: Gid::from_raw(IDS.1),
        }),
        descriptors: &[write.as_fd()],
    };
    worker.spawn().unwrap();
    drop(write);
    let mut report = String::new();
    File::from(read).read_to_string(&mut report).unwrap();

    let line = |key: &str| {
        report
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .unwrap_or_else(|| panic!("no {key} in {report}"))
            .trim()
            .to_owned()
    };
    assert_eq!(line("Uid:"), format!("{0}\t{0}\t{0}\t{0}", IDS.0));
    assert_eq!(line("Gid:"), format!("{0}\t{0}\t{0}\t{0}", IDS.1));
    assert_eq!(line("Groups:"), IDS.1.to_string());
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
        assert_eq!(line(set), "0000000000000000", "{set}");
    }
    // 4 is the directory being read.
    for absent in 5..64 {
        assert!(!line("fds ").contains(&format!("\"{absent}\"")), "{report}");
    }
    assert!(line("env ").contains("USHERTEST_GIVEN"));
    assert!(!line("env ").contains("\"PATH\""), "{report}");
}
