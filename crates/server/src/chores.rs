//! What becomes due by time and that nobody asks for: keys whose waiting time is over are destroyed, and log events that
//! their group's retention does not keep are removed.
//!
//! Nothing hangs on the hour: what is past its time is hidden from callers at once, here it goes from the disk.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::store::StoreError;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60 * 60);

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

async fn all(context: &Context) -> Result<(), StoreError> {
    let keys = context.store.destroy_due_keys(context.now()).await?;
    if keys > 0 {
        tracing::info!(keys, "KMS keys were destroyed");
    }
    let events = context.store.delete_expired_events(context.now()).await?;
    if events > 0 {
        tracing::info!(events, "log events past their retention were removed");
    }
    Ok(())
}
