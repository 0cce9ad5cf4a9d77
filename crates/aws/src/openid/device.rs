//! Signing in on another device (RFC 8628): the provider gives a short code, the person enters it elsewhere, and we ask
//! whether that has happened, no more often than the provider allows.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, sleep_until};
use usher_wire::secret::Secret;

use super::{OpenIdClient, OpenIdError, Provider, Tokens};

/// How often we ask where the provider does not say (section 3.2), and how much less often when it says so (3.5), seconds.
const PACE: u64 = 5;
/// A provider cannot keep us longer, in seconds, nor between two questions.
const LONGEST: u64 = 30 * 60;
const LONGEST_PACE: u64 = 60;

/// What the person has to enter where.
#[derive(Deserialize)]
pub struct DeviceQuestion {
    device_code: Secret,
    /// For the person to enter.
    pub user_code: String,
    /// Where to enter it.
    pub verification_uri: String,
    /// The same with the code in it, where the provider has that.
    pub verification_uri_complete: Option<String>,
    expires_in: u64,
    interval: Option<u64>,
}

impl fmt::Debug for DeviceQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceQuestion")
            .field("verification_uri", &self.verification_uri)
            .finish_non_exhaustive()
    }
}

impl Provider {
    /// Asks for a code that a person can enter elsewhere.
    ///
    /// # Errors
    /// The provider's refusal, or that it offers nothing of the kind.
    pub async fn ask_by_device(
        &self,
        client: &OpenIdClient,
    ) -> Result<DeviceQuestion, OpenIdError> {
        let endpoint = self.device_endpoint()?;
        let scope = client.scope();
        self.post(client, &endpoint, &[("scope", &scope)]).await
    }

    /// Waits until the person has entered the code.
    ///
    /// # Errors
    /// The person's or the provider's refusal, and that the code has expired.
    pub async fn wait_for_device(
        &self,
        client: &OpenIdClient,
        question: &DeviceQuestion,
    ) -> Result<Tokens, OpenIdError> {
        let mut pace = question.interval.unwrap_or(PACE).clamp(1, LONGEST_PACE);
        let mut next = Instant::now();
        let end = next + Duration::from_secs(question.expires_in.min(LONGEST));
        let expired = || OpenIdError::DeviceExpired {
            issuer: self.issuer().to_owned(),
        };
        loop {
            next = next.max(Instant::now()) + Duration::from_secs(pace);
            if next > end {
                return Err(expired());
            }
            sleep_until(next).await;
            match self.device_tokens(client, &question.device_code).await {
                Err(OpenIdError::Refused { code, .. }) if code == "authorization_pending" => {}
                Err(OpenIdError::Refused { code, .. }) if code == "slow_down" => {
                    pace = (pace + PACE).min(LONGEST_PACE);
                }
                Err(OpenIdError::Refused { code, .. }) if code == "expired_token" => {
                    return Err(expired());
                }
                answer => return answer,
            }
        }
    }
}
