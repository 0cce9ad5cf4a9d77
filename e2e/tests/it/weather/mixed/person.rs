//! One person with one session, or with one copy after another: round after round of random bytes that must come back.
//!
//! Shells, commands and plain streams talk to a program that returns each length of bytes it is told: a byte too many or
//! too few is taken for a length. Every connection through a forward has bytes of its own, and is half-closed.

mod connections;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::far_end::FarEnd;
use crate::harness::programs;
use crate::harness::random::Random;
use crate::weather::piped::Piped;
use crate::weather::place::Place;
use connections::{Connections, Way};

/// For each thing that is waited for, with everything else on the machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);

/// The most bytes of one round.
const MOST: u64 = 96 * 1024;

/// With which the program on the node ends.
const STATUS: i32 = 7;

/// `head` reads no byte beyond its share.
const RETURNING: &str = "printf 'rea''dy'\n\
     while length=$(head -c 8) && [ \"$length\" -gt 0 ]; do head -c \"$length\"; done\n\
     exit 7\n";

pub(super) struct Person<'a> {
    name: String,
    place: &'a Place,
    random: Random,
    holds: Holds,
    rounds: u64,
    returned: u64,
}

enum Holds {
    /// A program at the far end of one stream, and the status with which its client ends.
    Stream(Piped, i32),
    Connections(Connections),
    /// A file that is copied there again and again.
    Copies {
        here: PathBuf,
        there: PathBuf,
    },
}

fn usher(place: &Place, arguments: &[&str]) -> Command {
    let mut usher = place.command(place.admin(), programs::usher().to_str().unwrap());
    usher.args(arguments);
    usher
}

impl<'a> Person<'a> {
    /// Their number says what they do.
    pub(super) fn open(place: &'a Place, far_end: &FarEnd, number: u64) -> Result<Self, String> {
        let node = place.node();
        let script = |first: &str| {
            let name = format!("returning-{number}.sh");
            let path = place.file(&name, format!("{first}\n{RETURNING}").as_bytes());
            format!("sh {}", path.display())
        };
        let piped = |mut command: Command| {
            let words = place.scratch(&format!("{number}.err"));
            Piped::run(&mut command, words, PATIENCE)
        };
        let person = |kind: &str, holds: Holds| Self {
            name: format!("{kind} {number}"),
            place,
            random: Random::new(number),
            holds,
            rounds: 0,
            returned: 0,
        };
        let person = match number % 7 {
            0 => {
                let mut client = piped(usher(place, &["start-session", node]));
                client.take_until(b"$ ")?;
                client.type_in(format!("exec {}\r", script("stty raw -echo")).as_bytes());
                person("shell", Holds::Stream(client, STATUS))
            }
            1 => {
                let document = [
                    "start-session",
                    node,
                    "--document-name",
                    "AWS-StartInteractiveCommand",
                ];
                let parameters = serde_json::json!({"command": [script("stty raw -echo")]});
                let mut command = usher(place, &document);
                command.args(["--parameters", &parameters.to_string()]);
                person("terminal", Holds::Stream(piped(command), STATUS))
            }
            2 => {
                let command = ["exec", "--target", node, "--", "sh", "-c", &script("")];
                person(
                    "command",
                    Holds::Stream(piped(usher(place, &command)), STATUS),
                )
            }
            3 => {
                let proxy = ["ssh-proxy", node, &far_end.returning];
                person("stream", Holds::Stream(piped(usher(place, &proxy)), 0))
            }
            4 => {
                let rule = format!("0:localhost:{}", far_end.turning);
                let forward = usher(place, &["forward", "--target", node, "-L", &rule]);
                let open = Connections::open(forward, Way::Straight)?;
                person("forward", Holds::Connections(open))
            }
            5 => {
                let forward = usher(place, &["forward", "--target", node, "-D", "0"]);
                let to = far_end.turning.parse().unwrap();
                let open = Connections::open(forward, Way::Socks { to })?;
                person("proxy", Holds::Connections(open))
            }
            _ => {
                let there = PathBuf::from(place.os_user.home()).join(format!("copied-{number}"));
                let here = place.scratch(&format!("copied-{number}"));
                person("copy", Holds::Copies { here, there })
            }
        };
        person.begun()
    }

