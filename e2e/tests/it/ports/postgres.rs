//! A database client through a forward: a protocol in which the server speaks many messages to each of ours.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::Signal;

use super::{Forward, REMOTE, aws};
use crate::fixtures::{ByDefault, SESSION};
use crate::harness::DEADLINE;
use crate::harness::process::{Process, output_of};
use crate::harness::skip::{Need, lacks};

const NEEDS: [Need; 2] = [Need::Program("psql"), Need::Program("runuser")];

/// Where Debian keeps the server's programs, which are on nobody's PATH.
fn server_programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut programs = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    programs.find(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
}

#[test]
fn psql_works_through_a_forward_to_a_host_that_the_node_reaches() {
    if lacks(&SESSION) || lacks(&NEEDS) {
        return;
    }
    let Some(bin) = server_programs() else {
        lacks(&[Need::Program("initdb")]);
        return;
    };
    let fixture = ByDefault::start("psql");
    // PostgreSQL refuses to run as root; the OS user of the session will do.
    let as_user = |program: PathBuf| {
        let mut command = Command::new("runuser");
        command
            .args(["-u", fixture.os_user.name(), "--"])
            .arg(program)
            .current_dir(fixture.os_user.home());
        command
    };
    let data = format!("{}/data", fixture.os_user.home());
    output_of(as_user(bin.join("initdb")).args([
        "-A",
        "trust",
        "-U",
        "ann",
        "--no-sync",
        "-D",
        &data,
    ]));
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|free| free.local_addr())
        .unwrap()
        .port()
        .to_string();
    let server = as_user(bin.join("postgres"))
        .args(["-D", &data, "-p", &port, "-h", "127.0.0.1", "-F"])
        .args(["-c", "unix_socket_directories="])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut server = Process::new(server);

    let parameters = [("host", "localhost"), ("portNumber", port.as_str())];
    let forward = Forward::start(&mut aws(&fixture, REMOTE, &parameters));
    let psql = |statement: &str| {
        Command::new("psql")
            .args(["-h", "127.0.0.1", "-p", &forward.port.to_string()])
            .args(["-U", "ann", "-d", "postgres", "-At", "-c", statement])
            .output()
            .unwrap()
    };
    let started = Instant::now();
    while !psql("select 1").status.success() {
        assert!(started.elapsed() < DEADLINE, "PostgreSQL does not answer");
    }
    let rows = psql("select n, repeat('x', 100) from generate_series(1, 20000) n");
    let rows = String::from_utf8(rows.stdout).unwrap();
    assert_eq!(rows.lines().count(), 20_000);
    assert!(rows.ends_with(&format!("20000|{}\n", "x".repeat(100))));
    forward.interrupt();
    // The signal that runuser hands on.
    server.signal(Signal::TERM);
    server.wait(DEADLINE).unwrap();
}
