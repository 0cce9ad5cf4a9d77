//! A session's log in S3: small segments while the session lasts, one object when it is over.
//!
//! Owns one invariant: whatever is interrupted is there once. What a segment holds is decided and stored before it is put,
//! so that another try puts the same bytes, and to find those in their place is success. The last object is made from the
//! whole recording; the segments go when it is there.

use serde::{Deserialize, Serialize};
use usher_wire::session_log::{aside, segment_key};

use super::step::{Next, Source, Step, words};
use crate::api::s3::put_log;
use crate::context::Context;
use crate::identity::Caller;
use crate::objects::{self, Draft, ObjectError};
use crate::recording::{Event, Place};
use crate::store::DeliveryRow;

/// Bytes read from the recording for a segment or a part of the log; the last block may pass it.
const PIECE: usize = 1024 * 1024;
/// Milliseconds between two segments. With the second that deliveries wait for each other, and the time to put one, no
/// more than the last 5 s of a session are in its recording alone.
const BETWEEN_SEGMENTS: i64 = 3000;

/// How far a delivery has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// Where the next segment begins; none: with the recording.
    place: Option<Place>,
    /// Segments that are there.
    segments: u64,
    /// The next one, once that is decided.
    next: Option<Segment>,
}

/// What a segment holds.
#[derive(Debug, Serialize, Deserialize)]
struct Segment {
    /// So many events of the recording.
    events: usize,
    /// Where they end.
    until: Place,
}

/// Takes a delivery further.
pub(super) async fn step(
    context: &Context,
    row: &DeliveryRow,
    source: &Source,
) -> Result<Step, String> {
    let progress: Progress = match row.place.is_empty() {
        true => Progress::default(),
        false => serde_json::from_str(&row.place).map_err(words)?,
    };
    if source.is_closed() {
        put_whole(context, row, source).await?;
        // One more than is known of: the server may have ended between putting it and noting that.
        remove_segments(context, row, progress.segments.saturating_add(1)).await?;
        return further(&progress, Next::Done);
    }
    match progress.next {
        None => decide(context, source, progress).await,
        Some(_) => put_segment(context, row, source, progress).await,
    }
}

/// Decides what the next segment holds.
async fn decide(context: &Context, source: &Source, progress: Progress) -> Result<Step, String> {
    let stretch = source
        .stretch(context, progress.place.as_ref(), PIECE)
        .await?;
    if !stretch.events.iter().any(|(_, event)| is_text(event)) {
        return Ok(Step::Nothing);
    }
    let next = Some(Segment {
        events: stretch.events.len(),
        until: stretch.place,
    });
    further(&Progress { next, ..progress }, Next::Now)
}

/// Puts the segment that was decided.
async fn put_segment(
    context: &Context,
    row: &DeliveryRow,
    source: &Source,
    progress: Progress,
) -> Result<Step, String> {
    let Some(segment) = progress.next else {
        return Ok(Step::Nothing);
    };
    // What was read then is read again, and perhaps more, of which the next segment is made.
    let place = progress.place.as_ref();
    let stretch = source.stretch(context, place, PIECE).await?;
    let mut draft = Draft::begin(context).await.map_err(words)?;
    for (_, event) in stretch.events.iter().take(segment.events) {
        draft.write(&text(event)).await.map_err(words)?;
    }
    let number = progress.segments + 1;
    let (writer, key) = (
        source.writer(context).await?,
        segment_key(&row.name, number),
    );
    put(context, &writer, &row.container, &key, draft).await?;
    let progress = Progress {
        place: Some(segment.until),
        segments: number,
        next: None,
    };
    further(&progress, Next::Later(BETWEEN_SEGMENTS))
}

/// Puts the whole log.
async fn put_whole(context: &Context, row: &DeliveryRow, source: &Source) -> Result<(), String> {
    let mut draft = Draft::begin(context).await.map_err(words)?;
    draft.write(source.head().as_bytes()).await.map_err(words)?;
    let mut place = None;
    loop {
        let stretch = source.stretch(context, place.as_ref(), PIECE).await?;
        for (_, event) in &stretch.events {
            draft.write(&text(event)).await.map_err(words)?;
        }
        if stretch.is_end {
            break;
        }
        place = Some(stretch.place);
    }
    draft.write(source.foot().as_bytes()).await.map_err(words)?;
    let writer = source.writer(context).await?;
    put(context, &writer, &row.container, &row.name, draft).await
}

/// Puts an object as the node, unless the same is there already.
pub(super) async fn put(
    context: &Context,
    writer: &Caller,
    bucket: &str,
    key: &str,
    draft: Draft,
) -> Result<(), String> {
    put_log(context, writer, bucket, key, draft)
        .await
        .map_err(|error| {
            let by = &writer.arn;
            let cause = match error {
                ObjectError::Exists => "another object is there".to_owned(),
                error => error.to_string(),
            };
            format!("s3:PutObject by {by} on {key} in the bucket {bucket} failed: {cause}")
        })
}

/// Removes the segments of a log that is there as a whole. The server does it for itself: a node removes nothing.
pub(super) async fn remove_segments(
    context: &Context,
    row: &DeliveryRow,
    count: u64,
) -> Result<(), String> {
    for number in 1..=count {
        let key = segment_key(&row.name, number);
        objects::delete(context, &row.container, &key)
            .await
            .map_err(|error| format!("the segment {key} of the log cannot be removed: {error}"))?;
    }
    Ok(())
}

fn further(progress: &Progress, next: Next) -> Result<Step, String> {
    let place = serde_json::to_string(progress).map_err(words)?;
    Ok(Step::Further(place, next))
}

fn is_text(event: &Event) -> bool {
    !text(event).is_empty()
}

/// What a log has of an event.
fn text(event: &Event) -> Vec<u8> {
    match event {
        Event::Output(bytes) => bytes.to_vec(),
        Event::Lost(why) => aside(why).into_bytes(),
        Event::Size { .. } | Event::Told { .. } | Event::End => Vec::new(),
    }
}
