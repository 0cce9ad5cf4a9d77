//! Who signs: an access key, secret for as long as it lives in memory, and where the next one comes from.

use std::fmt;
use std::time::{Duration, SystemTime};

use usher_wire::secret::Secret;
use usher_wire::sigv4::SigningCredentials;

/// An access key, long-term or temporary.
#[derive(Clone)]
pub struct Credentials {
    /// `AKIA…` or `ASIA…`.
    pub access_key_id: String,
    /// Never printed, wiped on drop.
    pub secret_access_key: Secret,
    /// Present for temporary keys only.
    pub session_token: Option<Secret>,
    /// When the key stops working, where that is known.
    pub expires: Option<SystemTime>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// A key that does not expire on its own.
    #[must_use]
    pub fn long_term(access_key_id: &str, secret_access_key: &str) -> Self {
        Self {
            access_key_id: access_key_id.to_owned(),
            secret_access_key: secret_access_key.into(),
            session_token: None,
            expires: None,
        }
    }

    /// A key that works only together with its token.
    #[must_use]
    pub fn temporary(
        access_key_id: &str,
        secret_access_key: &str,
        session_token: &str,
        expires: SystemTime,
    ) -> Self {
        Self {
            session_token: Some(session_token.into()),
            expires: Some(expires),
            ..Self::long_term(access_key_id, secret_access_key)
        }
    }

    pub(crate) fn to_signing(&self) -> SigningCredentials {
        SigningCredentials {
            access_key_id: self.access_key_id.clone(),
            secret: self.secret_access_key.clone(),
            session_token: self.session_token.clone(),
        }
    }

    /// Whether the key still has `margin` to live at `now`.
    #[must_use]
    pub fn outlives(&self, now: SystemTime, margin: Duration) -> bool {
        self.expires.is_none_or(|expires| now + margin < expires)
    }
}

/// No credentials could be had.
#[derive(Debug, Clone, thiserror::Error)]
#[error("no AWS credentials: {0}")]
pub struct CredentialError(pub String);

/// Where credentials come from, for callers that outlive one key.
#[derive(Debug)]
pub enum CredentialSource {
    /// A key given by the caller, who renews it by making another source.
    Fixed(Credentials),
    /// Environment, profile, single sign-on, instance metadata: whatever the AWS CLI would use.
    #[cfg(feature = "profiles")]
    Chain(crate::profiles::Chain),
}

impl CredentialSource {
    /// Credentials that are good now.
    ///
    /// # Errors
    /// When no provider of the chain has any.
    pub async fn current(&self) -> Result<Credentials, CredentialError> {
        match self {
            Self::Fixed(credentials) => Ok(credentials.clone()),
            #[cfg(feature = "profiles")]
            Self::Chain(chain) => chain.current().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_never_printed() {
        let key = Credentials::temporary(
            "ASIAEXAMPLE",
            "top-secret",
            "token-secret",
            SystemTime::UNIX_EPOCH,
        );
        let printed = format!("{key:?}");
        assert!(printed.contains("ASIAEXAMPLE"));
        assert!(
            !printed.contains("secret\"")
                && !printed.contains("top-secret")
                && !printed.contains("token-secret")
        );
    }

    #[test]
    fn a_key_about_to_expire_does_not_outlive_the_margin() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let key = Credentials::temporary("A", "s", "t", now + Duration::from_secs(60));
        assert!(!key.outlives(now, Duration::from_secs(60)));
        assert!(key.outlives(now, Duration::from_secs(59)));
        assert!(
            Credentials::long_term("A", "s")
                .outlives(now, Duration::from_secs(u64::from(u32::MAX)))
        );
    }
}
