//! The trail's records sent to an address of the operator's, as EventBridge would send them.
//!
//! Owns two invariants: the trail is the queue, so that nothing waits in memory and a restart loses nothing; and events go
//! one after the other in the trail's order, each at least once. A receiver that does not take them is asked again until
//! it does. It must not know what happened: `event` reads that from the record.

mod event;
mod signature;

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use usher_aws::{Webhook, WebhookError};
use zeroize::Zeroizing;

use super::record::of_event;
use crate::api::Service;
use crate::config::AuditWebhook;
use crate::context::Context;
use crate::store::{Store, StoreError};
use event::{Event, event_of};
use signature::{Malformed, SigningSecret};

/// Records that are read at a time.
const PAGE: i64 = 100;

/// Time for the receiver to answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// The longest wait before another try; the first is a second, and each is twice the one before.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// How old an event must be before it is given up, milliseconds, and only if the receiver says that it is this event that
/// it does not take. EventBridge gives up after a day as well.
const GIVEN_UP_AFTER_MS: i64 = 24 * 60 * 60 * 1000;

/// Statuses by which a receiver says so: Bad Request, Content Too Large, Unsupported Media Type, Unprocessable Content.
const NOT_THIS_ONE: [u16; 4] = [400, 413, 415, 422];

/// Why the server cannot send events as it was told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiverError {
    #[error("the webhook's secret {path} cannot be read: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(
        "the webhook's secret {path} can be read by every user of this machine: take that away (chmod o-rwx)"
    )]
    Exposed { path: PathBuf },
    #[error("the webhook's secret {path} {source}")]
    Malformed { path: PathBuf, source: Malformed },
    #[error(transparent)]
    Client(#[from] WebhookError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an event was not taken.
#[derive(Debug, thiserror::Error)]
enum Untaken {
    #[error(transparent)]
    Silent(#[from] WebhookError),
    #[error("the receiver answers {0}")]
    Refused(u16),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Unrecorded(#[from] super::trail::Unrecorded),
}

/// Who gets the events.
#[derive(Debug)]
pub(crate) struct Receiver {
    webhook: Webhook,
    secret: SigningSecret,
}

impl Receiver {
    /// The one that `settings` name. It gets what is recorded from the first time on that there is one.
    pub(crate) async fn open(
        settings: &AuditWebhook,
        store: &Store,
    ) -> Result<Self, ReceiverError> {
        let secret = read_secret(&settings.secret_file)?;
        let webhook = Webhook::new(settings.url.clone(), ANSWER_TIME)?;
        let (last, _) = store.last_audit().await?;
        store.begin_audit_webhook(last).await?;
        Ok(Self { webhook, secret })
    }
}

fn read_secret(path: &Path) -> Result<SigningSecret, ReceiverError> {
    let unreadable = |source| ReceiverError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mode = fs::metadata(path).map_err(unreadable)?.mode();
    if mode & 0o007 != 0 {
        return Err(ReceiverError::Exposed {
            path: path.to_owned(),
        });
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?);
    SigningSecret::parse(&text).map_err(|source| ReceiverError::Malformed {
        path: path.to_owned(),
        source,
    })
}

/// Sends what there is to send, and then what comes, until `stop`.
pub(crate) async fn run(context: &Context, stop: &CancellationToken) {
    let Some(receiver) = &context.receiver else {
        return;
    };
    let mut tries = 0;
    loop {
        let mut sent = 0;
        let outcome = stop
            .run_until_cancelled(round(context, receiver, &mut sent))
            .await;
        match outcome {
            None => return,
            Some(Ok(())) => {
                tries = 0;
                if stop
                    .run_until_cancelled(context.store.audit_appended())
                    .await
                    .is_none()
                {
                    return;
                }
            }
            Some(Err(error)) => {
                tries = if sent > 0 { 0 } else { tries + 1 };
                let wait = wait_after(tries);
                tracing::warn!(%error, tries, wait_s = wait.as_secs(), "an event of the audit trail was not taken; it is sent again");
                if stop.run_until_cancelled(sleep(wait)).await.is_none() {
                    return;
                }
            }
        }
    }
}

fn wait_after(tries: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
    Duration::from_secs(1)
        .saturating_mul(doubled)
        .min(LONGEST_WAIT)
}

/// Sends everything that was not sent yet, and counts it. A stop may end it anywhere: what was not marked is sent again.
async fn round(context: &Context, receiver: &Receiver, sent: &mut u64) -> Result<(), Untaken> {
    let store = &context.store;
    loop {
        let place = store.audit_webhook_place().await?;
        let rows = store.audit_from(place + 1, PAGE).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        for row in &rows {
            if let Some(event) = event_of(&row.entry.record) {
                deliver(context, receiver, &event, row.entry.event_time).await?;
                *sent += 1;
                store.mark_audit_webhook(row.number).await?;
            }
        }
        store.mark_audit_webhook(last.number).await?;
    }
}

/// Sends one event; it is through as well when it was given up, which is recorded.
async fn deliver(
    context: &Context,
    receiver: &Receiver,
    event: &Event,
    event_time: i64,
) -> Result<(), Untaken> {
    let now = context.now();
    let headers = receiver.secret.headers(&event.id, now / 1000, &event.body);
    let status = receiver.webhook.post(&headers, event.body.clone()).await?;
    if (200..300).contains(&status) {
        return Ok(());
    }
    let is_old = now.saturating_sub(event_time) >= GIVEN_UP_AFTER_MS;
    if !(is_old && NOT_THIS_ONE.contains(&status)) {
        return Err(Untaken::Refused(status));
    }
    tracing::error!(
        event = event.id,
        status,
        "an event of the audit trail was given up: its receiver does not take it"
    );
    let details = json!({"eventID": event.id, "status": status});
    let record = of_event(
        context.config.scope(),
        "WebhookEventGivenUp",
        Service::CloudTrail,
        &details,
        &[],
        now,
    );
    Ok(context.trail.write(&record).await?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_receiver_is_asked_again_later_and_later_but_never_after_more_than_five_minutes() {
        let waits: Vec<u64> = (1..=10).map(|tries| wait_after(tries).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(wait_after(u32::MAX), LONGEST_WAIT);
    }

    #[test]
    fn a_secret_that_everybody_may_read_is_refused_and_so_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(matches!(
            read_secret(&path),
            Err(ReceiverError::Unreadable { .. })
        ));
        fs::write(&path, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        for (mode, is_exposed) in [(0o644, true), (0o641, true), (0o640, false), (0o600, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let found = read_secret(&path);
            assert_eq!(
                matches!(found, Err(ReceiverError::Exposed { .. })),
                is_exposed,
                "{mode:o}"
            );
            assert_eq!(found.is_ok(), !is_exposed, "{mode:o}");
        }
        fs::write(&path, "secret").unwrap();
        assert!(matches!(
            read_secret(&path),
            Err(ReceiverError::Malformed { .. })
        ));
    }
}
