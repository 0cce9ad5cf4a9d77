//! Signing in with an access key whose secret stays in the page.
//!
//! The page signs a GetCallerIdentity for this host with a nonce of ours among the signed headers, and posts what it
//! would have sent beside the signature; the call is put together here and checked as any other. So a call that was
//! made for another purpose or another host signs nobody in, and the proof serves once.

use std::sync::Arc;

use axum::Json;
use axum::RequestExt;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Uri};
use serde::Deserialize;
use usher_wire::secret::Secret;
use usher_wire::sigv4::Authorization;

use super::nonce;
use super::refusal::Refusal;
use super::session;
use crate::context::Context;
use crate::identity::{Signature, Who, authenticate};

const BODY: &[u8] = b"Action=GetCallerIdentity&Version=2011-06-15";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
const NONCE: HeaderName = HeaderName::from_static("x-amz-usher-nonce");
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// What the page would have sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Proof {
    authorization: Secret,
    date: String,
    nonce: String,
    session_token: Option<Secret>,
}

/// `POST /console/sign-in/key`.
pub(super) async fn sign_in(
    State(context): State<Arc<Context>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let read: Result<Json<Proof>, JsonRejection> =
        Request::from_parts(parts.clone(), body).extract().await;
    let Json(proof) = read.map_err(|_| Refusal::Unreadable)?;
    let host = nonce::host(&parts.headers);
    let nonce = nonce::check(&context, &proof.nonce, host)?;
    let authorization =
        Authorization::parse(proof.authorization.expose()).map_err(|_| Refusal::Unreadable)?;
    let signs = |name: &HeaderName| {
        authorization
            .signed_headers()
            .iter()
            .any(|signed| signed == name.as_str())
    };
    if !signs(&HOST) || !signs(&NONCE) {
        return Err(Refusal::ProofTooNarrow);
    }
    let signed = signed_call(&parts, &proof).ok_or(Refusal::Unreadable)?;
    let body = Bytes::from_static(BODY);
    let caller = authenticate(&context, &signed, &body, "sts", Signature::SigV4).await?;
    match caller.who {
        Who::User { .. } | Who::AssumedRole(_) => {}
        Who::Node(_) | Who::Anonymous => return Err(Refusal::NotAPerson(caller.arn)),
    }
    nonce.spend(&context).await?;
    session::begin(&context, &parts, authorization.access_key_id()).await
}

/// The call that was signed, from this request's own host.
fn signed_call(parts: &Parts, proof: &Proof) -> Option<Parts> {
    let (mut signed, ()) = http::Request::new(()).into_parts();
    signed.method = Method::POST;
    signed.uri = Uri::from_static("/");
    signed.extensions = parts.extensions.clone();
    let headers = &mut signed.headers;
    headers.insert(HOST, parts.headers.get(HOST)?.clone());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
    headers.insert(AUTHORIZATION, value(proof.authorization.expose())?);
    headers.insert(DATE, value(&proof.date)?);
    headers.insert(NONCE, value(&proof.nonce)?);
    if let Some(token) = &proof.session_token {
        headers.insert(TOKEN, value(token.expose())?);
    }
    Some(signed)
}

fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok()
}
