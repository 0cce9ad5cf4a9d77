//! The provider's process (`e2e/identity-provider/provider.mjs`), and one request of a plain HTTP client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use crate::harness::DEADLINE;
use crate::harness::process::Process;
use crate::harness::programs;

/// A running provider; it ends with this value.
pub(super) struct Provider {
    /// Its address, which is its name.
    pub(super) issuer: String,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    process: Process,
}

impl Provider {
    /// Starts one that tells `endpoint` who signs out.
    pub(super) fn start(endpoint: &str) -> Self {
        let mut child = Command::new("node")
            .arg(programs::identity_provider().join("provider.mjs"))
            .arg(format!("{endpoint}/v1/openid/backchannel-logout"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let commands = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let process = Process::new(child);
        let issuer = line(&mut answers);
        assert!(
            issuer.starts_with("http://127.0.0.1:"),
            "the provider did not start: {issuer:?}"
        );
        Self {
            issuer,
            commands,
            answers,
            process,
        }
    }

    /// Its name in ARNs.
    pub(super) fn name(&self) -> &str {
        self.issuer.strip_prefix("http://").unwrap()
    }

    /// Has it do what the line says; it has done so when this returns.
    pub(super) fn obey(&mut self, command: &str) {
        writeln!(self.commands.as_mut().unwrap(), "{command}").unwrap();
        assert_eq!(line(&mut self.answers), "ok");
    }

    /// Ends it; nobody answers at its address any more.
    pub(super) fn stop(&mut self) {
        self.commands.take();
        self.process.wait(DEADLINE).unwrap();
    }
}

fn line(answers: &mut impl BufRead) -> String {
    let mut line = String::new();
    answers.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// Asks for an `http://` address, and hands back the whole answer.
pub(super) fn get(address: &str) -> String {
    let (host, path) = address
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The script that plays a person at a browser.
pub(super) fn browser() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/single_sign_on/browser.py"
    ))
}
