//! What is tried in each cell of the matrix: a kind of session, or a property of one.
//!
//! A trial hands back what a person would have seen, or why it did not hold; a gap of AWS's programs is no panic.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use super::clients::{Client, Tunnel};
use crate::harness::DEADLINE;
use crate::harness::process::Process;
use crate::harness::site::Site;
use crate::harness::terminal::Terminal;

/// One column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Shell,
    ShellStatus,
    Interactive,
    NonInteractive,
    Port,
    HalfClose,
    RemotePort,
    Ssh,
}

/// All of them, in the order of the page.
pub(crate) const KINDS: [Kind; 8] = [
    Kind::Shell,
    Kind::ShellStatus,
    Kind::Interactive,
    Kind::NonInteractive,
    Kind::Port,
    Kind::HalfClose,
    Kind::RemotePort,
    Kind::Ssh,
];

impl Kind {
    /// As it heads its column and names its transcript.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::ShellStatus => "exit status",
            Self::Interactive => "command with terminal",
            Self::NonInteractive => "command without",
            Self::Port => "port",
            Self::HalfClose => "half-close",
            Self::RemotePort => "remote port",
            Self::Ssh => "SSH",
        }
    }
}

/// A cell's place: who calls which node, whose sessions run as `os_user`.
pub(crate) struct Trial<'a> {
    pub(crate) site: &'a Site,
    pub(crate) client: Client,
    pub(crate) node: &'a str,
    pub(crate) os_user: &'a str,
}

/// How long a byte may take that comes at once or, in a gap, never.
const PATIENCE: Duration = Duration::from_secs(30);

