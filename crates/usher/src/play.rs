//! `usher play`: a session's recording on this terminal, in the time it took or faster.
//!
//! Where standard output is no terminal everything comes at once. What a recording says is a stranger's word: see
//! `replay`.

mod replay;

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use serde::Deserialize;
use usher_aws::CallerOptions;

use crate::error::Error;
use crate::exit::Outcome;
use crate::reach::Reach;
use crate::recording::Reader;
use crate::text::printable;
use replay::Replay;

/// Leaves the alternate screen, ends attributes, shows the cursor, the whole screen scrolls again.
const RESTORE: &str = "\u{1b}[?1049l\u{1b}[0m\u{1b}[?25h\u{1b}[r\u{1b}(B\n";

/// What is played, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct PlayArguments {
    /// Id of the session
    #[arg(value_name = "SESSION")]
    session: String,
    /// How much faster than it was
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor)]
    speed: f64,
    /// Longest pause, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = factor)]
    idle_limit: Option<f64>,
    /// Also send what makes a terminal answer, copy or print
    #[arg(long)]
    raw: bool,
    /// Write the recording itself, as asciicast v2, for other players
    #[arg(long, conflicts_with_all = ["speed", "idle_limit", "raw"])]
    cast: bool,
}

/// One line after the header: seconds, kind, text.
#[derive(Debug, Deserialize)]
struct Event(f64, String, String);

/// Plays it.
pub(crate) async fn run(
    arguments: PlayArguments,
    options: CallerOptions,
) -> Result<Outcome, Error> {
    let reach = Reach::find(options).await?;
    let mut player = Player {
        takes_time: io::stdout().is_terminal() && !arguments.cast,
        replay: Replay::default(),
        latest: 0.0,
        arguments,
    };
    let mut reader = Reader::new(&reach, player.arguments.session.clone());
    while let Some(lines) = reader.next().await? {
        tokio::select! {
            played = player.play(&lines) => played?,
            _ = tokio::signal::ctrl_c() => {
                player.restore()?;
                return Ok(Outcome::Signalled(2));
            }
        }
    }
    player.restore()?;
    Ok(Outcome::Done)
}

struct Player {
    arguments: PlayArguments,
    takes_time: bool,
    replay: Replay,
    /// Seconds into the recording.
    latest: f64,
}

impl Player {
    async fn play(&mut self, lines: &str) -> Result<(), Error> {
        if self.arguments.cast {
            return show(lines);
        }
        // What is no event is the header.
        let events = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<Event>(line).ok());
        for Event(at, kind, text) in events {
            let pause = pause(at - self.latest, &self.arguments);
            self.latest = at;
            if self.takes_time && !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            match kind.as_str() {
                "o" if self.arguments.raw => show(&text)?,
                "o" => show(&self.replay.shown(&text))?,
                "m" => show(&format!("\r\n[{}]\r\n", printable(&text)))?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A terminal is left usable whatever was played.
    fn restore(&self) -> Result<(), Error> {
        if self.takes_time {
            show(RESTORE)?;
        }
        Ok(())
    }
}

fn pause(passed: f64, arguments: &PlayArguments) -> Duration {
    let limited = arguments
        .idle_limit
        .map_or(passed, |limit| passed.min(limit));
    Duration::try_from_secs_f64(limited / arguments.speed).unwrap_or_default()
}

fn show(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(Error::Output)
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(factor),
        _ => Err("must be a number greater than 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_and_limits_that_mean_nothing_are_refused() {
        for text in ["0", "-1", "NaN", "inf", "fast", ""] {
            assert!(factor(text).is_err(), "{text}");
        }
        assert_eq!(factor("0.5"), Ok(0.5));
    }

    #[test]
    fn pauses_are_shortened_and_never_negative() {
        let arguments = |speed, idle_limit| PlayArguments {
            session: "s".to_owned(),
            speed,
            idle_limit,
            raw: false,
            cast: false,
        };
        let check = |passed, speed, limit, expected| {
            assert_eq!(
                pause(passed, &arguments(speed, limit)),
                Duration::from_millis(expected)
            );
        };
        check(-1.0, 1.0, None, 0);
        check(60.0, 2.0, Some(1.0), 500);
        check(0.25, 0.5, Some(1.0), 500);
    }
}
