//! `usher forward -D`: a SOCKS proxy, judged by Python and curl as anybody would use it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};
use std::thread;

use rustix::process::Signal;

use super::{listener, owner_of};
use crate::fixtures::{BY_DEFAULT, ByDefault, MAY_START, SESSION};
use crate::harness::DEADLINE;
use crate::harness::boto3::Keys;
use crate::harness::process::Process;
use crate::harness::programs;
use crate::harness::skip::{Need, lacks};

/// A proxy that listens.
struct Proxy {
    process: Process,
    port: u16,
}

impl Proxy {
    fn start(fixture: &ByDefault, keys: &Keys) -> Self {
        let mut child = fixture
            .dev
            .command(keys, programs::usher().to_str().unwrap())
            .args(["forward", "--target", fixture.dev.node(), "-D", "0"])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        let port = line
            .trim()
            .strip_prefix("usher: SOCKS proxy listening on localhost:")
            .unwrap_or_else(|| panic!("{line}"))
            .parse()
            .unwrap();
        // What else it says must not fill the pipe.
        thread::spawn(move || std::io::copy(&mut told, &mut std::io::sink()));
        Self {
            process: Process::new(child),
            port,
        }
    }

    /// What the proxy answers to a wish to be connected there, and the connection.
    fn connect(&self, address: Ipv4Addr, port: u16) -> (u8, TcpStream) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(&[5, 1, 0]).unwrap();
        let mut method = [0; 2];
        stream.read_exact(&mut method).unwrap();
        assert_eq!(method, [5, 0]);
        let [a, b, c, d] = address.octets();
        let [high, low] = port.to_be_bytes();
        stream
            .write_all(&[5, 1, 0, 1, a, b, c, d, high, low])
            .unwrap();
        let mut answer = [0; 10];
        stream.read_exact(&mut answer).unwrap();
        (answer[1], stream)
    }

    fn ends(mut self) {
        self.process.signal(Signal::INT);
        assert_eq!(self.process.wait(DEADLINE).unwrap().code(), Some(130));
    }
}

#[test]
fn each_refusal_has_the_number_of_its_reason() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let proxy = Proxy::start(&fixture, &fixture.bob.keys);
    let (answer, _) = proxy.connect(Ipv4Addr::new(169, 254, 169, 254), 80);
    assert_eq!(answer, 2, "the node's rules");
    let (closed, port) = listener();
    drop(closed);
    let (answer, _) = proxy.connect(Ipv4Addr::LOCALHOST, port.parse().unwrap());
    assert_eq!(answer, 5, "nobody listens");
    proxy.ends();

    let refused = fixture.dev.principal("nosocks", &MAY_START);
    fixture.dev.tag_run_as(&refused, "root");
    let denied = fixture
        .dev
        .principal("nosocks2", &[("ssm:DescribeSessions", "*")]);
    for keys in [&refused.keys, &denied.keys] {
        let (listener, port) = listener();
        listener.set_nonblocking(true).unwrap();
        let proxy = Proxy::start(&fixture, keys);
        let (answer, _) = proxy.connect(Ipv4Addr::LOCALHOST, port.parse().unwrap());
        assert_eq!(answer, 2, "Run As, or a policy");
        assert!(listener.accept().is_err(), "something was connected");
        proxy.ends();
    }
}

#[test]
fn connections_are_the_os_users_and_keep_half_close() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let uid = Command::new("id")
        .args(["-u", fixture.os_user.name()])
        .output()
        .unwrap();
    let proxy = Proxy::start(&fixture, &fixture.bob.keys);
    // Two places, several connections to each at once.
    for _ in 0..2 {
        let (listener, port) = listener();
        let streams: Vec<_> = (0..5)
            .map(|number| {
                let (answer, near) = proxy.connect(Ipv4Addr::LOCALHOST, port.parse().unwrap());
                assert_eq!(answer, 0);
                let (far, _) = listener.accept().unwrap();
                assert_eq!(owner_of(&far), String::from_utf8_lossy(&uid.stdout).trim());
                (number, near, far)
            })
            .collect();
        for (number, mut near, mut far) in streams {
            let question = format!("\nquestion {number}");
            near.write_all(question.as_bytes()).unwrap();
            near.shutdown(std::net::Shutdown::Write).unwrap();
            let mut said = String::new();
            far.read_to_string(&mut said).unwrap();
            assert_eq!(said, question);
            far.write_all(b"answer").unwrap();
            drop(far);
            let mut said = String::new();
            near.read_to_string(&mut said).unwrap();
            assert_eq!(said, "answer");
        }
    }
    proxy.ends();
}

#[test]
fn curl_leaves_names_to_the_node() {
    if lacks(&SESSION) || lacks(&[Need::Program("curl")]) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let (listener, port) = listener();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut line = String::new();
            while stream.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            let answer =
                b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n";
            stream.get_mut().write_all(answer).unwrap();
        }
    });
    let proxy = Proxy::start(&fixture, &fixture.bob.keys);
    let output = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--max-time",
            "120",
            "--noproxy",
            "",
        ])
        .args(["--socks5-hostname", &format!("127.0.0.1:{}", proxy.port)])
        .arg(format!("http://localhost:{port}/"))
        .env_clear()
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        (output.stdout.as_slice(), told),
        (&b"hello\n"[..], String::new())
    );
    proxy.ends();
}
