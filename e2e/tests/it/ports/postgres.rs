//! A database client through a forward: a protocol in which the server speaks many messages to each of ours.

use std::process::Command;
use std::time::Instant;

use super::{Forward, REMOTE, aws};
use crate::fixtures::{ByDefault, SESSION};
use crate::harness::DEADLINE;
use crate::harness::postgres::Postgres;
use crate::harness::skip::lacks;

#[test]
fn psql_works_through_a_forward_to_a_host_that_the_node_reaches() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = ByDefault::start("psql");
    let Some(server) = Postgres::start(&fixture.os_user) else {
        return;
    };

    let parameters = [("host", "localhost"), ("portNumber", server.port())];
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
        assert!(started.elapsed() < DEADLINE, "the forward does not answer");
    }
    let rows = psql("select n, repeat('x', 100) from generate_series(1, 20000) n");
    let rows = String::from_utf8(rows.stdout).unwrap();
    assert_eq!(rows.lines().count(), 20_000);
    assert!(rows.ends_with(&format!("20000|{}\n", "x".repeat(100))));
    forward.interrupt();
}
