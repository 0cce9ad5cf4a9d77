//! The providers' public keys, fetched when a token needs them and kept for an hour.
//!
//! A key that is not among them makes us ask again, but not within [`limits::PROVIDER_KEYS_PAUSE`], and a provider that
//! does not answer is left alone for [`limits::PROVIDER_PAUSE`]: strangers with made-up tokens must not make us a nuisance
//! to a provider, nor wait for it one after the other. An answer is bounded in time and size.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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

/// What is known of one provider.
#[derive(Debug, Default)]
struct Provider {
    /// Whoever holds it asks; the others wait for what comes of it.
    asking: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Option<(Arc<JwkSet>, Instant)>,
    failure: Option<(KeysError, Instant)>,
}

impl Provider {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys, if they were fetched within this time.
    fn keys(&self, within: Duration) -> Option<Arc<JwkSet>> {
        let known = self.known();
        let (keys, since) = known.keys.as_ref()?;
        (since.elapsed() < within).then(|| Arc::clone(keys))
    }

    /// Why there were none, a moment ago.
    fn failure(&self) -> Option<KeysError> {
        let known = self.known();
        let (error, since) = known.failure.as_ref()?;
        (since.elapsed() < limits::PROVIDER_PAUSE).then(|| error.clone())
    }
}

/// The keys of every provider asked so far.
#[derive(Debug)]
pub(crate) struct ProviderKeys {
    published: PublicJson,
    providers: Mutex<HashMap<String, Arc<Provider>>>,
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
            providers: Mutex::default(),
        }
    }

    /// The keys of `issuer` as they were at most an hour ago. Older ones are not believed while it does not answer: it may
    /// have withdrawn one.
    pub(crate) async fn of(&self, issuer: &Issuer) -> Result<Arc<JwkSet>, KeysError> {
        self.within(issuer, limits::PROVIDER_KEYS_TIME).await
    }

    /// The same for a token whose key was not among them.
    pub(crate) async fn afresh(&self, issuer: &Issuer) -> Result<Arc<JwkSet>, KeysError> {
        self.within(issuer, limits::PROVIDER_KEYS_PAUSE).await
    }

    /// Forgets what is no provider any more.
    pub(crate) fn forget(&self, issuer: &str) {
        self.providers().remove(issuer);
    }

    fn providers(&self) -> MutexGuard<'_, HashMap<String, Arc<Provider>>> {
        self.providers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn within(&self, issuer: &Issuer, time: Duration) -> Result<Arc<JwkSet>, KeysError> {
        let provider = {
            let mut providers = self.providers();
            Arc::clone(providers.entry(issuer.url().to_owned()).or_default())
        };
        if let Some(keys) = provider.keys(time) {
            return Ok(keys);
        }
        let _asking = provider.asking.lock().await;
        // Somebody else may have asked while this one waited.
        if let Some(keys) = provider.keys(time) {
            return Ok(keys);
        }
        if let Some(error) = provider.failure() {
            return Err(error);
        }
        let fetched = self.fetch(issuer).await;
        let mut known = provider.known();
        match &fetched {
            Ok(keys) => known.keys = Some((Arc::clone(keys), Instant::now())),
            Err(error) => known.failure = Some((error.clone(), Instant::now())),
        }
        fetched
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
        tracing::info!(%issuer, "keys fetched");
        Ok(Arc::new(keys))
    }
}
