//! The hash chain over the records: pure.
//!
//! A link covers the link before it, the record's number and its exact text, so that no record can be changed, moved,
//! taken out or put in without every later link changing. What keeps somebody from making all of them anew is
//! `heads`. A record's columns in the database repeat parts of its text, and are judged by it.

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::Value;

use crate::store::{AuditEntry, AuditSubject};

const DOMAIN: &[u8] = b"usher-audit-record-1\n";

/// The link after `before` (empty for the first record) for the record `text` of that number, 32 bytes.
pub(crate) fn link(before: &[u8], number: i64, text: &str) -> Vec<u8> {
    let mut digest = Context::new(&SHA256);
    digest.update(DOMAIN);
    digest.update(&(before.len() as u64).to_be_bytes());
    digest.update(before);
    digest.update(&number.to_be_bytes());
    digest.update(text.as_bytes());
    digest.finish().as_ref().to_vec()
}

/// The entry of `record`: its text, and the columns that repeat parts of it.
pub(super) fn entry(record: &Value) -> AuditEntry {
    entry_of_text(record.to_string(), record)
}

/// The entry that a stored text must have; none where it is no record.
pub(super) fn entry_of(text: &str) -> Option<AuditEntry> {
    let record: Value = serde_json::from_str(text).ok()?;
    record
        .is_object()
        .then(|| entry_of_text(text.to_owned(), &record))
}

fn entry_of_text(text: String, record: &Value) -> AuditEntry {
    let word = |member: &Value| member.as_str().unwrap_or_default().to_owned();
    let identity = &record["userIdentity"];
    let none = Vec::new();
    let resources = record["resources"].as_array().unwrap_or(&none);
    AuditEntry {
        event_id: word(&record["eventID"]),
        event_time: time_ms(record),
        event_name: word(&record["eventName"]),
        event_source: word(&record["eventSource"]),
        read_only: record["readOnly"].as_bool().unwrap_or_default().to_string(),
        username: username(identity),
        access_key_id: word(&identity["accessKeyId"]),
        subjects: resources
            .iter()
            .map(|resource| AuditSubject {
                kind: word(&resource["type"]),
                name: last_part(&word(&resource["ARN"])),
                arn: word(&resource["ARN"]),
            })
            .collect(),
        record: text,
    }
}

/// CloudTrail's times are whole seconds; the order within one is the chain's.
fn time_ms(record: &Value) -> i64 {
    let seconds = record["eventTime"]
        .as_str()
        .and_then(|text| text.parse::<jiff::Timestamp>().ok());
    seconds.map_or(0, jiff::Timestamp::as_millisecond)
}

/// As CloudTrail shows who acted: the user's name, or the name of the role session.
fn username(identity: &Value) -> String {
    let name = identity["userName"].as_str();
    let session = || {
        identity["principalId"]
            .as_str()?
            .split_once(':')
            .map(|(_, name)| name)
    };
    name.or_else(session).unwrap_or_default().to_owned()
}

fn last_part(arn: &str) -> String {
    let resource = arn.splitn(6, ':').last().unwrap_or(arn);
    match resource.split_once('/') {
        // A log group's name, and a path of IAM's, have slashes of their own; a session's and a node's id have none.
        Some((_, name)) => name.to_owned(),
        None => resource.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_link_depends_on_everything_it_covers() {
        let first = link(b"", 1, "{}");
        assert_eq!(first.len(), 32);
        for other in [
            link(b"", 2, "{}"),
            link(b"", 1, "{ }"),
            link(&first, 1, "{}"),
        ] {
            assert_ne!(other, first);
        }
    }

    #[test]
    fn what_is_no_record_has_no_entry() {
        assert_eq!(entry_of("{"), None);
        assert_eq!(entry_of("[]"), None);
    }

    #[test]
    fn the_columns_are_read_from_the_record() {
        let record = json!({"eventID": "e", "eventTime": "2026-11-22T08:51:16Z", "eventName": "CreateUser",
            "eventSource": "iam.amazonaws.com", "readOnly": false,
            "userIdentity": {"principalId": "AROA1:nightly", "accessKeyId": "ASIA1"},
            "resources": [{"type": "AWS::IAM::User", "ARN": "arn:aws:iam::1:user/dev/alice"}]});
        let entry = entry(&record);
        assert_eq!(entry_of(&entry.record), Some(entry.clone()));
        assert_eq!(entry.event_time, 1_795_337_476_000);
        assert_eq!(entry.username, "nightly");
        assert_eq!(entry.read_only, "false");
        assert_eq!(entry.subjects[0].name, "dev/alice");
    }
}
