//! One piece of a session's log: read from the recording, put into its stream.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use usher_wire::ids::{NodeId, SessionId};

use super::demand::invoke;
use super::lines::Lines;
use super::plain::plain;
use crate::api::{Call, LogsCode};
use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::identity::{NodeScope, node_caller};
use crate::recording::Place;
use crate::store::{DeliveryRow, SessionRow};

/// Bytes of a log event where the log is uploaded at the end, and where it is streamed, as AWS's agent has them
/// (agent.md 8.3 and 8.4).
const UPLOADED_EVENT: usize = 200_000;
const STREAMED_EVENT: usize = 33_000;
/// Bytes read from the recording for a piece; the last block may pass it.
const PIECE: usize = 256 * 1024;
/// Bytes of messages in one call, of the 1,048,576 that are allowed; each event counts 26 more.
const CALL: usize = 900_000;
const PER_EVENT: usize = 26;
/// From first to last event of a call, of the 24 hours that are allowed, in milliseconds.
const SPAN_MS: u64 = 23 * 60 * 60 * 1000;
/// Events older than 14 days are not taken; a late log carries the times of its delivery instead.
const OLDEST_MS: u64 = 13 * 24 * 60 * 60 * 1000;

/// What a step did.
#[derive(Debug)]
pub(super) enum Step {
    /// There was nothing to deliver.
    Nothing,
    /// A piece is in its stream.
    Piece {
        /// Where the next begins.
        place: String,
        /// It was the end of the log.
        is_last: bool,
    },
}

/// How far a delivery has come.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    place: Place,
    /// Base64 of what was read and not delivered: the beginning of a line.
    rest: String,
    /// Milliseconds since the epoch of what was read last.
    at: u64,
}

/// Delivers the next piece; the error is a sentence that names call, principal, resource and cause.
pub(super) async fn step(context: &Context, row: &DeliveryRow) -> Result<Step, String> {
    let gone = || "the session is not known any more".to_owned();
    let store = &context.store;
    let session = store.session(&row.session_id).await.map_err(words)?;
    let recording = store.recording(&row.session_id).await.map_err(words)?;
    let (session, recording) = session.zip(recording).ok_or_else(gone)?;
    let progress: Option<Progress> = serde_json::from_str(&row.place).ok();

    let (recordings, id) = (context.recordings.clone(), row.session_id.clone());
    let place = progress.as_ref().map(|progress| progress.place.clone());
    let stretch = spawn_blocking(move || recordings.stretch(&id, place.as_ref(), PIECE))
        .await
        .map_err(words)?
        .map_err(|error| format!("the recording cannot be read: {error}"))?;
    let is_last = stretch.is_end && recording.closed.is_some();
    if stretch.events.is_empty() && !is_last {
        return Ok(Step::Nothing);
    }

    let is_first = progress.is_none();
    let (rest, at) = progress.map_or((String::new(), 0), |progress| (progress.rest, progress.at));
    let most = if row.streaming {
        STREAMED_EVENT
    } else {
        UPLOADED_EVENT
    };
    let mut lines = Lines::after(STANDARD.decode(rest).unwrap_or_default(), at, most);
    if is_first && !row.streaming {
        let start = time(session.created);
        lines.say(&format!(
            "Script started on {start} [SESSION=\"{}\"]\n",
            session.session_id
        ));
    }
    for (at, event) in &stretch.events {
        lines.take(*at, event);
    }
    if is_last && !row.streaming {
        let end = time(session.ended.unwrap_or(session.created));
        lines.say(&format!("\nScript done on {end}\n"));
    }
    let (pieces, rest, at) = lines.finish(is_last);
    put(context, row, &session, &pieces).await?;
    let progress = Progress {
        place: stretch.place,
        rest: STANDARD.encode(rest),
        at,
    };
    let place = serde_json::to_string(&progress).map_err(words)?;
    Ok(Step::Piece { place, is_last })
}

