//! AWS's own session-manager-plugin, unmodified, in every kind of session of ours.
//!
//! It is in no package registry: build it from aws/session-manager-plugin and put it on the PATH of the tests, or these
//! are skipped and say so.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use serde_json::json;

use crate::fixtures::{BY_DEFAULT, ByDefault, MAY_START, SESSION};
use crate::harness::boto3::Keys;
use crate::harness::programs;
use crate::harness::skip::{Need, lacks};
use crate::harness::terminal::Terminal;
use crate::ports::{Forward, listener};

const PLUGIN: [Need; 1] = [Need::Program("session-manager-plugin")];

/// `aws ssm start-session` that finds AWS's plugin before ours.
fn start(fixture: &ByDefault, keys: &Keys, document: &str, parameters: &[(&str, &str)]) -> Command {
    let mut aws = fixture.dev.command(keys, "aws");
    let directory = programs::directory_of("session-manager-plugin").unwrap();
    let path = format!("{}:{}", directory.display(), fixture.dev.variable("PATH"));
    aws.env("PATH", path);
    aws.args(["ssm", "start-session", "--target", fixture.dev.node()]);
    if !document.is_empty() {
        let parameters: serde_json::Value = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!([value])))
            .collect();
        aws.args(["--document-name", document, "--parameters"])
            .arg(parameters.to_string());
    }
    aws
}

#[test]
fn a_refusal_is_told_and_hangs_nobody() {
    if lacks(&SESSION) || lacks(&PLUGIN) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let refused = fixture.dev.principal("noplugin", &MAY_START);
    fixture.dev.tag_run_as(&refused, "root");
    for (document, parameters) in [
        ("", &[][..]),
        ("AWS-StartInteractiveCommand", &[("command", "id")]),
        ("AWS-StartPortForwardingSession", &[("portNumber", "22")]),
        ("AWS-StartSSHSession", &[("portNumber", "22")]),
    ] {
        let command = start(&fixture, &refused.keys, document, parameters);
        let mut terminal = Terminal::start(&command, 80, 24);
        terminal.expect("root is never allowed");
        assert_eq!(terminal.end().0.code(), Some(0), "{document}");
    }
}

#[test]
fn a_shell_starts_takes_keys_and_ends() {
    if lacks(&SESSION) || lacks(&PLUGIN) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut terminal = Terminal::start(&start(&fixture, &fixture.bob.keys, "", &[]), 80, 24);
    terminal.expect("$ ");
    terminal.send(b"echo \"[$(id -un)]\"\r");
    terminal.expect(&format!("[{}]", fixture.os_user.name()));
    terminal.send(b"exit 3\r");
    terminal.expect("Exiting session with sessionId: ");
    assert_eq!(terminal.end().0.code(), Some(0));
}

#[test]
fn commands_run_and_their_output_is_whole() {
    if lacks(&SESSION) || lacks(&PLUGIN) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let name = fixture.os_user.name();
    let run = |document: &str, command: &str| {
        let command = start(
            &fixture,
            &fixture.bob.keys,
            document,
            &[("command", command)],
        );
        let mut terminal = Terminal::start(&command, 200, 24);
        terminal.expect("Starting session with SessionId: ");
        terminal.expect("\n");
        let said = terminal.expect("Exiting session with sessionId: ");
        assert_eq!(terminal.end().0.code(), Some(0));
        said
    };
    let said = run("AWS-StartInteractiveCommand", "id -un; tty");
    assert!(said.contains(name) && said.contains("/dev/pts/"), "{said}");
    let said = run(
        "AWS-StartNonInteractiveCommand",
        "sh -c 'seq 1 20000; id -un; tty; echo err >&2'",
    );
    assert!(said.contains("20000") && said.contains(name), "{said}");
    assert!(said.contains("not a tty") && said.contains("err"), "{said}");
}

#[test]
fn many_connections_are_carried_and_a_key_ends_the_forward() {
    if lacks(&SESSION) || lacks(&PLUGIN) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let (listener, port) = listener();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut length = [0; 4];
                stream.read_exact(&mut length).unwrap();
                let mut said = vec![0; u32::from_be_bytes(length) as usize];
                stream.read_exact(&mut said).unwrap();
                stream.write_all(&said).unwrap();
            });
        }
    });
    let parameters = [("portNumber", port.as_str()), ("localPortNumber", "0")];
    let document = "AWS-StartPortForwardingSession";
    let mut command = start(&fixture, &fixture.bob.keys, document, &parameters);
    let forward = Forward::start(&mut command);
    let people: Vec<_> = (0..20_u32)
        .map(|number| {
            let mut stream = forward.connect();
            thread::spawn(move || {
                let bytes: Vec<u8> = (0..50_000 + number)
                    .map(|n| (n * (number + 1) % 251) as u8)
                    .collect();
                stream
                    .write_all(&u32::try_from(bytes.len()).unwrap().to_be_bytes())
                    .unwrap();
                stream.write_all(&bytes).unwrap();
                let mut back = vec![0; bytes.len()];
                stream.read_exact(&mut back).unwrap();
                back == bytes
            })
        })
        .collect();
    for person in people {
        assert!(person.join().unwrap(), "a connection got other bytes");
    }
    let session = forward.session().to_owned();
    forward.interrupt();
    assert_eq!(fixture.dev.history(&session)["Status"], "Terminated");
}

#[test]
fn a_plain_stream_is_carried_as_it_is() {
    if lacks(&SESSION) || lacks(&PLUGIN) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let (listener, port) = listener();
    let answered = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut said = [0; 5];
        stream.read_exact(&mut said).unwrap();
        stream.write_all(b"SSH-2.0-test\r\n\n\x03\xff").unwrap();
        said
    });
    let mut child = start(
        &fixture,
        &fixture.bob.keys,
        "AWS-StartSSHSession",
        &[("portNumber", &port)],
    )
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .spawn()
    .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"hello").unwrap();
    assert_eq!(&answered.join().unwrap(), b"hello");
    let output = child.wait_with_output().unwrap();
    let said = output
        .stdout
        .windows(17)
        .any(|part| part == b"SSH-2.0-test\r\n\n\x03\xff");
    assert!(said, "{}", String::from_utf8_lossy(&output.stdout));
    drop(stdin);
}
