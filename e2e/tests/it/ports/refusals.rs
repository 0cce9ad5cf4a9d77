//! Who gets no connection, and where nobody does.

use std::io::Read;
use std::process::Stdio;

use super::{Forward, LOCAL, REMOTE, aws, listener};
use crate::fixtures::{BY_DEFAULT, ByDefault, MAY_START, SESSION};
use crate::harness::skip::lacks;

#[test]
fn a_port_is_refused_to_who_is_refused_a_shell() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let refused = fixture.dev.principal("noport", &MAY_START);
    fixture.dev.tag_run_as(&refused, "root");
    let (listener, port) = listener();
    listener.set_nonblocking(true).unwrap();
    for document in [LOCAL, "AWS-StartSSHSession"] {
        let output = aws(&fixture, document, &[("portNumber", &port)])
            .env("AWS_ACCESS_KEY_ID", &refused.keys.id)
            .env("AWS_SECRET_ACCESS_KEY", &refused.keys.secret)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(told.contains("root is never allowed"), "{told}");
    }
    assert!(listener.accept().is_err(), "something was connected");
}

#[test]
fn a_metadata_address_is_not_connected() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    for host in ["169.254.169.254", "::ffff:169.254.169.254"] {
        let parameters = [("portNumber", "80"), ("host", host)];
        let forward = Forward::start(&mut aws(&fixture, REMOTE, &parameters));
        let mut near = forward.connect();
        forward.expect("Connection to destination port failed, check SSM Agent logs.");
        assert_eq!(near.read(&mut [0; 8]).unwrap_or(0), 0);
    }
}

#[test]
fn a_port_where_nobody_listens_ends_a_plain_session_with_a_sentence() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let (listener, port) = listener();
    drop(listener);
    let output = aws(&fixture, "AWS-StartSSHSession", &[("portNumber", &port)])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        told.contains(&format!("The node cannot connect to localhost:{port}")),
        "{told}"
    );
}

#[test]
fn a_local_port_that_is_taken_ends_the_session_at_once() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let (_listener, port) = listener();
    let parameters = [("portNumber", "22"), ("localPortNumber", port.as_str())];
    let output = aws(&fixture, LOCAL, &parameters)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        told.contains(&format!("cannot listen on localhost:{port}")),
        "{told}"
    );
    let session = told
        .lines()
        .find_map(|line| line.strip_prefix("Starting session with SessionId: "))
        .unwrap();
    fixture.dev.history(session);
}
