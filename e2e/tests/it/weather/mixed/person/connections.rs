//! A forward, or a SOCKS proxy, with several connections in each round: to a far end that turns round what it heard.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;

use rustix::process::Signal;

use super::{PATIENCE, same};
use crate::harness::process::Process;

/// In one round.
const AT_ONCE: usize = 3;

/// What a key of the keyboard ends it with.
const INTERRUPTED: i32 = 130;

/// How a connection is led to the far end.
pub(super) enum Way {
    /// The forward knows.
    Straight,
    /// To this port of the node, as asked for in each connection.
    Socks { to: u16 },
}

/// An open forward.
pub(super) struct Connections {
    process: Process,
    port: u16,
    way: Way,
}

impl Connections {
    /// Waits until it listens.
    pub(super) fn open(mut command: Command, way: Way) -> Result<Self, String> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let words = BufReader::new(child.stderr.take().unwrap());
        let process = Process::new(child);
        let (tell, told) = sync_channel(1);
        // What it says later must not fill the pipe.
        thread::spawn(move || {
            for line in words.lines().map_while(Result::ok) {
                let _ = tell.try_send(line);
            }
        });
        let line = told
            .recv_timeout(PATIENCE)
            .map_err(|_| "it does not listen".to_owned())?;
        let port = line.rsplit_once("localhost:").map(|(_, port)| port.parse());
        let Some(Ok(port)) = port else {
            return Err(line);
        };
        Ok(Self { process, port, way })
    }

    pub(super) fn pid(&self) -> i32 {
        self.process.pid().as_raw_nonzero().get()
    }

    /// Each connection sends another part of them.
    pub(super) fn round(&self, bytes: &[u8]) -> Result<(), String> {
        self.exchange(bytes)
            .map_err(|error| format!("a connection broke: {error}"))?
    }

    fn exchange(&self, bytes: &[u8]) -> io::Result<Result<(), String>> {
        let parts: Vec<&[u8]> = bytes.chunks(bytes.len().div_ceil(AT_ONCE)).collect();
        let mut streams = Vec::new();
        for _ in &parts {
            streams.push(self.connect()?);
        }
        for (stream, part) in streams.iter_mut().zip(&parts) {
            stream.write_all(part)?;
            stream.shutdown(Shutdown::Write)?;
        }
        for (mut stream, part) in streams.into_iter().zip(&parts) {
            let mut came = Vec::new();
            stream.read_to_end(&mut came)?;
            came.reverse();
            if let Err(differs) = same(&came, part) {
                return Ok(Err(differs));
            }
        }
        Ok(Ok(()))
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        if let Way::Socks { to } = self.way {
            let [high, low] = to.to_be_bytes();
            stream.write_all(&[5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, high, low])?;
            let mut answers = [0; 12];
            stream.read_exact(&mut answers)?;
            if answers[..4] != [5, 0, 5, 0] {
                return Err(io::Error::other(format!("the proxy says {answers:?}")));
            }
        }
        Ok(stream)
    }

    pub(super) fn end(mut self) -> Result<(), String> {
        self.process.signal(Signal::INT);
        match self.process.wait(PATIENCE).map(|ended| ended.code()) {
            Some(Some(INTERRUPTED)) => Ok(()),
            ended => Err(format!("it ended with {ended:?}")),
        }
    }
}
