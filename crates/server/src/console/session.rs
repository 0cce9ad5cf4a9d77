//! A browser's session: begun by a proof, short, ended at will, and never longer than the key it acts by.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use super::cookie;
use super::door::SignedIn;
use super::nonce::host;
use super::refusal::Refusal;
use crate::context::Context;
use crate::identity::{digest, key_holder};
use crate::store::{PassKind, PassRow};

/// The longest a browser stays signed in.
const LIFE_MS: i64 = 4 * 60 * 60 * 1000;

/// What the page shows about who is signed in.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    arn: String,
    name: String,
    account: String,
    region: String,
    endpoint: String,
    expires: i64,
}

/// Begins a session that acts by a key which was just proven, and answers with its cookie.
pub(super) async fn begin(
    context: &Context,
    parts: &Parts,
    access_key_id: &str,
) -> Result<Response, Refusal> {
    let (caller, key_expires) = key_holder(context, parts, access_key_id).await?;
    let now = context.now();
    let longest = now.saturating_add(LIFE_MS);
    let expires = key_expires.map_or(longest, |key| key.min(longest));
    let id = cookie::fresh_id()?;
    let row = PassRow {
        hash: digest(&id),
        kind: PassKind::Session,
        access_key_id: access_key_id.to_owned(),
        expires,
    };
    context.store.insert_pass(&row, now).await?;
    tracing::info!(caller = caller.arn, "signed in to the console");
    let seconds = expires.saturating_sub(now) / 1000;
    Ok(with_cookie(cookie::set(&id, seconds, host(&parts.headers))))
}

/// `POST /console/session`: who is signed in.
pub(super) async fn describe(
    State(context): State<Arc<Context>>,
    Extension(signed_in): Extension<SignedIn>,
) -> Response {
    let SignedIn { caller, pass } = signed_in;
    let described = Described {
        arn: caller.arn.clone(),
        name: caller.name.clone(),
        account: context.config.account.to_string(),
        region: context.config.region.clone(),
        endpoint: context.config.public_url.clone(),
        expires: pass.expires,
    };
    ([(CACHE_CONTROL, "no-store")], Json(described)).into_response()
}

/// `POST /console/sign-out`: the cookie counts no longer, wherever it was copied to.
pub(super) async fn sign_out(
    State(context): State<Arc<Context>>,
    Extension(signed_in): Extension<SignedIn>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    context.store.take_pass(&signed_in.pass).await?;
    Ok(with_cookie(cookie::clear(host(&headers))))
}

fn with_cookie(cookie: Option<HeaderValue>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = cookie {
        headers.insert(SET_COOKIE, cookie);
    }
    response
}
