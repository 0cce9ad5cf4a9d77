//! The providers' public keys, fetched when a token needs them and kept for an hour.
//!
//! A key that is not among them makes us ask again, but not within [`limits::PROVIDER_KEYS_PAUSE`]: strangers with
//! made-up tokens must not make us a nuisance to a provider. An answer is bounded in time and size.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use usher_aws::{PublicJson, PublicJsonError};

use super::Issuer;
use crate::limits;

/// Why a provider's keys are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeysError {
    /// The provider does not publish them as it should.
    #[error(transparent)]
    Unread(#[from] PublicJsonError),
    /// The discovery document is another issuer's.
    #[error("{0} describes another issuer")]
    OtherIssuer(String),
    /// The keys are where anybody could exchange them on the way.
    #[error("{0} names keys that are not reached by https")]
    UnsafeKeys(String),
}

#[derive(Debug, Clone)]
struct Kept {
    keys: Arc<JwkSet>,
    since: Instant,
}

/// The keys of every provider asked so far.
#[derive(Debug)]
pub(crate) struct ProviderKeys {
    published: PublicJson,
    kept: Mutex<HashMap<String, Kept>>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl ProviderKeys {
    /// Knows none yet.
    pub(crate) fn new() -> Self {
        Self {
            published: PublicJson::new(limits::PROVIDER_TIME, limits::PROVIDER_ANSWER),
            kept: Mutex::default(),
        }
    }

    /// The keys of `issuer` as they were at most an hour ago.
    pub(crate) async fn of(&self, issuer: &Issuer) -> Result<Arc<JwkSet>, KeysError> {
        match self.kept(issuer) {
            Some(kept) if kept.since.elapsed() < limits::PROVIDER_KEYS_TIME => Ok(kept.keys),
            _ => self.fetch(issuer).await,
        }
    }

    /// The same for a token whose key was not among them.
    pub(crate) async fn afresh(&self, issuer: &Issuer) -> Result<Arc<JwkSet>, KeysError> {
        match self.kept(issuer) {
            Some(kept) if kept.since.elapsed() < limits::PROVIDER_KEYS_PAUSE => Ok(kept.keys),
            _ => self.fetch(issuer).await,
        }
    }

    /// Forgets what is no provider any more.
    pub(crate) fn forget(&self, issuer: &str) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(issuer);
    }

    fn kept(&self, issuer: &Issuer) -> Option<Kept> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(issuer.url()).cloned()
    }

    async fn fetch(&self, issuer: &Issuer) -> Result<Arc<JwkSet>, KeysError> {
        let url = issuer.discovery();
        let discovery: Discovery = self.published.get(&url, "a discovery document").await?;
        if discovery.issuer != issuer.url() {
            return Err(KeysError::OtherIssuer(url));
        }
        // Keys are worth what the way to them is worth.
        let place = discovery.jwks_uri.split(['?', '#']).next();
        if place.is_none_or(|place| Issuer::parse(place).is_err()) {
            return Err(KeysError::UnsafeKeys(url));
        }
        let keys: JwkSet = self
            .published
            .get(&discovery.jwks_uri, "a set of keys")
            .await?;
        let kept = Kept {
            keys: Arc::new(keys),
            since: Instant::now(),
        };
        let keys = Arc::clone(&kept.keys);
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(issuer.url().to_owned(), kept);
        tracing::info!(%issuer, "keys fetched");
        Ok(keys)
    }
}
