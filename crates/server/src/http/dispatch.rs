//! One AWS call from request to answer: read, name, authenticate, serve.
//!
//! The order is the contract: nothing is decoded for a caller that did not sign, and nothing runs
//! for one that its rule does not let through.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use serde_json::Value;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::answer::{RequestId, error_response, output_response};
use super::body::read;
use crate::api::{self, Call, Entry, Service};
use crate::codec::Form;
use crate::context::Context;
use crate::error::{ApiError, Code, Protocol};
use crate::identity::authenticate;

const TARGET: &str = "x-amz-target";

/// `POST /`, and `GET /` for presigned query calls. What is logged on the way, decisions included, carries the
/// request's id.
pub(crate) async fn aws_call(State(context): State<Arc<Context>>, request: Request) -> Response {
    let id = RequestId::fresh();
    let span =
        tracing::info_span!("call", request = %id, operation = Empty, rule = Empty, caller = Empty);
    let (parts, body) = request.into_parts();
    let protocol = match parts.headers.contains_key(TARGET) {
        true => Protocol::Json,
        false => Protocol::Query,
    };
    let answer = answer(&context, protocol, &parts, body)
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
    context: &Context,
    protocol: Protocol,
    parts: &Parts,
    body: Body,
) -> Result<(&'static Entry, Value), ApiError> {
    let body = read(&context.large_bodies, parts, target(parts), body).await?;
    let input = input(protocol, parts, &body.bytes);
    let entry = named(protocol, parts, &input)?;
    Span::current()
        .record("operation", entry.name)
        .record("rule", entry.rule);
    let caller = authenticate(
        context,
        parts,
        &body.bytes,
        entry.service.scope_name(),
        entry.signature,
    )
    .await?;
    Span::current().record("caller", &caller.arn);
    let output = (entry.serve)(
        Call {
            context,
            caller: &caller,
        },
        &input,
    )
    .await?;
    Ok((entry, output))
}

/// Where the input stands: in the body, or in the address of a presigned query call, which has no body.
fn input(protocol: Protocol, parts: &Parts, body: &Bytes) -> Bytes {
    match (protocol, parts.uri.query()) {
        (Protocol::Query, Some(query)) if body.is_empty() => {
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
            .and_then(|target| target.split_once('.'))
            .and_then(|(prefix, name)| api::find(Service::of_target(prefix)?, name)),
        Protocol::Query => {
            let form = Form::parse(body)?;
            let service = match form.first("Version") {
                Some("2010-05-08") => Some(Service::Iam),
                Some("2011-06-15") => Some(Service::Sts),
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
