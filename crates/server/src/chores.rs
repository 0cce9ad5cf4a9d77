//! What becomes due by time and that nobody asks for: keys whose waiting time is over are destroyed, log events that their
//! group's retention does not keep are removed, and recordings that the server's does not.
//!
//! Nothing hangs on the hour: what is past its time is hidden from callers at once, here it goes from the disk.

use std::time::Duration;

use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::api::Service;
use crate::audit;
use crate::codec::iso_time;
use crate::context::Context;
use crate::error::ApiError;
use crate::recording::closed_before;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// Recordings read from the database at once.
const AT_ONCE: i64 = 200;

/// Looks at the start and then every hour, until `stop`.
pub(crate) async fn run(context: &Context, stop: &CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = all(context).await {
            tracing::error!(%error, "what is due could not be removed; it stays hidden, and the next try is in an hour");
        }
    }
}

async fn all(context: &Context) -> Result<(), ApiError> {
    let keys = context.store.destroy_due_keys(context.now()).await?;
    if keys > 0 {
        tracing::info!(keys, "KMS keys were destroyed");
    }
    let events = context.store.delete_expired_events(context.now()).await?;
    if events > 0 {
        tracing::info!(events, "log events past their retention were removed");
    }
    recordings(context).await
}

/// File first: a row without its file is found again by the next try, a file without its row by nobody.
async fn recordings(context: &Context) -> Result<(), ApiError> {
    let retention = context.config.recording_retention;
    let Some(before) = closed_before(retention, context.now()) else {
        return Ok(());
    };
    loop {
        let due = context.store.recordings_closed_before(before, AT_ONCE);
        let due = due.await?;
        for row in &due {
            let removed = context.recordings.remove(row).await;
            removed.map_err(ApiError::internal)?;
            let now = context.now();
            context
                .store
                .recording_removed(&row.session_id, now)
                .await?;
            let arn = context.config.scope().session(&row.session_id);
            let details = json!({
                "sessionId": row.session_id,
                "sessionEndTime": row.closed.map(iso_time),
                "retentionDays": retention,
            });
            audit::done_locally(context, Service::Ssm, "RecordingRemoved", &details, &[arn])
                .await?;
        }
        match due.is_empty() {
            true => return Ok(()),
            false => tracing::info!(
                recordings = due.len(),
                "recordings past their retention were removed"
            ),
        }
    }
}
