//! Port sessions: AWS's documents for them by the `aws` CLI, with our client under the plugin's name.

mod many;
mod own;
mod postgres;
mod refusals;
mod socks;
mod ssh;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::fixtures::{BY_DEFAULT, ByDefault, SESSION};
use crate::harness::DEADLINE;
use crate::harness::process::{Process, child_of};
use crate::harness::skip::lacks;

const LOCAL: &str = "AWS-StartPortForwardingSession";
const REMOTE: &str = "AWS-StartPortForwardingSessionToRemoteHost";

/// `aws ssm start-session` of a document with these parameters.
fn aws(fixture: &ByDefault, document: &str, parameters: &[(&str, &str)]) -> Command {
    let mut aws = fixture.dev.command(&fixture.bob.keys, "aws");
    let parameters: Value = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!([value])))
        .collect();
    aws.args(["ssm", "start-session", "--target", fixture.dev.node()])
        .args(["--document-name", document, "--parameters"])
        .arg(parameters.to_string());
    aws
}

/// A forward that listens.
pub(crate) struct Forward {
    process: Process,
    lines: Receiver<String>,
    session: String,
    port: u16,
}

impl Forward {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        let mut forward = Self {
            process: Process::new(child),
            lines,
            session: String::new(),
            port: 0,
        };
        let opened = forward.expect("opened for sessionId ");
        let (place, session) = opened.split_once(" opened for sessionId ").unwrap();
        forward.session = session.trim_end_matches('.').to_owned();
        forward.port = place
            .strip_prefix("Port ")
            .map_or(0, |port| port.parse().unwrap());
        forward.expect("Waiting for connections...");
        forward
    }

    /// The next line that holds `text`.
    fn expect(&self, text: &str) -> String {
        let mut seen = String::new();
        loop {
            let Ok(line) = self.lines.recv_timeout(DEADLINE) else {
                panic!("{text:?} was not said, but\n{seen}");
            };
            if line.contains(text) {
                return line;
            }
            seen.push_str(&line);
            seen.push('\n');
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    pub(crate) fn session(&self) -> &str {
        &self.session
    }

    /// As a key of the keyboard does: the aws command ignores it, so it is the plugin that ends.
    pub(crate) fn interrupt(self) {
        let plugin = child_of(self.process.pid());
        rustix::process::kill_process(plugin, Signal::INT).unwrap();
        self.expect("Terminate signal received, exiting.");
        assert_eq!(self.ends().code(), Some(0));
    }

    fn ends(mut self) -> ExitStatus {
        self.process.wait(DEADLINE).unwrap()
    }
}

fn lines_of(output: ChildStdout) -> Receiver<String> {
    let (tell, lines) = sync_channel(256);
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// A listener of this machine, which is also the node.
pub(crate) fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    (listener, port)
}

/// The uid that owns the other end of a connection, as the kernel tells it. Ended connections from the same port to
/// elsewhere are in its table too, and are root's.
fn owner_of(accepted: &TcpStream) -> String {
    let place = |address: SocketAddr| format!("0100007F:{:04X}", address.port());
    let wanted = [
        place(accepted.peer_addr().unwrap()),
        place(accepted.local_addr().unwrap()),
    ];
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let row = table
        .lines()
        .map(|row| row.split_ascii_whitespace().collect::<Vec<_>>())
        .find(|row| row[1..3] == wanted)
        .unwrap_or_else(|| panic!("{wanted:?} is not in\n{table}"));
    row[7].to_owned()
}

#[test]
fn a_connection_is_made_by_the_os_user_and_keeps_half_close_both_ways() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let uid = Command::new("id")
        .args(["-u", fixture.os_user.name()])
        .output()
        .unwrap();
    let uid = String::from_utf8(uid.stdout).unwrap();
    let (listener, port) = listener();
    for (document, host) in [(LOCAL, None), (REMOTE, Some("127.0.0.1"))] {
        let mut parameters = vec![("portNumber", port.as_str())];
        parameters.extend(host.map(|host| ("host", host)));
        let forward = Forward::start(&mut aws(&fixture, document, &parameters));
        let mut near = forward.connect();
        let (mut far, _) = listener.accept().unwrap();
        assert_eq!(owner_of(&far), uid.trim());
        near.write_all(b"\n").unwrap();
        near.write_all(b"question").unwrap();
        near.shutdown(std::net::Shutdown::Write).unwrap();
        let mut said = String::new();
        far.read_to_string(&mut said).unwrap();
        // A lone line feed stays one: this is no terminal.
        assert_eq!(said, "\nquestion");
        far.write_all(b"answer").unwrap();
        drop(far);
        let mut said = String::new();
        near.read_to_string(&mut said).unwrap();
        assert_eq!(said, "answer");
        forward.expect("Connection accepted for session [");

        // The other way round: the far end has said all, and goes on listening.
        let mut near = forward.connect();
        let (mut far, _) = listener.accept().unwrap();
        far.write_all(b"banner").unwrap();
        far.shutdown(std::net::Shutdown::Write).unwrap();
        let mut said = String::new();
        near.read_to_string(&mut said).unwrap();
        assert_eq!(said, "banner");
        near.write_all(b"thanks").unwrap();
        drop(near);
        let mut said = String::new();
        far.read_to_string(&mut said).unwrap();
        assert_eq!(said, "thanks");
        forward.process.signal(Signal::TERM);
    }
}

#[test]
fn a_forward_ends_when_its_session_is_terminated_and_when_its_person_interrupts_it() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let (listener, port) = listener();
    let forward = Forward::start(&mut aws(&fixture, LOCAL, &[("portNumber", &port)]));
    let mut near = forward.connect();
    let (mut far, _) = listener.accept().unwrap();
    let admin = fixture.dev.admin();
    let arguments = json!({"SessionId": forward.session});
    fixture
        .dev
        .call(&admin, "ssm", "terminate_session", &arguments)
        .must();
    forward.expect("The session was terminated by ");
    let session = forward.session.clone();
    assert_eq!(forward.ends().code(), Some(0));
    assert_eq!(near.read(&mut [0; 8]).unwrap_or(0), 0);
    assert_eq!(far.read(&mut [0; 8]).unwrap_or(0), 0);
    assert_eq!(fixture.dev.history(&session)["Status"], "Terminated");

    let forward = Forward::start(&mut aws(&fixture, LOCAL, &[("portNumber", &port)]));
    let session = forward.session.clone();
    forward.interrupt();
    assert_eq!(fixture.dev.history(&session)["Status"], "Terminated");
}
