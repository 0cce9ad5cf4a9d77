//! A session's log in CloudWatch Logs: read from the recording, put into its stream.
//!
//! Owns one invariant: events and the note that they are there are stored together, so that whatever is interrupted is
//! neither lost nor there twice. A piece that needs more than one call is made again, the same, for each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use usher_wire::session_log::{Lines, LogSubject, STREAMED_EVENT, UPLOADED_EVENT, aside, one_call};

use super::demand::invoke;
use super::step::{Next, Source, Step, words, writer};
use crate::api::{Call, LogsCode, deliver_log_events};
use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::recording::{Event, Place};
use crate::store::{DeliveryRow, SessionRow};

/// Bytes read from the recording for a piece; the last block may pass it.
const PIECE: usize = 256 * 1024;
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
        match event {
            Event::Output(bytes) => lines.take(*at, bytes),
            Event::Lost(why) => lines.take(*at, aside(why).as_bytes()),
            Event::Size { .. } | Event::Told { .. } | Event::End => lines.take(*at, &[]),
        }
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
            true => subject(context, session).event(at, text),
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
    self::put(context, session, batch, &after).await?;
    Ok(Step::Further(place, next))
}

/// Puts a batch into the stream, which is made where it is missing; how the delivery stands `after` it is stored with it.
pub(super) async fn put(
    context: &Context,
    session: &SessionRow,
    batch: &[(u64, String)],
    after: &DeliveryRow,
) -> Result<(), String> {
    let writer = writer(context, session).await?;
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

/// What each event of a streamed log says of its session.
pub(super) fn subject(context: &Context, session: &SessionRow) -> LogSubject {
    LogSubject {
        session: session.session_id.clone(),
        node: session.node_id.clone(),
        owner: session.owner_arn.clone(),
        os_user: session.os_user.clone(),
        region: context.config.region.clone(),
    }
}
