//! What is learnt about a call while it is served, for its record: what was decided by which statement, what it is
//! about, and how that looked before.
//!
//! It travels with the task that serves the call and not through every signature on the way. Outside of a recorded call
//! noting does nothing.

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::state;
use crate::context::Context;
use crate::identity::{Caller, Resource};

/// Decisions, and things decided about, that one record holds; more are counted. Lists judge what they list.
const KEPT: usize = 32;

tokio::task_local! {
    static NOTES: Notes;
}

/// The notes of one call.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Whether what it is about is looked at before and after.
    changes: bool,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    decisions: Vec<Value>,
    uncounted: u64,
    subjects: Vec<Subject>,
    more: Map<String, Value>,
}

/// Something that a call is about.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) resource: Resource,
    pub(super) arn: String,
    pub(super) before: Value,
}

/// The notes, taken out.
#[derive(Debug, Default)]
pub(super) struct Noted {
    pub(super) decisions: Vec<Value>,
    pub(super) subjects: Vec<Subject>,
    pub(super) more: Map<String, Value>,
}

/// Runs `work`, and gives back what it noted.
pub(super) async fn noting<T>(changes: bool, work: impl Future<Output = T>) -> (T, Noted) {
    let notes = Notes {
        changes,
        inside: Mutex::default(),
    };
    NOTES
        .scope(notes, async {
            let done = work.await;
            let noted = NOTES.with(Notes::taken);
            (done, noted)
        })
        .await
}

/// Notes what a policy decision was, and that the call is about `resource` if it was allowed.
pub(crate) async fn decided(
    context: &Context,
    caller: &Caller,
    action: &str,
    resource: &Resource,
    arn: &str,
    decision: &usher_policy::Decision,
) {
    let is_allowed = matches!(decision, usher_policy::Decision::Allowed { .. });
    let decision = json!({"action": action, "resource": arn, "decision": decision.to_string()});
    let changes = NOTES
        .try_with(|notes| notes.decision(decision, arn))
        .unwrap_or_default();
    if !changes || !is_allowed {
        let _ = NOTES.try_with(|notes| notes.subject(resource, arn, Value::Null));
        return;
    }
    let before = state::of(context, caller, resource).await;
    let _ = NOTES.try_with(|notes| notes.subject(resource, arn, before));
}

/// Notes something that the record shall say under `name`, beside what every record says.
pub(crate) fn note(name: &str, value: Value) {
    let _ = NOTES.try_with(|notes| notes.with(|inside| inside.more.insert(name.to_owned(), value)));
}

impl Notes {
    /// Whether this is a change and its subject is new.
    fn decision(&self, decision: Value, arn: &str) -> bool {
        let is_new = self.with(|inside| {
            if inside.decisions.len() < KEPT {
                inside.decisions.push(decision);
            } else {
                inside.uncounted += 1;
            }
            inside.subjects.len() < KEPT && inside.subjects.iter().all(|subject| subject.arn != arn)
        });
        self.changes && is_new
    }

    fn subject(&self, resource: &Resource, arn: &str, before: Value) {
        self.with(|inside| {
            let is_new = inside.subjects.iter().all(|subject| subject.arn != arn);
            if is_new && inside.subjects.len() < KEPT && arn != "*" {
                inside.subjects.push(Subject {
                    resource: resource.clone(),
                    arn: arn.to_owned(),
                    before,
                });
            }
        });
    }

    fn taken(&self) -> Noted {
        let inside = self.with(std::mem::take);
        let mut more = inside.more;
        if inside.uncounted > 0 {
            more.insert("furtherDecisions".to_owned(), inside.uncounted.into());
        }
        Noted {
            decisions: inside.decisions,
            subjects: inside.subjects,
            more,
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inside) -> T) -> T {
        act(&mut self.inside.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