impl Trial<'_> {
    /// Runs the cell: what was seen, or why it does not hold.
    pub(crate) fn run(&self, kind: Kind) -> Result<String, String> {
        match kind {
            Kind::Shell => self.shell(),
            Kind::ShellStatus => self.shell_status(),
            Kind::Interactive => self.interactive(),
            Kind::NonInteractive => self.non_interactive(),
            Kind::Port => self.port("localhost"),
            Kind::HalfClose => self.half_close(),
            Kind::RemotePort => self.port("127.0.0.1"),
            Kind::Ssh => self.ssh(),
        }
    }

    fn terminal(&self, command: &Command) -> Terminal {
        Terminal::start(command, 120, 40)
    }

    fn shell(&self) -> Result<String, String> {
        let mut terminal = self.terminal(&self.client.shell(self.site, self.node));
        terminal.expect("$ ");
        terminal.send(b"echo \"[$(id -un)]\"; stty size\r");
        terminal.expect(&format!("[{}]", self.os_user));
        terminal.expect("40 120");
        terminal.expect("$ ");
        terminal.resize(100, 30);
        // The agent hears of the new size in its own time.
        terminal
            .send(b"until [ \"$(stty size)\" = '30 100' ]; do sleep 0.1; done; echo re''sized\r");
        terminal.expect("resized");
        terminal.expect("$ ");
        terminal.send(b"exit\r");
        terminal.end();
        Ok(terminal.look().text().to_owned())
    }

    fn shell_status(&self) -> Result<String, String> {
        let mut terminal = self.terminal(&self.client.shell(self.site, self.node));
        terminal.expect("$ ");
        terminal.send(b"exit 7\r");
        let status = terminal.end().0.code();
        holds(status == Some(7), || format!("exit 7 became {status:?}"))?;
        Ok(format!("{}\n(ended with 7)", terminal.look().text()))
    }

    fn interactive(&self) -> Result<String, String> {
        let words = "sh -c 'id -un; tty'";
        let command = self.client.document(
            self.site,
            self.node,
            "AWS-StartInteractiveCommand",
            &[("command", words)],
        );
        let mut terminal = self.terminal(&command);
        terminal.expect(self.os_user);
        terminal.expect("/dev/pts/");
        terminal.end();
        Ok(terminal.look().text().to_owned())
    }

    fn non_interactive(&self) -> Result<String, String> {
        let script = "seq 1 20000; id -un; tty; echo err >&2";
        let command = self.client.command(self.site, self.node, script);
        let mut terminal = self.terminal(&command);
        terminal.expect("\n19999");
        terminal.expect("20000");
        let (_, rest) = terminal.end();
        for said in [self.os_user, "not a tty", "err"] {
            holds(rest.contains(said), || format!("{said:?} is not in {rest}"))?;
        }
        Ok(terminal.look().text().to_owned())
    }

    /// Twenty connections at once, each with bytes of its own.
    fn port(&self, host: &str) -> Result<String, String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || listener.incoming().flatten().for_each(answer));
        let tunnel = Tunnel::open(self.client, self.site, self.node, host, port);
        let people: Vec<_> = (0..20)
            .map(|number| {
                let stream = tunnel.connect(PATIENCE);
                thread::spawn(move || ask(stream, number))
            })
            .collect();
        let answers: Vec<_> = people.into_iter().map(thread::JoinHandle::join).collect();
        let seen = tunnel.close();
        for answer in answers {
            answer.map_err(|_| "a connection was cut".to_owned())??;
        }
        Ok(format!("{seen}\n(20 connections, 1 MB each way in all)"))
    }

    fn half_close(&self) -> Result<String, String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let tunnel = Tunnel::open(self.client, self.site, self.node, "localhost", port);
        let (tell, told) = sync_channel(1);
        thread::spawn(move || {
            let (mut far, _) = listener.accept()?;
            far.set_read_timeout(Some(PATIENCE))?;
            let mut said = Vec::new();
            far.read_to_end(&mut said)?;
            said.reverse();
            let answered = far.write_all(&said);
            let _ = tell.send(String::from_utf8_lossy(&said).into_owned());
            answered
        });
        let mut near = tunnel.connect(PATIENCE);
        near.write_all(b"question").unwrap();
        near.shutdown(Shutdown::Write).unwrap();
        let mut said = String::new();
        let read = near.read_to_string(&mut said);
        let answered = told.recv_timeout(PATIENCE);
        let seen = tunnel.close();
        // What was said before the end has to arrive, whichever way the end is taken.
        assert_eq!(answered.as_deref(), Ok("noitseuq"));
        holds(said == "noitseuq", || {
            format!("{said:?} came back ({read:?})")
        })?;
        Ok(seen)
    }

    /// A plain stream through the client's standard streams, as ssh uses a ProxyCommand.
    fn ssh(&self) -> Result<String, String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, told) = sync_channel(2);
        let (heard, output) = (tell.clone(), tell);
        thread::spawn(move || {
            let (mut stream, _) = listener.accept()?;
            let mut said = vec![0; 5];
            stream.read_exact(&mut said)?;
            stream.write_all(BANNER)?;
            let _ = heard.send(said);
            std::io::Result::Ok(())
        });
        let mut child = self
            .client
            .stream(self.site, self.node, port)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut process = Process::new(child);
        stdin.write_all(b"he\x03lo").unwrap();
        let heard = told.recv_timeout(DEADLINE);
        let heard = heard.map_err(|_| "nothing arrived".to_owned())?;
        holds(heard == b"he\x03lo", || format!("{heard:?} arrived"))?;
        thread::spawn(move || {
            let mut said = Vec::new();
            let _ = stdout.read_to_end(&mut said);
            let _ = output.send(said);
        });
        let said = told.recv_timeout(DEADLINE);
        drop(stdin);
        process.wait(DEADLINE);
        let said = said.map_err(|_| "it did not end with its connection".to_owned())?;
        let seen = String::from_utf8_lossy(&said).into_owned();
        let whole = said.windows(BANNER.len()).any(|part| part == BANNER);
        holds(whole, || format!("{seen:?} came back"))?;
        Ok(seen)
    }
}

const BANNER: &[u8] = b"SSH-2.0-test\r\n\n\x03\xff";

fn holds(it: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if it { Ok(()) } else { Err(otherwise()) }
}

fn answer(mut stream: TcpStream) {
    thread::spawn(move || {
        let mut said = vec![0; LENGTH];
        stream.read_exact(&mut said)?;
        said.reverse();
        stream.write_all(&said)
    });
}

const LENGTH: usize = 50_000;

fn ask(mut stream: TcpStream, number: usize) -> Result<(), String> {
    let mut bytes: Vec<u8> = (0..LENGTH)
        .map(|n| (n * (number + 1) % 251) as u8)
        .collect();
    let mut back = vec![0; LENGTH];
    stream
        .write_all(&bytes)
        .and_then(|()| stream.read_exact(&mut back))
        .map_err(|error| format!("connection {number}: {error}"))?;
    bytes.reverse();
    holds(back == bytes, || {
        format!("connection {number} got other bytes")
    })
}