/// Puts the pieces into the stream, which is made where it is missing.
async fn put(
    context: &Context,
    row: &DeliveryRow,
    session: &SessionRow,
    pieces: &[(u64, String)],
) -> Result<(), String> {
    let scope = NodeScope {
        node: NodeId::parse(&session.node_id).map_err(words)?,
        session: Some(SessionId::parse(&session.session_id).map_err(words)?),
    };
    let caller = node_caller(context, scope)
        .await
        .map_err(|error| format!("{} cannot act: {}", session.node_id, error.message()))?;
    let call = Call {
        context,
        caller: &caller,
    };
    let failed = |operation: &str, error: &ApiError| {
        let (by, on) = (&caller.arn, &row.container);
        let cause = error.inside().unwrap_or(error.message());
        format!("logs:{operation} by {by} on the log group {on} failed: {cause}")
    };
    let (group, stream) = (&row.container, &row.name);
    let names = json!({"logGroupName": group, "logStreamName": stream});
    match invoke(call, "CreateLogStream", &names).await {
        Err(error) if error.code() != Code::Logs(LogsCode::ResourceAlreadyExists) => {
            return Err(failed("CreateLogStream", &error));
        }
        _ => {}
    }
    let oldest = context.clock.now_ms().saturating_sub(OLDEST_MS);
    let now = context.clock.now_ms();
    let events: Vec<(u64, String)> = pieces
        .iter()
        .map(|(at, text)| {
            let at = if *at < oldest { now } else { *at };
            let message = match row.streaming {
                true => streamed(context, session, at, text),
                false => text.clone(),
            };
            (at, message)
        })
        .collect();
    for batch in batches(&events) {
        let events: Vec<Value> = batch
            .iter()
            .map(|(at, message)| json!({"timestamp": at, "message": message}))
            .collect();
        let input = json!({"logGroupName": group, "logStreamName": stream, "logEvents": events});
        let answer = invoke(call, "PutLogEvents", &input)
            .await
            .map_err(|error| failed("PutLogEvents", &error))?;
        if answer
            .get("rejectedLogEventsInfo")
            .is_some_and(Value::is_object)
        {
            tracing::warn!(
                session = row.session_id,
                group,
                "CloudWatch Logs took a part of a session's log only"
            );
        }
    }
    Ok(())
}

/// The event of a streamed log (agent.md 8.4).
fn streamed(context: &Context, session: &SessionRow, at: u64, text: &str) -> String {
    let lines: Vec<String> = text.lines().map(plain).collect();
    json!({
        "eventVersion": "1.0",
        "eventTime": time(i64::try_from(at).unwrap_or(i64::MAX)),
        "awsRegion": context.config.region,
        "target": {"id": session.node_id},
        "userIdentity": {"arn": session.owner_arn},
        "runAsUser": session.os_user,
        "sessionId": session.session_id,
        "sessionData": lines,
    })
    .to_string()
}

/// The events in calls of allowed size and span.
fn batches(events: &[(u64, String)]) -> Vec<&[(u64, String)]> {
    let (mut calls, mut start, mut bytes) = (Vec::new(), 0, 0);
    let at = |place: usize| events.get(place).map_or(0, |(at, _)| *at);
    for (place, (time, message)) in events.iter().enumerate() {
        let more = message.len() + PER_EVENT;
        let is_full = bytes + more > CALL || time.saturating_sub(at(start)) > SPAN_MS;
        if place > start && is_full {
            calls.extend(events.get(start..place));
            (start, bytes) = (place, 0);
        }
        bytes += more;
    }
    calls.extend(events.get(start..).filter(|last| !last.is_empty()));
    calls
}

/// ISO 8601 in whole seconds.
fn time(ms: i64) -> String {
    Timestamp::from_second(ms.div_euclid(1000))
        .map_or_else(|_| ms.to_string(), |time| time.to_string())
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(events: &[(u64, usize)]) -> Vec<usize> {
        let events: Vec<_> = events
            .iter()
            .map(|(at, length)| (*at, "x".repeat(*length)))
            .collect();
        batches(&events).iter().map(|batch| batch.len()).collect()
    }

    #[test]
    fn a_call_is_never_too_large_nor_too_long() {
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&[(0, 200_000); 9]), [4, 4, 1]);
        assert_eq!(sizes(&[(0, 1_000_000), (0, 1)]), [1, 1]);
        assert_eq!(sizes(&[(0, 1), (SPAN_MS, 1), (SPAN_MS + 1, 1)]), [2, 1]);
    }

    #[test]
    fn times_are_those_of_aws() {
        assert_eq!(time(1_795_337_938_999), "2026-11-22T08:58:58Z");
    }
}
