//! One session under a flood both ways: what went in on one side against what came out on the other, byte by byte.
//!
//! The program on the node writes a known stream while it takes the checksum of another one that the person sends.
//! After the checksums one more word is exchanged: a doubled byte would stand before it.

use std::process::Command;
use std::time::Duration;

use super::forecast::Forecast;
use super::piped::{Client, Piped};
use super::place::Place;
use crate::harness::process::output_of;
use crate::harness::random::Random;

/// Bytes in each direction.
const FLOOD: usize = 512 * 1024;

/// One session, storms and all, on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(60);

/// The status with which the program on the node ends.
const STATUS: i32 = 7;

/// Runs one session in the weather of this seed; on failure, says what it saw.
pub(crate) fn survives(place: &Place, client: Client, seed: u64) -> Result<(), String> {
    let mut random = Random::new(seed);
    let forecast = Forecast::of(&mut random, 2 * FLOOD as u64);
    let flood = Flood {
        client,
        up: random.bytes(FLOOD),
        down: random.bytes(FLOOD),
    };
    let outcome = flood.run(place, &forecast);
    for leg in [place.client_leg(), place.agent_leg()] {
        leg.set_weather(&[]);
    }
    outcome.map_err(|problem| format!("seed {seed} with {client:?}: {problem}\n{forecast:#?}"))
}

struct Flood {
    client: Client,
    up: Vec<u8>,
    down: Vec<u8>,
}

impl Flood {
    fn run(&self, place: &Place, forecast: &Forecast) -> Result<(), String> {
        let mut person = Piped::start(place, self.client, place.admin(), PATIENCE)?;
        person.type_in(format!("exec sh {}\r", self.program(place)).as_bytes());
        person.take_until(b"ready")?;

        place.client_leg().set_weather(&forecast.client);
        place.agent_leg().set_weather(&forecast.agent);
        // Not a byte of the flood before the weather it is meant for.
        person.type_in(b"g");
        let sender = person.send(self.up.clone());
        let down = person.take(FLOOD)?;
        let differs = down
            .iter()
            .zip(&self.down)
            .position(|(came, sent)| came != sent);
        if let Some(at) = differs {
            return Err(format!("the output differs from byte {at} on"));
        }
        if !person.take_until(b"sum:")?.is_empty() {
            return Err("more output came than was written".to_owned());
        }
        if person.take(64)? != checksum(place, &self.up).as_bytes() {
            return Err("the input that arrived is not the input that was sent".to_owned());
        }
        person.take_until(b"-")?;
        person.take_back(sender);
        person.type_in(b"end");
        let word = person.take(3)?;
        if word != b"end" {
            return Err(format!("behind the input came more of it: {word:?}"));
        }
        let left = place.client_leg().strokes_left() + place.agent_leg().strokes_left();
        if left > 0 {
            return Err(format!("{left} strokes never fell"));
        }
        self.judge_end(&mut person)
    }

    /// The script for the node, whose stream lies beside it.
    fn program(&self, place: &Place) -> String {
        let stream = place.file("stream", &self.down);
        let script = format!(
            "stty raw -echo\nprintf 'rea''dy'\nhead -c 1 >/dev/null\ncat {} &\nsum=$(head -c {FLOOD} | sha256sum)\nwait\n\
             printf 'sum:%s' \"$sum\"\nhead -c 3\nexit {STATUS}\n",
            stream.display()
        );
        place
            .file("flood.sh", script.as_bytes())
            .display()
            .to_string()
    }

    /// The session ends by itself, with the program's status where the client tells it.
    fn judge_end(&self, person: &mut Piped) -> Result<(), String> {
        let expected = match self.client {
            Client::Usher => STATUS,
            Client::Aws => 0,
        };
        let status = person.end()?;
        if status.code() == Some(expected) {
            Ok(())
        } else {
            Err(format!(
                "the client ended with {status}:\n{}",
                person.words()
            ))
        }
    }
}

/// By the same program as on the node.
fn checksum(place: &Place, bytes: &[u8]) -> String {
    let path = place.scratch("up");
    std::fs::write(&path, bytes).unwrap();
    output_of(Command::new("sha256sum").arg(&path))[..64].to_owned()
}
