//! A session's log in CloudWatch Logs: read from the recording, put into its stream.
//!
//! Owns one invariant: events and the note that they are there are stored together, so that whatever is interrupted is
//! neither lost nor there twice. A piece that needs more than one call is made again, the same, for each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::demand::invoke;
use super::lines::Lines;
use super::plain::plain;
use super::step::{Next, Source, Step, time, words};
use crate::api::{Call, LogsCode, deliver_log_events};
use crate::context::Context;
use crate::error::{ApiError, Code};
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
/// Events in one call, as many as are allowed.
const EVENTS: usize = 10_000;
/// From first to last event of a call, of the 24 hours that are allowed, in milliseconds.
const SPAN_MS: u64 = 23 * 60 * 60 * 1000;
/// Events older than 14 days are not taken; a late log carries the times of its delivery instead.
const OLDEST_MS: u64 = 13 * 24 * 60 * 60 * 1000;

/// How far a delivery has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// Where the next piece begins; none: with the recording.
    place: Option<Place>,
    /// Base64 of what was read and not delivered: the beginning of a line.
    rest: String,
    /// Milliseconds since the epoch of what was read last.
    at: u64,
    /// Of the next piece, which needs more than one call, so much is there.
    part: Option<Part>,
}

/// A part of a piece.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Part {
    /// The piece is made from so many events of the recording.
    of: usize,
    /// Whether it is the last.
    is_last: bool,
    /// So many log events of it are in the stream.
    put: usize,
}

/// Takes a delivery further: by what one call to CloudWatch Logs holds, noted with it or not at all.
pub(super) async fn step(
    context: &Context,
    row: &DeliveryRow,
    source: &Source,
) -> Result<Step, String> {
    let session = &source.session;
    let progress: Progress = match row.place.is_empty() {
        true => Progress::default(),
        false => serde_json::from_str(&row.place).map_err(words)?,
    };
    let mut stretch = source
        .stretch(context, progress.place.as_ref(), PIECE)
        .await?;
    let part = progress.part.unwrap_or(Part {
        of: stretch.events.len(),
        is_last: stretch.is_end && source.is_closed(),
        put: 0,
    });
    stretch.events.truncate(part.of);
    let is_last = part.is_last;
    if stretch.events.is_empty() && !is_last {
        return Ok(Step::Nothing);
    }

    let most = if row.streaming {
        STREAMED_EVENT
    } else {
        UPLOADED_EVENT
    };
    let rest = STANDARD.decode(&progress.rest).unwrap_or_default();
    let mut lines = Lines::after(rest, progress.at, most);
    if progress.place.is_none() && !row.streaming {
        lines.say(&source.head());
    }
    for (at, event) in &stretch.events {
        lines.take(*at, event);
    }
    if is_last && !row.streaming {
        lines.say(&source.foot());
    }
    let (pieces, rest, at) = lines.finish(is_last);
    let now = context.clock.now_ms();
    let messages = pieces.iter().skip(part.put).map(|(at, text)| {
        let at = if *at < now.saturating_sub(OLDEST_MS) {
            now
        } else {
            *at
        };
        let message = match row.streaming {
            true => streamed(context, session, at, text),
            false => text.clone(),
        };
        (at, message)
    });
    let messages: Vec<(u64, String)> = messages.collect();
    let batch = messages.get(..one_call(&messages)).unwrap_or_default();
    let put = part.put + batch.len();
    let (progress, next) = if put < pieces.len() {
        let part = Some(Part { put, ..part });
        (Progress { part, ..progress }, Next::Now)
    } else {
        let progress = Progress {
            place: Some(stretch.place),
            rest: STANDARD.encode(rest),
            at,
            part: None,
        };
        (progress, if is_last { Next::Done } else { Next::Now })
    };
    let place = serde_json::to_string(&progress).map_err(words)?;
    let after = row.after(place.clone(), next == Next::Done);
    self::put(context, source, batch, &after).await?;
    Ok(Step::Further(place, next))
}

/// Puts a batch into the stream, which is made where it is missing; how the delivery stands `after` it is stored with it.
async fn put(
    context: &Context,
    source: &Source,
    batch: &[(u64, String)],
    after: &DeliveryRow,
) -> Result<(), String> {
    let writer = source.writer(context).await?;
    let call = Call {
        context,
        caller: &writer,
    };
    let (group, stream) = (&after.container, &after.name);
    make_stream(call, group, stream).await?;
    if batch.is_empty() {
        return Ok(());
    }
    let is_whole = deliver_log_events(call, batch, after)
        .await
        .map_err(|error| failed(call, "PutLogEvents", group, &error))?;
    if !is_whole {
        tracing::warn!(
            session = after.session_id,
            group,
            "CloudWatch Logs took a part of a session's log only"
        );
    }
    Ok(())
}

/// Makes the stream, unless it is there.
pub(super) async fn make_stream(call: Call<'_>, group: &str, stream: &str) -> Result<(), String> {
    let names = json!({"logGroupName": group, "logStreamName": stream});
    match invoke(call, "CreateLogStream", &names).await {
        Err(error) if error.code() != Code::Logs(LogsCode::ResourceAlreadyExists) => {
            Err(failed(call, "CreateLogStream", group, &error))
        }
        _ => Ok(()),
    }
}

/// The sentence about a call that failed.
pub(super) fn failed(call: Call<'_>, operation: &str, group: &str, error: &ApiError) -> String {
    let by = &call.caller.arn;
    let cause = error.inside().unwrap_or(error.message());
    format!("logs:{operation} by {by} on the log group {group} failed: {cause}")
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

/// How many of the events one call may hold.
fn one_call(events: &[(u64, String)]) -> usize {
    let first = events.first().map_or(0, |(at, _)| *at);
    let mut bytes = 0;
    let fits = events.iter().take_while(|(at, message)| {
        let is_first = bytes == 0;
        bytes += message.len() + PER_EVENT;
        is_first || bytes <= CALL && at.saturating_sub(first) <= SPAN_MS
    });
    fits.take(EVENTS).count()
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
}
