//! Session logs as text, from the recordings to where the preferences want them.
//!
//! Owns three promises: a log is delivered as the node (with its role, so that policies and keys decide as they would for
//! the node's own agent); what cannot be delivered is tried again until it is, or kept until somebody asks; and a server
//! that ends in between delivers nothing twice (`to_logs` and `to_s3` say how). The log of a session that the server cannot
//! see, because KMS encrypts it, is written by its node; `by_node` makes it whole.

mod by_node;
mod demand;
mod step;
mod to_logs;
mod to_s3;
mod trial;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use usher_policy::LogFailure;
use usher_wire::ids::SessionId;

use crate::context::Context;
use crate::store::{DeliveryRow, DeliveryState, StoreError};
pub(crate) use demand::{Undeliverable, demand, plan};
use step::{Next, Step, step};
pub(crate) use trial::try_out;

/// Between two rounds, so that what comes together is delivered together. AWS's agent streams once a second as well.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest wait before another try.
const LONGEST_WAIT_MS: i64 = 5 * 60 * 1000;
/// Tries of about a day; then somebody has to ask for another.
const TRIES: i64 = 300;
/// Pieces of one log in a round; then the others have their turn.
const PIECES: usize = 32;

/// Delivers what there is to deliver, until `stop`.
pub(crate) async fn run(context: &Arc<Context>, stop: &CancellationToken) {
    loop {
        let wait = match round(context, stop).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::error!(%error, "session logs could not be delivered");
                LONGEST_WAIT_MS
            }
        };
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
        tokio::select! {
            () = stop.cancelled() => return,
            () = context.recordings.written() => {}
            () = sleep(wait) => {}
        }
        if stop.run_until_cancelled(sleep(PAUSE)).await.is_none() {
            return;
        }
    }
}

/// One look at everything that is due; then the milliseconds to the next.
async fn round(context: &Arc<Context>, stop: &CancellationToken) -> Result<i64, StoreError> {
    let now = context.now();
    for row in context.store.due_deliveries(now).await? {
        if stop.is_cancelled() {
            break;
        }
        advance(context, row).await?;
    }
    let next = context.store.next_delivery(now).await?;
    Ok(next.map_or(LONGEST_WAIT_MS, |next| {
        next.saturating_sub(context.now()).clamp(0, LONGEST_WAIT_MS)
    }))
}

async fn advance(context: &Arc<Context>, mut row: DeliveryRow) -> Result<(), StoreError> {
    for _ in 0..PIECES {
        match step(context, &row).await {
            Ok(Step::Nothing) if row.attempts == 0 => return Ok(()),
            Ok(Step::Nothing) => {
                row.attempts = 0;
                row.problem = None;
                return context.store.update_delivery(&row).await;
            }
            Ok(Step::Further(place, next)) => {
                row = row.after(place, next == Next::Done);
                if let Next::Later(pause) = next {
                    row.next_try = context.now().saturating_add(pause);
                }
                context.store.update_delivery(&row).await?;
                match next {
                    Next::Now => {}
                    Next::Later(_) => return Ok(()),
                    Next::Done => {
                        let (session, sink) = (&row.session_id, row.sink.as_str());
                        tracing::info!(session, sink, "a session's log was delivered");
                        return Ok(());
                    }
                }
            }
            Err(problem) => return failed(context, row, problem).await,
        }
    }
    Ok(())
}

async fn failed(
    context: &Context,
    mut row: DeliveryRow,
    problem: String,
) -> Result<(), StoreError> {
    tracing::warn!(session = row.session_id, sink = row.sink.as_str(), attempts = row.attempts, %problem, "a session's log could not be delivered");
    let is_first = row.attempts == 0;
    let wait = 1000_i64 << row.attempts.clamp(0, 20);
    row.attempts += 1;
    row.next_try = context.now().saturating_add(wait.min(LONGEST_WAIT_MS));
    if row.attempts >= TRIES {
        row.state = DeliveryState::Failed;
    }
    row.problem = Some(problem.clone());
    context.store.update_delivery(&row).await?;
    if is_first {
        say(context, &row, &problem).await?;
    }
    Ok(())
}

/// A live session whose log is not written goes on with a word to the person, or ends.
async fn say(context: &Context, row: &DeliveryRow, problem: &str) -> Result<(), StoreError> {
    let Some(recording) = context.store.recording(&row.session_id).await? else {
        return Ok(());
    };
    let Ok(session) = SessionId::parse(&row.session_id) else {
        return Ok(());
    };
    if recording.closed.is_some() {
        return Ok(());
    }
    match recording.on_loss {
        LogFailure::End => {
            let sentence =
                format!("The session was ended because its log cannot be written: {problem}");
            context.gateway.terminate(&session, &sentence).await
        }
        LogFailure::Continue => {
            let sentence = format!(
                "The log of this session cannot be written now, and is tried again: {problem}"
            );
            context.gateway.announce(&session, sentence);
            Ok(())
        }
    }
}
