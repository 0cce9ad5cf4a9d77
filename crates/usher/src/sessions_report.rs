//! `usher sessions report`: who connected where, as whom, by which rule, from when to when, why, and where the log is.
//!
//! Made of the audit trail (each StartSession and each end) and of the session history, which alone knows where logs
//! went. A cell that a spreadsheet would take for a formula is made text: reasons and names are other people's.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};
use usher_aws::{CallerOptions, EventQuery, Identity, look_up_events};

use crate::error::Error;
use crate::exit::Outcome;
use crate::reach::Reach;

/// The columns, in the order of the report.
const COLUMNS: [&str; 15] = [
    "SessionId",
    "Owner",
    "SourceIpAddress",
    "Target",
    "OsUser",
    "RunAsRule",
    "Refusal",
    "DocumentName",
    "Reason",
    "StartTime",
    "EndTime",
    "Status",
    "Details",
    "S3Log",
    "CloudWatchLog",
];

/// How the report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ReportFormat {
    /// With a line of names first
    Csv,
    /// An array of objects
    Json,
}

/// What is reported.
#[derive(Debug, clap::Args)]
pub(crate) struct ReportArguments {
    /// Only sessions started in the last so many days
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    days: u32,
    /// How to write the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Csv)]
    output: ReportFormat,
}

type Row = BTreeMap<&'static str, String>;

/// Writes the report on standard output, oldest session first.
pub(crate) async fn run(
    arguments: ReportArguments,
    options: CallerOptions,
) -> Result<Outcome, Error> {
    let reach = Reach::find(options).await?;
    let credentials = reach.credentials().await?;
    let identity = Identity::Keys(&credentials);
    let now = i64::try_from(usher_aws::wall_ms() / 1000).unwrap_or(i64::MAX);
    let from = now.saturating_sub(i64::from(arguments.days) * 24 * 3600);
    let named = |name: &str| EventQuery {
        attribute: Some(("EventName".to_owned(), name.to_owned())),
        from: Some(from),
        ..EventQuery::default()
    };
    let client = reach.ssm().client();
    let starts = look_up_events(client, identity, &named("StartSession")).await?;
    let ends = look_up_events(client, identity, &named("SessionEnded")).await?;
    let history = reach
        .ssm()
        .sessions(identity, "History", &json!([]))
        .await?;
    let rows = rows(&starts, &ends, &history);
    let text = match arguments.output {
        ReportFormat::Csv => csv(&rows),
        ReportFormat::Json => format!("{:#}\n", json!(rows)),
    };
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(Error::Output)?;
    Ok(Outcome::Done)
}

/// One row for each session that was started or refused by Run As; calls that policy denied started none.
fn rows(starts: &[Value], ends: &[Value], history: &[Value]) -> Vec<Row> {
    let mut rows: Vec<Row> = starts.iter().rev().filter_map(started).collect();
    let places: BTreeMap<String, usize> = rows
        .iter()
        .enumerate()
        .map(|(place, row)| (row.get("SessionId").cloned().unwrap_or_default(), place))
        .collect();
    let mut complete = |session: &Value, cells: &[(&'static str, &Value)]| {
        let place = session.as_str().and_then(|session| places.get(session));
        let Some(row) = place.and_then(|place| rows.get_mut(*place)) else {
            return;
        };
        for (column, value) in cells {
            if let Some(text) = value.as_str() {
                row.insert(column, text.to_owned());
            }
        }
    };
    for session in history {
        let output = &session["OutputUrl"];
        let cells = [
            ("Status", &session["Status"]),
            ("Details", &session["Details"]),
            ("S3Log", &output["S3OutputUrl"]),
            ("CloudWatchLog", &output["CloudWatchOutputUrl"]),
        ];
        complete(&session["SessionId"], &cells);
    }
    for end in ends {
        let details = &end["serviceEventDetails"];
        let cells = [
            ("EndTime", &details["endTime"]),
            ("Status", &details["state"]),
            ("Details", &details["details"]),
            ("DocumentName", &details["documentName"]),
        ];
        complete(&details["sessionId"], &cells);
    }
    rows
}

fn started(record: &Value) -> Option<Row> {
    let session = record.pointer("/responseElements/sessionId")?.as_str()?;
    let (asked, who) = (&record["requestParameters"], &record["userIdentity"]);
    let more = &record["additionalEventData"];
    let run_as = &more["runAs"];
    let cells = [
        ("Owner", &who["arn"]),
        ("SourceIpAddress", &record["sourceIPAddress"]),
        ("Target", &asked["target"]),
        ("OsUser", &run_as["osUser"]),
        ("RunAsRule", &run_as["rule"]),
        ("Refusal", &run_as["refusal"]),
        ("DocumentName", &asked["documentName"]),
        ("Reason", &asked["reason"]),
        ("StartTime", &record["eventTime"]),
    ];
    let mut row: Row = cells
        .into_iter()
        .map(|(column, value)| (column, value.as_str().unwrap_or_default().to_owned()))
        .collect();
    row.insert("SessionId", session.to_owned());
    Some(row)
}

/// RFC 4180.
fn csv(rows: &[Row]) -> String {
    let mut text = COLUMNS.join(",") + "\r\n";
    for row in rows {
        let cells: Vec<String> = COLUMNS
            .iter()
            .map(|column| cell(row.get(column).map_or("", String::as_str)))
            .collect();
        text.push_str(&(cells.join(",") + "\r\n"));
    }
    text
}

/// Quoted, and begun with an apostrophe where a spreadsheet would compute it.
fn cell(text: &str) -> String {
    let begins = text.trim_start().chars().next();
    let is_formula =
        matches!(begins, Some('=' | '+' | '-' | '@')) || text.starts_with(['\t', '\r', '\n']);
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_ends_its_row() {
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(cell(" @SUM(1)"), "\"' @SUM(1)\"");
        assert_eq!(cell("\t=1"), "\"'\t=1\"");
        assert_eq!(cell("a,b\r\nc"), "\"a,b\r\nc\"");
        assert_eq!(cell("plain"), "\"plain\"");
    }

    #[test]
    fn a_session_is_one_row_of_its_start_its_end_and_its_history() {
        let start = |id: &str| {
            json!({"eventTime": "t1", "sourceIPAddress": "192.0.2.1", "userIdentity": {"arn": "arn:alice"},
            "requestParameters": {"target": "mi-1", "reason": "ticket 7"}, "responseElements": {"sessionId": id},
            "additionalEventData": {"runAs": {"osUser": "deploy", "rule": "tag"}}})
        };
        let denied = json!({"errorCode": "AccessDeniedException", "responseElements": null});
        let end = json!({"serviceEventDetails": {"sessionId": "a-1", "endTime": "t2", "state": "Terminated"}});
        let past = json!({"SessionId": "a-1", "Status": "Terminated", "OutputUrl": {"S3OutputUrl": "s3://b/k"}});
        let rows = rows(&[start("a-2"), denied, start("a-1")], &[end], &[past]);
        assert_eq!(rows.len(), 2);
        let expected = [
            ("SessionId", "a-1"),
            ("Owner", "arn:alice"),
            ("OsUser", "deploy"),
            ("RunAsRule", "tag"),
            ("Reason", "ticket 7"),
            ("EndTime", "t2"),
            ("S3Log", "s3://b/k"),
        ];
        for (column, value) in expected {
            assert_eq!(rows[0][column], value);
        }
        assert_eq!(rows[1].get("EndTime"), None);
        assert_eq!(csv(&rows).lines().count(), 3);
    }
}
