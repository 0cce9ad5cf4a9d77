//! `usher audit`: the trail of who did what, and whether it is what it was.
//!
//! `verify` reads the data directory itself, whether a server runs on it or not, and needs the root key; `list` asks a
//! server. What a finding is, the server's crate decides; here it is only said.

use std::io::{self, Write};
use std::path::PathBuf;

use usher_aws::{CallerOptions, EventQuery, Identity, look_up_events};
use usher_server::{Database, RootKey, Verification, verify_audit_trail};

use crate::error::Error;
use crate::exit::Outcome;
use crate::node_list::Format;
use crate::reach::Reach;
use crate::server::{ServeError, SettingsFile};
use crate::text::printable;

/// The status of a trail that is not what it was.
const BROKEN: u8 = 1;

/// Where the trail is.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    settings: SettingsFile,
    /// The data directory of `usher dev`, instead of a settings file
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    data_dir: Option<PathBuf>,
    /// How to write the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

/// Which records.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArguments {
    /// Only records of this attribute, such as EventName=StartSession; the names are those of `aws cloudtrail lookup-events`
    #[arg(long, value_name = "KEY=VALUE", value_parser = attribute)]
    by: Option<(String, String)>,
    /// Not more than so many
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// How to write the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

fn attribute(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or("write it as EventName=StartSession")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Holds the trail against its signed heads.
pub(crate) async fn verify(arguments: VerifyArguments) -> Result<Outcome, Error> {
    let (data_dir, database, root_key) = match arguments.data_dir {
        Some(folder) => (
            folder.join("server"),
            Database::InDataDir,
            RootKey::InDataDir,
        ),
        None => {
            let config = arguments.settings.load().map_err(Error::Serve)?.config;
            (config.data_dir, config.database, config.root_key)
        }
    };
    let found = verify_audit_trail(&data_dir, &database, &root_key)
        .await
        .map_err(|error| Error::Serve(ServeError::Open(error)))?;
    let text = match arguments.output {
        Format::Text => sentences(&found),
        Format::Json => json(&found),
    };
    write(&text)?;
    Ok(match found.is_whole() {
        true => Outcome::Done,
        false => Outcome::Status(BROKEN),
    })
}

/// Lists records, newest first.
pub(crate) async fn list(
    arguments: ListArguments,
    options: CallerOptions,
) -> Result<Outcome, Error> {
    let reach = Reach::find(options).await?;
    let credentials = reach.credentials().await?;
    let query = EventQuery {
        attribute: arguments.by,
        limit: Some(arguments.limit),
        ..EventQuery::default()
    };
    let client = reach.ssm().client();
    let records = look_up_events(client, Identity::Keys(&credentials), &query).await?;
    let text = match arguments.output {
        Format::Text => records.iter().map(line).collect(),
        Format::Json => format!("{:#}\n", serde_json::json!({"Records": records})),
    };
    write(&text)?;
    Ok(Outcome::Done)
}

fn write(text: &str) -> Result<(), Error> {
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(Error::Output)
}

/// Time, who, what, and why not.
fn line(record: &serde_json::Value) -> String {
    let word = |name: &str| printable(record[name].as_str().unwrap_or("-"));
    let who = &record["userIdentity"];
    let who = who["arn"]
        .as_str()
        .or(who["invokedBy"].as_str())
        .or(who["accessKeyId"].as_str());
    let resource = record
        .pointer("/resources/0/ARN")
        .and_then(|arn| arn.as_str())
        .unwrap_or("-");
    let outcome = record["errorCode"].as_str().unwrap_or("ok");
    [
        word("eventTime"),
        printable(who.unwrap_or("-")),
        word("sourceIPAddress"),
        word("eventName"),
        printable(resource),
        printable(outcome),
    ]
    .join("  ")
        + "\n"
}

fn sentences(found: &Verification) -> String {
    let mut text = String::new();
    for finding in &found.findings {
        text.push_str(&format!("{}\n", printable(&finding.to_string())));
    }
    if found.further > 0 {
        text.push_str(&format!("and {} more\n", found.further));
    }
    let verdict = match found.is_whole() {
        true => "the audit trail is whole",
        false => "THE AUDIT TRAIL WAS CHANGED",
    };
    text.push_str(&format!(
        "{verdict}: {} records, {} signed heads\n",
        found.records, found.heads
    ));
    match &found.last_head {
        Some((time, number)) => {
            text.push_str(&format!(
                "the last head was signed at {time} and covers the records up to {number}\n"
            ));
        }
        None => text.push_str("no head was signed yet\n"),
    }
    if let Some((first, last)) = found.not_anchored {
        text.push_str(&format!(
            "records {first} to {last} are younger and not anchored by a head yet\n"
        ));
    }
    text
}

fn json(found: &Verification) -> String {
    let findings: Vec<String> = found.findings.iter().map(ToString::to_string).collect();
    let head = found
        .last_head
        .as_ref()
        .map(|(time, number)| serde_json::json!({"time": time, "number": number}));
    let younger = found
        .not_anchored
        .map(|(first, last)| serde_json::json!({"first": first, "last": last}));
    let found = serde_json::json!({
        "whole": found.is_whole(),
        "findings": findings,
        "furtherFindings": found.further,
        "records": found.records,
        "heads": found.heads,
        "lastHead": head,
        "notAnchored": younger,
    });
    format!("{found:#}\n")
}

#[cfg(test)]
mod tests {
    use usher_server::Finding;

    use super::*;

    #[test]
    fn an_attribute_without_a_value_is_refused() {
        assert!(attribute("EventName").is_err());
        assert_eq!(attribute("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
    }

    #[test]
    fn a_changed_trail_is_said_to_be_one_with_its_findings_and_the_last_head() {
        let found = Verification {
            findings: vec![Finding::Altered { number: 7 }],
            records: 9,
            heads: 1,
            last_head: Some(("2026-11-22T08:51:16Z".to_owned(), 8)),
            not_anchored: Some((9, 9)),
            ..Verification::default()
        };
        let text = sentences(&found);
        assert!(text.starts_with("record 7 is not the one"), "{text}");
        assert!(
            text.contains("WAS CHANGED: 9 records, 1 signed heads\n"),
            "{text}"
        );
        assert!(
            text.contains("signed at 2026-11-22T08:51:16Z and covers the records up to 8"),
            "{text}"
        );
        assert!(text.contains("records 9 to 9 are younger"), "{text}");
        let parsed: serde_json::Value = serde_json::from_str(&json(&found)).unwrap();
        assert_eq!(parsed["whole"], false);
    }

    #[test]
    fn a_line_of_a_hostile_record_obeys_nothing() {
        let record = serde_json::json!({"eventName": "A\u{1b}[2J", "eventTime": "t", "userIdentity": {"arn": "x\ry"}});
        assert_eq!(line(&record), "t  x\\u{d}y  -  A\\u{1b}[2J  -  ok\n");
    }
}
