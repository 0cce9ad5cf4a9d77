//! `usher forward`, `ssh-proxy` and `ssh-config`: what AWS's client has not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;

use rustix::process::Signal;
use tempfile::TempDir;

use super::listener;
use crate::fixtures::{BY_DEFAULT, ByDefault, SESSION};
use crate::harness::DEADLINE;
use crate::harness::process::{Process, output_of};
use crate::harness::programs;
use crate::harness::skip::{Need, lacks};

fn usher(fixture: &ByDefault) -> Command {
    fixture
        .dev
        .command(&fixture.bob.keys, programs::usher().to_str().unwrap())
}

#[test]
fn a_forward_to_a_metadata_address_connects_nobody_and_says_so() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let mut child = usher(&fixture)
        .args([
            "forward",
            "--target",
            fixture.dev.node(),
            "-L",
            "0:169.254.169.254:80",
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let process = Process::new(child);
    let place = lines.next().unwrap().unwrap();
    let mut near = connect(&place);
    assert_eq!(near.read(&mut [0; 8]).unwrap_or(0), 0);
    let told = lines.next().unwrap().unwrap();
    assert!(told.contains("the node could not connect"), "{told}");
    process.signal(Signal::INT);
}

fn connect(line: &str) -> TcpStream {
    let port = line.strip_prefix("usher: listening on localhost:").unwrap();
    TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap()
}

#[test]
fn several_forwards_are_held_at_once_and_one_key_ends_them_all() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let (listener, port) = listener();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut said = Vec::new();
            stream.read_to_end(&mut said).unwrap();
            said.reverse();
            stream.write_all(&said).unwrap();
        }
    });
    let directory = TempDir::with_prefix("ushertest-").unwrap();
    let socket = directory.path().join("socket");
    let mut child = usher(&fixture)
        .args(["forward", "--target", fixture.dev.node()])
        .args(["-L", &format!("0:localhost:{port}")])
        .args(["-L", &format!("{}:127.0.0.1:{port}", socket.display())])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut stdout = child.stdout.take().unwrap();
    let mut process = Process::new(child);
    let places: Vec<String> = lines.take(2).map(Result::unwrap).collect();
    let tcp = places
        .iter()
        .find(|line| line.contains("localhost:"))
        .unwrap();
    let mut tcp = connect(tcp);
    tcp.write_all(b"abc").unwrap();
    tcp.shutdown(std::net::Shutdown::Write).unwrap();
    let mut said = String::new();
    tcp.read_to_string(&mut said).unwrap();
    assert_eq!(said, "cba");
    let mut unix = UnixStream::connect(&socket).unwrap();
    unix.write_all(b"\n\x03").unwrap();
    unix.shutdown(std::net::Shutdown::Write).unwrap();
    let mut said = String::new();
    unix.read_to_string(&mut said).unwrap();
    assert_eq!(said, "\x03\n");
    process.signal(Signal::INT);
    assert_eq!(process.wait(DEADLINE).unwrap().code(), Some(130));
    assert!(!socket.exists());
    let mut data = String::new();
    stdout.read_to_string(&mut data).unwrap();
    assert_eq!(data, "");
}

#[test]
fn the_stanza_that_is_written_is_one_that_ssh_reads() {
    if lacks(&SESSION) || lacks(&[Need::Program("ssh")]) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let node = fixture.dev.node();
    let directory = TempDir::with_prefix("ushertest-").unwrap();
    let file = directory.path().join("config");
    let stanza = output_of(usher(&fixture).args(["ssh-config", node, "--user", "ann"]));
    std::fs::write(&file, stanza).unwrap();
    let read = output_of(Command::new("ssh").arg("-F").arg(&file).args(["-G", node]));
    assert!(read.contains("user ann\n"), "{read}");
    assert!(
        read.contains(&format!("usher ssh-proxy {node} 22\n"))
            || read.contains("ssh-proxy %h %p\n"),
        "{read}"
    );
}

#[test]
fn a_plain_stream_is_binary_and_half_closed() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let (listener, port) = listener();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).unwrap();
        said.reverse();
        stream.write_all(&said).unwrap();
    });
    let mut child = usher(&fixture)
        .args(["ssh-proxy", fixture.dev.node(), &port])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut bytes: Vec<u8> = (0..500_000_u32).map(|n| (n % 256) as u8).collect();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    bytes.reverse();
    assert!(
        output.stdout == bytes,
        "{} bytes came back",
        output.stdout.len()
    );
    assert_eq!(output.status.code(), Some(0));
}