    /// What begins with its first use begins now.
    fn begun(mut self) -> Result<Self, String> {
        if let Holds::Stream(client, _) = &mut self.holds {
            client.take_until(b"ready")?;
        }
        self.round()?;
        Ok(self)
    }

    /// Some bytes there and back.
    pub(super) fn round(&mut self) -> Result<(), String> {
        let length = self.random.between(1, MOST);
        let bytes = self.random.bytes(usize::try_from(length).unwrap());
        let gone = match &mut self.holds {
            Holds::Stream(client, _) => there_and_back(client, &bytes),
            Holds::Connections(open) => open.round(&bytes),
            Holds::Copies { here, there } => copy(self.place, &bytes, here, there),
        };
        let number = self.rounds;
        gone.map_err(|problem| format!("{}, round {number}: {problem}", self.name))?;
        self.rounds += 1;
        self.returned += length;
        Ok(())
    }

    pub(super) fn rounds(&self) -> u64 {
        self.rounds
    }

    pub(super) fn returned(&self) -> u64 {
        self.returned
    }

    /// The process of who holds a session the whole time.
    pub(super) fn client(&self) -> Option<i32> {
        match &self.holds {
            Holds::Stream(client, _) => Some(client.pid()),
            Holds::Connections(open) => Some(open.pid()),
            Holds::Copies { .. } => None,
        }
    }

    /// Ends the session as its kind is ended, and hears nothing more from it.
    pub(super) fn end(self) -> Result<(), String> {
        let ended = match self.holds {
            Holds::Stream(mut client, status) => end(&mut client, status),
            Holds::Connections(open) => open.end(),
            Holds::Copies { .. } => Ok(()),
        };
        ended.map_err(|problem| format!("{}, at the end: {problem}", self.name))
    }
}

fn there_and_back(client: &mut Piped, bytes: &[u8]) -> Result<(), String> {
    client.has_again(PATIENCE);
    let mut sent = format!("{:08}", bytes.len()).into_bytes();
    sent.extend_from_slice(bytes);
    let sender = client.send(sent);
    let came = client.take(bytes.len())?;
    client.take_back(sender);
    same(&came, bytes)
}

fn end(client: &mut Piped, status: i32) -> Result<(), String> {
    client.has_again(PATIENCE);
    client.type_in(b"00000000");
    let rest = client.take_rest();
    let ended = client.end()?;
    if ended.code() != Some(status) || !rest.is_empty() {
        let rest = String::from_utf8_lossy(&rest).into_owned();
        let words = client.words();
        return Err(format!("{ended}, behind the last round {rest:?}\n{words}"));
    }
    Ok(())
}

fn copy(place: &Place, bytes: &[u8], here: &PathBuf, there: &PathBuf) -> Result<(), String> {
    fs::write(here, bytes).unwrap();
    let mut cp = usher(place, &["cp", "--quiet"]);
    cp.arg(here)
        .arg(format!("{}:{}", place.node(), there.display()));
    cp.stdin(Stdio::null());
    let started = Instant::now();
    loop {
        let output = cp.output().unwrap();
        if output.status.success() {
            return same(&fs::read(there).unwrap(), bytes);
        }
        let words = String::from_utf8_lossy(&output.stderr);
        // No session begins while the node's own channel is cut; a person tries again.
        if !words.contains("(TargetNotConnected)") || started.elapsed() > PATIENCE {
            return Err(format!("{}: {words}", output.status));
        }
    }
}

/// Where they differ.
pub(super) fn same(came: &[u8], sent: &[u8]) -> Result<(), String> {
    match came.iter().zip(sent).position(|(came, sent)| came != sent) {
        Some(at) => Err(format!("what came differs from byte {at} on")),
        None if came.len() != sent.len() => {
            Err(format!("{} bytes came for {}", came.len(), sent.len()))
        }
        None => Ok(()),
    }
}
