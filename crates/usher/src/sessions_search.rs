//! `usher sessions search`: which sessions showed a word, when, and in which line.
//!
//! The recordings are read page by page as `usher play` reads them, each read with the caller's own permission and in the
//! audit trail, and shown to a terminal in memory: what is searched is what the person saw. The service searches
//! nothing, so that those which KMS encrypted are searched too, by whoever may decrypt them.

mod finder;

use std::io::{self, Write};

use serde_json::{Value, json};
use usher_aws::{CallError, CallerOptions, Identity};

use crate::error::Error;
use crate::exit::Outcome;
use crate::node_list::Format;
use crate::reach::Reach;
use crate::recording::Reader;
use crate::text::printable;
use finder::{Finder, Found};

/// Something could not be read, as grep has it.
const NOT_ALL: u8 = 2;

/// What is searched, and for what.
#[derive(Debug, clap::Args)]
pub(crate) struct SearchArguments {
    /// The text, in upper or lower case alike
    #[arg(value_name = "WORD", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    word: String,
    /// Only this session
    #[arg(long, value_name = "SESSION")]
    session: Option<String>,
    /// Only sessions on this node
    #[arg(long, value_name = "NODE")]
    target: Option<String>,
    /// Only sessions of this user or role, by its ARN
    #[arg(long, value_name = "ARN")]
    owner: Option<String>,
    /// Only sessions started in the last so many days
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    days: u32,
    /// How to write what is found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

/// Writes each line that holds the word, newest session first. The status is 0 where there was one, 1 where there was
/// none, and 2 where a recording could not be read.
pub(crate) async fn run(
    arguments: SearchArguments,
    options: CallerOptions,
) -> Result<Outcome, Error> {
    let reach = Reach::find(options).await?;
    let mut tally = Tally::default();
    for session in &sessions(&reach, &arguments).await? {
        let id = session["SessionId"].as_str().unwrap_or_default();
        match search(&reach, id, &arguments.word).await {
            Ok(found) => {
                tally.found |= !found.is_empty();
                tell(session, &found, arguments.output)?;
            }
            Err(error) if has_no_recording(&error) => tally.without += 1,
            Err(error) if is_of_this_recording(&error) => {
                tally.unread += 1;
                eprintln!("{}: {error}", printable(id));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(tally.outcome())
}

#[derive(Debug, Default)]
struct Tally {
    found: bool,
    without: usize,
    unread: usize,
}

impl Tally {
    fn outcome(&self) -> Outcome {
        if self.without > 0 {
            eprintln!("{} of the sessions have no recording", self.without);
        }
        match (self.unread, self.found) {
            (0, true) => Outcome::Done,
            (0, false) => Outcome::Status(1),
            _ => Outcome::Status(NOT_ALL),
        }
    }
}

/// Those that are live and those that have ended, newest first.
async fn sessions(reach: &Reach, arguments: &SearchArguments) -> Result<Vec<Value>, Error> {
    let credentials = reach.credentials().await?;
    let identity = Identity::Keys(&credentials);
    let filters = filters(arguments, usher_aws::wall_ms());
    let ssm = reach.ssm();
    let mut sessions = ssm.sessions(identity, "Active", &filters).await?;
    sessions.extend(ssm.sessions(identity, "History", &filters).await?);
    Ok(sessions)
}

fn filters(arguments: &SearchArguments, now_ms: u64) -> Value {
    let since = now_ms.saturating_sub(u64::from(arguments.days) * 24 * 3600 * 1000);
    let since = jiff::Timestamp::from_millisecond(i64::try_from(since).unwrap_or(0));
    let since = since.unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ");
    let mut filters = vec![json!({"key": "InvokedAfter", "value": since.to_string()})];
    for (key, value) in [
        ("SessionId", &arguments.session),
        ("Target", &arguments.target),
        ("Owner", &arguments.owner),
    ] {
        filters.extend(
            value
                .iter()
                .map(|value| json!({"key": key, "value": value})),
        );
    }
    filters.into()
}

async fn search(reach: &Reach, session: &str, word: &str) -> Result<Vec<Found>, Error> {
    let mut finder = Finder::new(word);
    let mut reader = Reader::new(reach, session.to_owned());
    while let Some(lines) = reader.next().await? {
        finder.read(&lines);
    }
    Ok(finder.end())
}

fn has_no_recording(error: &Error) -> bool {
    matches!(error, Error::Call(CallError::Refused(refusal)) if refusal.code == "DoesNotExistException")
}

/// What keeps one recording from being read and not the next.
fn is_of_this_recording(error: &Error) -> bool {
    matches!(
        error,
        Error::Call(CallError::Refused(_))
            | Error::SealedRecording { .. }
            | Error::Unseal(_)
            | Error::SenselessRecording
    )
}

fn tell(session: &Value, found: &[Found], format: Format) -> Result<(), Error> {
    let id = session["SessionId"].as_str().unwrap_or_default();
    let mut text = String::new();
    for Found { at, line } in found {
        match format {
            Format::Text => {
                let line = printable(line);
                text.push_str(&format!("{}  {}  {line}\n", printable(id), clock(*at)));
            }
            Format::Json => {
                let told = json!({
                    "SessionId": id,
                    "Owner": session["Owner"],
                    "Target": session["Target"],
                    "StartDate": session["StartDate"],
                    "Seconds": at,
                    "Line": line,
                });
                text.push_str(&format!("{told}\n"));
            }
        }
    }
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(Error::Output)
}

/// Seconds into the recording as a player shows them.
fn clock(at: f64) -> String {
    // A recording is shorter than a billion years, and no part of it lies before its beginning.
    let seconds = at as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hours}:{minutes:02}:{seconds:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_players_show_them() {
        assert_eq!(clock(-1.0), "0:00:00");
        assert_eq!(clock(59.9), "0:00:59");
        assert_eq!(clock(36_061.0), "10:01:01");
    }

    #[test]
    fn the_filters_are_those_of_describe_sessions() {
        let arguments = SearchArguments {
            word: "a".to_owned(),
            session: None,
            target: Some("mi-1".to_owned()),
            owner: None,
            days: 1,
            output: Format::Text,
        };
        assert_eq!(
            filters(&arguments, 2 * 24 * 3600 * 1000),
            json!([{"key": "InvokedAfter", "value": "1970-01-02T00:00:00Z"}, {"key": "Target", "value": "mi-1"}])
        );
    }
}
