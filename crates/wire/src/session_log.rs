//! The text log of a session as AWS's agent writes it (agent.md section 8): the words around its output, the pieces that
//! CloudWatch Logs takes, and where its segments are in S3.
//!
//! The server makes it from a recording, the agent from what it sees where the server sees nothing; both write the same.

mod lines;
mod plain;

use serde_json::json;

use crate::sigv4::AmzDate;
pub use lines::{Lines, whole_characters};
use plain::plain;

/// Bytes of a log event where the log is one text, as AWS's agent has them (agent.md 8.3).
pub const UPLOADED_EVENT: usize = 200_000;
/// The same for events of JSON (agent.md 8.4).
pub const STREAMED_EVENT: usize = 33_000;

/// Bytes of messages in one call to CloudWatch Logs, of the 1,048,576 that are allowed; each event counts 26 more.
const CALL: usize = 900_000;
const PER_EVENT: usize = 26;
/// Events in one call, as many as are allowed.
const EVENTS: usize = 10_000;
/// From first to last event of a call, of the 24 hours that are allowed, in milliseconds.
const SPAN_MS: u64 = 23 * 60 * 60 * 1000;

/// Whose log it is, for what each event of JSON says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSubject {
    /// The session.
    pub session: String,
    /// The node.
    pub node: String,
    /// ARN of whoever started the session.
    pub owner: String,
    /// On the node.
    pub os_user: String,
    /// Region of the service.
    pub region: String,
}

impl LogSubject {
    /// The message of a streamed log event with the lines of `text` (agent.md 8.4), shown at that time in milliseconds
    /// since the epoch.
    #[must_use]
    pub fn event(&self, at: u64, text: &str) -> String {
        let lines: Vec<String> = text.lines().map(plain).collect();
        json!({
            "eventVersion": "1.0",
            "eventTime": time(at),
            "awsRegion": self.region,
            "target": {"id": self.node},
            "userIdentity": {"arn": self.owner},
            "runAsUser": self.os_user,
            "sessionId": self.session,
            "sessionData": lines,
        })
        .to_string()
    }
}

/// The first line of a log that is one text, as `script` writes it (agent.md 8.2); the time in milliseconds since the
/// epoch.
#[must_use]
pub fn head(session: &str, started: u64) -> String {
    format!(
        "Script started on {} [SESSION=\"{session}\"]\n",
        time(started)
    )
}

/// The last lines of such a log.
#[must_use]
pub fn foot(ended: u64) -> String {
    format!("\nScript done on {}\n", time(ended))
}

/// What a log says where nothing more of its session is in it.
#[must_use]
pub fn aside(why: &str) -> String {
    format!("\n[not recorded from here on: {why}]\n")
}

/// What a log says in place of this many bytes.
#[must_use]
pub fn gap(bytes: u64) -> String {
    format!("\n[{bytes} bytes are missing here: the log could not be written for too long]\n")
}

/// The key of a segment beside a log's, `prefix/.usher/<session>/<12 digits>` beside `prefix/<session>.log`.
#[must_use]
pub fn segment_key(log: &str, number: u64) -> String {
    let (above, name) = match log.rsplit_once('/') {
        Some((above, name)) => (format!("{above}/"), name),
        None => (String::new(), log),
    };
    let session = name.strip_suffix(".log").unwrap_or(name);
    format!("{above}.usher/{session}/{number:012}")
}

/// The key of a session's log below a prefix.
#[must_use]
pub fn log_key(prefix: &str, session: &str) -> String {
    match prefix.trim_matches('/') {
        "" => format!("{session}.log"),
        prefix => format!("{prefix}/{session}.log"),
    }
}

/// How many of the events, with their times in milliseconds, one call to CloudWatch Logs may hold.
#[must_use]
pub fn one_call(events: &[(u64, String)]) -> usize {
    let first = events.first().map_or(0, |(at, _)| *at);
    let mut bytes = 0;
    let fits = events.iter().take_while(|(at, message)| {
        let is_first = bytes == 0;
        bytes += message.len() + PER_EVENT;
        is_first || bytes <= CALL && at.saturating_sub(first) <= SPAN_MS
    });
    fits.take(EVENTS).count()
}

/// ISO 8601 in whole seconds.
#[must_use]
pub fn time(ms: u64) -> String {
    AmzDate::from_unix_ms(ms).extended()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(events: &[(u64, usize)], expected: usize) {
        let events: Vec<_> = events
            .iter()
            .map(|(at, length)| (*at, "x".repeat(*length)))
            .collect();
        assert_eq!(one_call(&events), expected);
    }

    #[test]
    fn a_call_is_never_too_large_nor_too_long_nor_empty() {
        check(&[], 0);
        check(&[(0, 200_000); 9], 4);
        check(&[(0, 1_000_000), (0, 1)], 1);
        check(&[(0, 1), (SPAN_MS, 1), (SPAN_MS + 1, 1)], 2);
        check(&vec![(0, 1); EVENTS + 1], EVENTS);
    }

    #[test]
    fn keys_are_those_of_aws_with_the_segments_beside_them() {
        for (prefix, log, segment) in [
            ("", "s-1.log", ".usher/s-1/000000000007"),
            ("a", "a/s-1.log", "a/.usher/s-1/000000000007"),
            ("/a/b/", "a/b/s-1.log", "a/b/.usher/s-1/000000000007"),
        ] {
            let key = log_key(prefix, "s-1");
            assert_eq!(key, log);
            assert_eq!(segment_key(&key, 7), segment);
        }
    }

    #[test]
    fn times_are_those_of_aws() {
        assert_eq!(time(1_795_337_938_999), "2026-11-22T08:58:58Z");
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
    }
}
