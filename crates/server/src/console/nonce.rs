//! The nonce that a proof of an access key must sign: good for one host, for a minute, once.
//!
//! A nonce is its own expiry, sealed under the root key for the host it was asked from. So handing one out stores
//! nothing, and nobody who holds no key can fill anything; only one that proved a key is remembered as spent.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::HOST;
use serde::Serialize;

use super::refusal::Refusal;
use crate::context::Context;
use crate::error::ApiError;
use crate::identity::digest;

/// Life of a nonce.
const LIFE_MS: i64 = 60 * 1000;
/// Characters of a sealed expiry; longer is none of ours.
const LETTERS: usize = 128;

#[derive(Debug, Serialize)]
pub(super) struct Issued {
    nonce: String,
    region: String,
}

/// `POST /console/sign-in/nonce`: a fresh nonce, and the region to sign for.
pub(super) async fn issue(
    State(context): State<Arc<Context>>,
    headers: HeaderMap,
) -> Result<Json<Issued>, Refusal> {
    let expires = context.now().saturating_add(LIFE_MS);
    let sealed = context
        .vault
        .seal(&sealed_for(host(&headers)), &expires.to_be_bytes())
        .map_err(ApiError::from)?;
    Ok(Json(Issued {
        nonce: URL_SAFE_NO_PAD.encode(sealed),
        region: context.config.region.clone(),
    }))
}

/// A nonce that is ours, for this host, and has not expired.
#[derive(Debug)]
pub(super) struct Checked {
    hash: Vec<u8>,
    expires: i64,
}

/// Checks `nonce` as it came back by way of `host`.
pub(super) fn check(context: &Context, nonce: &str, host: &str) -> Result<Checked, Refusal> {
    let refused = || Refusal::NonceNotValid;
    if nonce.len() > LETTERS {
        return Err(refused());
    }
    let sealed = URL_SAFE_NO_PAD.decode(nonce).map_err(|_| refused())?;
    let expires = context
        .vault
        .unseal(&sealed_for(host), &sealed)
        .map_err(|_| refused())?;
    let expires = <[u8; 8]>::try_from(expires.as_slice()).map_err(|_| refused())?;
    let expires = i64::from_be_bytes(expires);
    if expires <= context.now() {
        return Err(refused());
    }
    Ok(Checked {
        hash: digest(nonce),
        expires,
    })
}

impl Checked {
    /// Refuses a nonce that was spent before.
    pub(super) async fn spend(self, context: &Context) -> Result<(), Refusal> {
        let fresh = context
            .store
            .spend_console_nonce(&self.hash, self.expires, context.now())
            .await?;
        fresh.then_some(()).ok_or(Refusal::NonceNotValid)
    }
}

/// The host as the request names it; `http::guard` has seen that there is exactly one.
pub(super) fn host(headers: &HeaderMap) -> &str {
    headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default()
}

fn sealed_for(host: &str) -> String {
    format!("console nonce for {}", host.to_ascii_lowercase())
}
