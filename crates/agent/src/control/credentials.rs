//! The node's role credentials: asked for with the registration key, renewed at half of their life.

use std::convert::Infallible;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rsa::KeyPair;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use usher_aws::{CallError, Credentials, Identity, Ssm};
use usher_wire::ids::NodeId;

use crate::transport::random_fraction;

/// Even a token that says it lives shorter is not renewed more often.
const SHORTEST_LIFE: Duration = Duration::from_secs(30);

/// Even a token that says it lives longer is renewed this often.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// After a refusal that only an administrator can lift, as AWS's agent waits (25 to 30 min).
const REFUSED_WAIT: Duration = Duration::from_secs(25 * 60);

/// After other failures: doubling from this on.
const FIRST_WAIT: Duration = Duration::from_secs(1);

const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What the node proves itself with.
#[derive(Debug)]
pub(super) struct RegistrationKey {
    pub(super) node: NodeId,
    pub(super) key: KeyPair,
    pub(super) fingerprint: String,
}

/// Publishes credentials as long as the process lives.
pub(super) async fn renew(
    ssm: &Ssm,
    registration: &RegistrationKey,
    publish: &watch::Sender<Option<Credentials>>,
) -> Infallible {
    let identity = Identity::Registration {
        node: &registration.node,
        key: &registration.key,
    };
    let mut failures = 0;
    loop {
        let wait = match ssm.role_token(identity, &registration.fingerprint).await {
            Ok(token) => {
                failures = 0;
                let expires = expiry(token.token_expiration_date);
                publish.send_replace(Some(Credentials::temporary(
                    &token.access_key_id,
                    token.secret_access_key.expose(),
                    token.session_token.expose(),
                    expires,
                )));
                half_life(expires, SystemTime::now())
            }
            Err(error) => {
                let wait = wait_after(&error, failures, random_fraction());
                failures = failures.saturating_add(1);
                tracing::warn!("no credentials for this node, next try in {wait:?}: {error}");
                wait
            }
        };
        sleep_until(Instant::now() + wait).await;
    }
}

/// A date that is none is the past: the token is then renewed as often as is allowed.
fn expiry(epoch_seconds: f64) -> SystemTime {
    Duration::try_from_secs_f64(epoch_seconds)
        .ok()
        .and_then(|since| UNIX_EPOCH.checked_add(since))
        .unwrap_or(UNIX_EPOCH)
}

fn half_life(expires: SystemTime, now: SystemTime) -> Duration {
    let life = expires.duration_since(now).unwrap_or_default();
    life.clamp(SHORTEST_LIFE, LONGEST_LIFE) / 2
}

fn wait_after(error: &CallError, failures: u32, random: f64) -> Duration {
    let needs_an_administrator = matches!(
        error.code(),
        Some("AccessDeniedException" | "MachineFingerprintDoesNotMatch")
    );
    let base = if needs_an_administrator {
        REFUSED_WAIT
    } else {
        let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
        FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT)
    };
    base + base.mul_f64(random / 5.0)
}

#[cfg(test)]
mod tests {
    use usher_aws::ApiError;

    use super::*;

    fn refused(code: &str) -> CallError {
        CallError::Refused(ApiError {
            code: code.to_owned(),
            message: String::new(),
            status: 400,
        })
    }

    #[test]
    fn a_deregistered_node_asks_twice_an_hour_and_not_each_minute() {
        let wait = wait_after(&refused("AccessDeniedException"), 0, 0.0);
        assert_eq!(wait, REFUSED_WAIT);
        let wait = wait_after(&refused("MachineFingerprintDoesNotMatch"), 9, 1.0);
        assert_eq!(wait, REFUSED_WAIT + REFUSED_WAIT / 5);
    }

    #[test]
    fn other_failures_are_tried_again_ever_later_up_to_a_minute() {
        let error = refused("InternalServerError");
        let waits: Vec<u64> = (0..8)
            .map(|failures| wait_after(&error, failures, 0.0).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(wait_after(&error, 200, 0.0), LONGEST_WAIT);
    }

    #[test]
    fn a_token_is_renewed_at_half_of_its_life_within_bounds() {
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let hour = now + Duration::from_secs(3600);
        assert_eq!(half_life(hour, now), Duration::from_secs(1800));
        assert_eq!(half_life(expiry(f64::NAN), now), SHORTEST_LIFE / 2);
        assert_eq!(half_life(expiry(-1.0), now), SHORTEST_LIFE / 2);
        assert_eq!(half_life(expiry(1e300), now), SHORTEST_LIFE / 2);
        assert_eq!(half_life(expiry(1e11), now), LONGEST_LIFE / 2);
    }
}
