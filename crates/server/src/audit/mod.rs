//! The audit trail: a record of every call, of what the server does by itself, and the proof that none was changed.
//!
//! [`serve`] is the one way to an operation: it runs it, notes what was decided, and answers only when the record is on
//! the disk. Records have CloudTrail's shape (`record`), hold no secrets by construction (`shown`), are chained
//! (`chain`), and heads of the chain are signed outside the database (`heads`). It must not know HTTP.

mod chain;
mod heads;
mod notes;
mod objects;
mod record;
mod repeats;
mod session;
mod shown;
mod state;
mod trail;
mod verify;
mod webhook;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use tracing::Instrument;

use crate::api::{Call, Entry, Service};
use crate::codec;
use crate::config::{Database, RootKey};
use crate::context::Context;
use crate::error::ApiError;
use crate::identity::{Caller, Who};
use crate::server::ServerError;
use crate::store::Store;
use crate::vault::Vault;
use notes::Subject;
use record::{Happened, administers, of_call, of_event};
use verify::Verifier;

pub(crate) use heads::{HeadFiles, HeadKey};
pub(crate) use notes::{decided, note};
pub(crate) use objects::serve_object_call;
pub(crate) use record::Heard;
pub(crate) use session::SessionEnds;
pub(crate) use trail::{Trail, TrailError};
pub use verify::{Finding, Verification};
pub(crate) use webhook::{Receiver, ReceiverError, run as send_events};

/// Records that are read at a time.
const PAGE: i64 = 500;

/// Operations that machines call by themselves over and over; where they succeed they are counted, not written one by
/// one.
const OFTEN: [&str; 3] = [
    "GetConnectionStatus",
    "PutLogEvents",
    "UpdateInstanceInformation",
];

/// Runs an operation for a caller and records it. It is ended and recorded also when whoever waits for the answer has
/// gone; `held` is kept until then.
pub(crate) async fn serve(
    context: Arc<Context>,
    entry: &'static Entry,
    caller: Arc<Caller>,
    input: Bytes,
    heard: Heard,
    held: impl Send + 'static,
) -> Result<Value, ApiError> {
    let calls = context.trail.calls.clone();
    let served = async move {
        let answer = served(&context, entry, &caller, &input, &heard).await;
        drop(held);
        answer
    };
    let task = calls.spawn(served.in_current_span());
    task.await.map_err(ApiError::internal)?
}

async fn served(
    context: &Context,
    entry: &'static Entry,
    caller: &Caller,
    input: &Bytes,
    heard: &Heard,
) -> Result<Value, ApiError> {
    let call = Call { context, caller };
    let running = async {
        if !context.trail.is_whole() {
            return Err(ApiError::internal(
                "the audit trail cannot be written: the call was not served",
            ));
        }
        (entry.serve)(call, input).await
    };
    let (answer, mut noted) = notes::noting(administers(entry.name), running).await;
    if answer.is_ok() && administers(entry.name) {
        let changes = changes(context, caller, &noted.subjects).await;
        if !changes.is_empty() {
            noted.more.insert("changes".to_owned(), changes.into());
        }
    }
    let members = codec::members(entry.service.protocol(), input);
    let is_anonymous = caller.who == Who::Anonymous;
    let often = match answer.is_ok() {
        true => OFTEN.contains(&entry.name),
        false => is_anonymous,
    };
    let mut happened = Happened::served(entry, caller, members, answer.as_ref(), noted);
    // A session that the call made can be looked up by its id from then on.
    let made = answer
        .as_ref()
        .ok()
        .and_then(|answer| answer["SessionId"].as_str());
    let made = made.filter(|_| entry.name == "StartSession");
    happened
        .arns
        .extend(made.map(|id| context.config.scope().session(id)));
    let now = context.now();
    let record = of_call(context.config.scope(), heard, happened, now);
    match often {
        true => context.trail.write_first(record, now).await?,
        false => context.trail.write(&record).await?,
    }
    answer
}

/// Records a call of somebody who could not prove who they are.
pub(crate) async fn unproven(
    context: &Context,
    entry: &Entry,
    heard: &Heard,
    error: &ApiError,
) -> Result<(), ApiError> {
    let now = context.now();
    let record = of_call(
        context.config.scope(),
        heard,
        Happened::unproven(entry, error),
        now,
    );
    Ok(context.trail.write_first(record, now).await?)
}

/// Records something that was done without a call, by whoever holds the data directory.
pub(crate) async fn done_locally(
    context: &Context,
    service: Service,
    name: &str,
    details: &Value,
    arns: &[String],
) -> Result<(), ApiError> {
    let record = of_event(
        context.config.scope(),
        name,
        service,
        details,
        arns,
        context.now(),
    );
    Ok(context.trail.write(&record).await?)
}

/// What the call's subjects look like now, where that is something else than before.
async fn changes(context: &Context, caller: &Caller, subjects: &[Subject]) -> Vec<Value> {
    let mut changes = Vec::new();
    for subject in subjects {
        let after = state::of(context, caller, &subject.resource).await;
        if let Some((before, after)) = state::difference(&subject.before, &after) {
            changes.push(
                serde_json::json!({"resource": subject.arn, "before": before, "after": after}),
            );
        }
    }
    changes
}

/// Where the heads of the trail in `data_dir` are.
pub(crate) fn head_files(data_dir: &Path) -> HeadFiles {
    HeadFiles::at(&data_dir.join("audit"))
}

/// Holds the trail in `database`, of the server whose files are in `data_dir`, against its heads, whether a server runs on it or not. Changes nothing.
///
/// # Errors
/// If the database, the root key or the heads cannot be read.
pub async fn verify(
    data_dir: &Path,
    database: &Database,
    root_key: &RootKey,
) -> Result<Verification, ServerError> {
    let vault = Vault::of(root_key, data_dir, true)?;
    let files = head_files(data_dir);
    let folder = files.folder().display().to_string();
    // Heads first: a record is committed before its head, never the other way round.
    let (heads, bad) =
        files
            .read(&HeadKey::of(&vault)?)
            .map_err(|source| ServerError::DataDirectory {
                path: files.folder().to_owned(),
                source,
            })?;
    let store = Store::open_to_read(database, data_dir).await?;
    let mut verifier = Verifier::new(heads, &bad);
    let mut next = 1;
    loop {
        let rows = store.audit_from(next, PAGE).await?;
        let Some(last) = rows.last() else { break };
        next = last.number + 1;
        rows.iter().for_each(|row| verifier.take(row));
    }
    store.close().await;
    Ok(verifier.finish(&folder))
}
