//! Calls that come at a high rate and say nothing new: the first is recorded, the others are counted and recorded once
//! an hour as one, with how many there were.
//!
//! Two kinds only: what machines call by themselves over and over and that succeeded, and calls that nobody signed
//! rightly, which anybody can make without end. A change, a denial by policy and a session are always recorded.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::codec::iso_time;

/// How long calls are counted before they are recorded, milliseconds.
const WHILE_MS: i64 = 60 * 60 * 1000;

/// Kinds of calls that are counted apart. More are counted together, whoever calls.
const KINDS: usize = 4096;

/// Counts.
#[derive(Debug, Default)]
pub(super) struct Repeats(Mutex<HashMap<String, Counted>>);

#[derive(Debug)]
struct Counted {
    since: i64,
    calls: u64,
    /// The latest that was not recorded.
    latest: Value,
}

impl Repeats {
    /// The record to write for a call: itself if it is the first of its kind, nothing if it was counted.
    pub(super) fn first(&self, record: Value, now: i64) -> Option<Value> {
        let kind = kind_of(&record);
        self.with(|kinds| {
            let is_full = kinds.len() >= KINDS && !kinds.contains_key(&kind);
            let kind = if is_full { String::new() } else { kind };
            match kinds.get_mut(&kind) {
                Some(counted) => {
                    counted.calls += 1;
                    counted.latest = record;
                    None
                }
                None => {
                    let counted = Counted {
                        since: now,
                        calls: 0,
                        latest: Value::Null,
                    };
                    kinds.insert(kind, counted);
                    Some(record)
                }
            }
        })
    }

    /// What is due at `now`, or everything when `all` is.
    pub(super) fn due(&self, now: i64, all: bool) -> Vec<Value> {
        self.with(|kinds| {
            let mut due = Vec::new();
            kinds.retain(|_, counted| {
                let is_due = all || now.saturating_sub(counted.since) >= WHILE_MS;
                if is_due && counted.calls > 0 {
                    due.push(summed(counted));
                }
                !is_due
            });
            due
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, Counted>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn summed(counted: &Counted) -> Value {
    let mut record = counted.latest.clone();
    if let Some(members) = record.as_object_mut() {
        let more = members
            .entry("additionalEventData")
            .or_insert_with(|| json!({}));
        if let Some(more) = more.as_object_mut() {
            let repeated = json!({"calls": counted.calls, "since": iso_time(counted.since)});
            more.insert("repeated".to_owned(), repeated);
        }
    }
    record
}

fn kind_of(record: &Value) -> String {
    let identity = &record["userIdentity"];
    let parts = [
        &record["eventSource"],
        &record["eventName"],
        &identity["principalId"],
        &record["sourceIPAddress"],
        &record["errorCode"],
        &record["resources"],
    ];
    parts.map(Value::to_string).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, from: &str) -> Value {
        json!({"eventName": name, "sourceIPAddress": from})
    }

    #[test]
    fn the_first_is_recorded_and_the_others_are_one_record_with_their_number() {
        let repeats = Repeats::default();
        assert!(repeats.first(call("a", "x"), 0).is_some());
        assert!(repeats.first(call("b", "x"), 0).is_some());
        assert!(repeats.first(call("a", "x"), 1).is_none());
        assert!(repeats.first(call("a", "x"), 2).is_none());
        assert!(repeats.due(WHILE_MS - 1, false).is_empty());
        let due = repeats.due(WHILE_MS, false);
        assert_eq!(due.len(), 1);
        assert_eq!(due[0]["additionalEventData"]["repeated"]["calls"], 2);
        assert!(repeats.first(call("a", "x"), WHILE_MS).is_some());
    }

    #[test]
    fn kinds_without_end_are_counted_together() {
        let repeats = Repeats::default();
        for address in 0..KINDS + 100 {
            repeats.first(call("a", &address.to_string()), 0);
        }
        assert_eq!(repeats.with(|kinds| kinds.len()), KINDS + 1);
        assert_eq!(repeats.due(0, true).len(), 1);
    }
}
