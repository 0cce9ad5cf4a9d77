//! Single-use links: whoever can sign a call gets one that signs a browser in as the same caller.
//!
//! The token stands in the fragment of the link, which browsers send to nobody; the page posts it. It works once,
//! within a minute, and gives no more than its maker has: the session it begins acts by the same access key.

use std::sync::Arc;

use axum::Json;
use axum::RequestExt;
use axum::body::to_bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use usher_wire::secret::Secret;
use usher_wire::sigv4::Authorization;
use zeroize::Zeroizing;

use super::refusal::Refusal;
use super::session;
use crate::context::Context;
use crate::error::ApiError;
use crate::identity::{Alphabet, Signature, Who, authenticate, digest, fresh};
use crate::store::{PassKind, PassRow};

/// Life of a link.
const LIFE_MS: i64 = 60 * 1000;
/// 260 bits.
const LETTERS: usize = 52;
/// Bytes of the body of a call that asks for a link: it has none.
const BODY: usize = 1024;

/// What opens the page signed in.
#[derive(Debug, Serialize)]
pub(super) struct Link {
    path: String,
    seconds: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Presented {
    token: Secret,
}

/// `POST /console/links`, signed for `sts`: a link for who signed it.
pub(super) async fn issue(
    State(context): State<Arc<Context>>,
    request: Request,
) -> Result<Json<Link>, Refusal> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY)
        .await
        .map_err(|_| Refusal::Unreadable)?;
    let caller = authenticate(&context, &parts, &body, "sts", Signature::SigV4).await?;
    match caller.who {
        Who::User { .. } | Who::AssumedRole(_) => {}
        Who::Node(_) | Who::Anonymous => return Err(Refusal::NotAPerson(caller.arn)),
    }
    let key = parts
        .headers
        .get(http::header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| Authorization::parse(value).ok())
        // A presigned call was made to be carried around; a link is for whoever holds the key now.
        .ok_or(Refusal::Unreadable)?;
    let token = make(&context, key.access_key_id()).await?;
    Ok(Json(Link {
        path: path(&token),
        seconds: LIFE_MS / 1000,
    }))
}

/// Makes a link that signs in by an access key, for who holds that key: the random part of it.
pub(crate) async fn make(
    context: &Context,
    access_key_id: &str,
) -> Result<Zeroizing<String>, ApiError> {
    let token = fresh(Alphabet::Base32, LETTERS)?;
    let now = context.now();
    let row = PassRow {
        hash: digest(&token),
        kind: PassKind::Link,
        access_key_id: access_key_id.to_owned(),
        expires: now.saturating_add(LIFE_MS),
    };
    context.store.insert_pass(&row, now).await?;
    Ok(token)
}

/// Where the link leads.
pub(crate) fn path(token: &str) -> String {
    format!("/console/#/sign-in?link={token}")
}

/// `POST /console/sign-in/link`.
pub(super) async fn sign_in(
    State(context): State<Arc<Context>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let read: Result<Json<Presented>, JsonRejection> =
        Request::from_parts(parts.clone(), body).extract().await;
    let Json(Presented { token }) = read.map_err(|_| Refusal::Unreadable)?;
    let link = context
        .store
        .pass(PassKind::Link, &digest(token.expose()), context.now())
        .await?
        .ok_or(Refusal::LinkNotValid)?;
    if !context.store.take_pass(&link).await? {
        return Err(Refusal::LinkNotValid);
    }
    session::begin(&context, &parts, &link.access_key_id).await
}
