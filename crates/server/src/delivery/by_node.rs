//! Logs that a node's agent writes, since KMS hides its session from the server: what is left to do when the agent is done.
//!
//! In S3 one object is made of the segments that the node put, which go when it is there. In CloudWatch Logs everything is
//! there already. Where the node came to no end, the log says so. Of what is in the segments nothing is kept or logged here.

use std::sync::Arc;

use futures_util::TryStreamExt;
use usher_wire::session_log::{aside, foot, head, segment_key};

use super::step::{Next, Step, ms, words, writer};
use super::to_logs::{self, subject};
use super::to_s3;
use crate::context::Context;
use crate::objects::{self, Draft, Object, ObjectError};
use crate::store::{DeliveryRow, DeliveryState, SessionRow, Sink};

/// Why a log has no end.
const UNFINISHED: &str = "the node did not finish this log";

/// Takes the delivery further.
pub(super) async fn step(
    context: &Arc<Context>,
    row: &DeliveryRow,
    session: &SessionRow,
) -> Result<Step, String> {
    let is_whole = row.state != DeliveryState::ByNode;
    match row.sink {
        Sink::Logs => finish_stream(context, row, session, is_whole).await,
        // The whole log is there: so many segments are left.
        Sink::S3 if !row.place.is_empty() => {
            let count = row.place.parse().map_err(words)?;
            to_s3::remove_segments(context, row, count).await?;
            Ok(Step::Further(row.place.clone(), Next::Done))
        }
        Sink::S3 => {
            let count = put_whole(context, row, session, is_whole).await?;
            // Noted before the first segment goes: another try must not make the log from those that are left.
            Ok(Step::Further(count.to_string(), Next::Now))
        }
    }
}

/// Notes that the stream has what the node put, with a last word where that is not all.
async fn finish_stream(
    context: &Context,
    row: &DeliveryRow,
    session: &SessionRow,
    is_whole: bool,
) -> Result<Step, String> {
    let done = row.after(row.place.clone(), true);
    if !is_whole {
        let at = context.clock.now_ms();
        let word = aside(UNFINISHED);
        let message = match row.streaming {
            true => subject(context, session).event(at, word.trim()),
            false => word,
        };
        to_logs::put(context, session, &[(at, message)], &done).await?;
    }
    Ok(Step::Further(done.place, Next::Done))
}

/// Puts the whole log and says of how many segments it is made.
async fn put_whole(
    context: &Arc<Context>,
    row: &DeliveryRow,
    session: &SessionRow,
    is_whole: bool,
) -> Result<u64, String> {
    let mut draft = Draft::begin(context).await.map_err(words)?;
    let first = head(&session.session_id, ms(session.created));
    draft.write(first.as_bytes()).await.map_err(words)?;
    let mut count = 0_u64;
    while let Some(segment) = segment(context, row, count.saturating_add(1)).await? {
        copy(context, &segment, &mut draft).await.map_err(words)?;
        count = count.saturating_add(1);
    }
    if !is_whole {
        let word = aside(UNFINISHED);
        draft.write(word.as_bytes()).await.map_err(words)?;
    }
    // The session's end is stored once, so each try writes the same.
    let last = foot(ms(session.ended.unwrap_or(session.created)));
    draft.write(last.as_bytes()).await.map_err(words)?;
    let writer = writer(context, session).await?;
    to_s3::put(context, &writer, &row.container, &row.name, draft).await?;
    Ok(count)
}

/// The segment of that number, if the node put it.
async fn segment(
    context: &Context,
    row: &DeliveryRow,
    number: u64,
) -> Result<Option<Object>, String> {
    let key = segment_key(&row.name, number);
    match objects::find(context, &row.container, &key).await {
        Ok(found) => Ok(Some(found)),
        Err(ObjectError::NoSuchKey) => Ok(None),
        Err(error) => Err(format!(
            "the segment {key} of the log in the bucket {} cannot be read: {error}",
            row.container
        )),
    }
}

async fn copy(
    context: &Arc<Context>,
    segment: &Object,
    draft: &mut Draft,
) -> Result<(), ObjectError> {
    let stream = objects::read(context, segment, 0..segment.size).await?;
    let mut stream = std::pin::pin!(stream);
    while let Some(bytes) = stream.try_next().await? {
        draft.write(&bytes).await?;
    }
    Ok(())
}
