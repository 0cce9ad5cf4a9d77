//! One AWS call from request to answer: read, name, authenticate, serve.
//!
//! The order is the contract: nothing is decoded for a caller that did not sign, and nothing runs
//! for one that its rule does not let through.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{AUTHORIZATION, USER_AGENT};
use http::request::Parts;
use serde_json::Value;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::answer::{RequestId, error_response, output_response};
use super::body::read;
use super::listener::Peer;
use crate::api::{self, Entry, Service};
use crate::audit::{self, Heard};
use crate::codec::Form;
use crate::context::Context;
use crate::error::{ApiError, Code, Protocol};
use crate::identity::authenticate;

const TARGET: &str = "x-amz-target";

/// Characters of an access key id that the trail keeps of a request that proves nothing yet.
const LONGEST_KEY: usize = 128;

/// `POST /`, and `GET /` for presigned query calls. What is logged on the way, decisions included, carries the
/// request's id.
pub(crate) async fn aws_call(State(context): State<Arc<Context>>, request: Request) -> Response {
    let id = RequestId::fresh();
    let span =
        tracing::info_span!("call", request = %id, operation = Empty, rule = Empty, caller = Empty);
    let (parts, body) = request.into_parts();
    let protocol = protocol(&parts);
    let answer = answer(&context, protocol, &parts, body, &id)
        .instrument(span.clone())
        .await;
    span.in_scope(|| match answer {
        Ok((entry, output)) => {
            tracing::info!("served");
            output_response(entry, &output, &id)
        }
        Err(error) => {
            log_refusal(&error);
            error_response(protocol, &error, &id)
        }
    })
}

async fn answer(
    context: &Arc<Context>,
    protocol: Protocol,
    parts: &Parts,
    body: Body,
    id: &RequestId,
) -> Result<(&'static Entry, Value), ApiError> {
    let body = read(&context.large_bodies, parts, target(parts), body).await?;
    let input = input(protocol, parts, &body.bytes);
    let entry = named(protocol, parts, &input)?;
    Span::current()
        .record("operation", entry.name)
        .record("rule", entry.rule);
    let heard = heard(parts, id);
    let service = entry.service.scope_name();
    let caller = match authenticate(context, parts, &body.bytes, service, entry.signature).await {
        Ok(caller) => caller,
        Err(error) => {
            audit::unproven(context, entry, &heard, &error).await?;
            return Err(error);
        }
    };
    Span::current().record("caller", &caller.arn);
    let (context, caller) = (Arc::clone(context), Arc::new(caller));
    let output = audit::serve(context, entry, caller, input, heard, body).await?;
    Ok((entry, output))
}

/// What the trail says of the request.
pub(crate) fn heard(parts: &Parts, id: &RequestId) -> Heard {
    let header = |name| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
    Heard {
        request_id: id.to_string(),
        source: parts
            .extensions
            .get::<Peer>()
            .map(|peer| peer.0.ip().to_canonical().to_string()),
        user_agent: header(USER_AGENT),
        access_key_id: header(AUTHORIZATION)
            .as_deref()
            .and_then(named_key)
            .or_else(|| parts.uri.query().and_then(named_key)),
        by_console: false,
    }
}

/// The key in `Credential=AKIA…/20261122/…`, whoever wrote it: in the header, or percent-encoded in a presigned query.
fn named_key(signed: &str) -> Option<String> {
    let (_, scope) = signed.split_once("Credential=")?;
    let key: String = scope
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
        .take(LONGEST_KEY)
        .collect();
    (!key.is_empty()).then_some(key)
}

/// The format of the answer, which is known before anything is read so that a refusal has it too: EC2 shares its way of
/// calling with IAM and STS, but not that of answering, and is told from them by whom the call is signed for.
fn protocol(parts: &Parts) -> Protocol {
    let is_for_ec2 = |signed: &HeaderValue| {
        let signed = signed.to_str().unwrap_or_default();
        signed.contains("/ec2/aws4_request")
    };
    match parts.headers.get(AUTHORIZATION) {
        _ if parts.headers.contains_key(TARGET) => Protocol::Json,
        Some(signed) if is_for_ec2(signed) => Protocol::Ec2,
        _ => Protocol::Query,
    }
}

/// Where the input stands: in the body, or in the address of a presigned query call, which has no body.
fn input(protocol: Protocol, parts: &Parts, body: &Bytes) -> Bytes {
    match (protocol, parts.uri.query()) {
        (Protocol::Query | Protocol::Ec2, Some(query)) if body.is_empty() => {
            Bytes::copy_from_slice(query.as_bytes())
        }
        _ => body.clone(),
    }
}

/// What `X-Amz-Target` says.
fn target(parts: &Parts) -> Option<&str> {
    parts.headers.get(TARGET)?.to_str().ok()
}

/// The operation that the request names: by header for JSON services, in the form for the others.
fn named(protocol: Protocol, parts: &Parts, body: &Bytes) -> Result<&'static Entry, ApiError> {
    let found = match protocol {
        Protocol::Json => target(parts)
            .and_then(|target| target.rsplit_once('.'))
            .and_then(|(prefix, name)| api::find(Service::of_target(prefix)?, name)),
        Protocol::Query | Protocol::Ec2 => {
            let form = Form::parse(body)?;
            let service = match form.first("Version") {
                Some("2010-05-08") => Some(Service::Iam),
                Some("2011-06-15") => Some(Service::Sts),
                Some("2016-11-15") => Some(Service::Ec2),
                _ => None,
            };
            service
                .zip(form.first("Action"))
                .and_then(|(service, name)| api::find(service, name))
        }
    };
    found.ok_or_else(|| {
        ApiError::new(
            Code::UnknownOperation,
            "This server does not serve the operation that the request names.",
        )
    })
}

/// Messages are made for callers and so free of secrets; causes are our own and told to nobody else.
fn log_refusal(error: &ApiError) {
    match error.inside() {
        Some(cause) => tracing::error!(cause, "failed"),
        None => tracing::info!(code = ?error.code(), told = error.message(), "refused"),
    }
}
