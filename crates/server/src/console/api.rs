//! The AWS operations for a page: the same table, the same rule before each of them, a cookie instead of a signature.
//!
//! The body is the operation's own (JSON, or a form for the query services); the answer is JSON for all. Operations
//! that nobody signs, or that nodes sign with their registration keys, are not for pages and not reached from here.

use std::sync::Arc;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Extension, Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use tokio::time::timeout;

use super::door::SignedIn;
use super::refusal::Refusal;
use crate::api::{self, Call, Service};
use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::identity::Signature;
use crate::limits;

/// `POST /console/api/{service}/{operation}`.
pub(super) async fn call(
    State(context): State<Arc<Context>>,
    Path((service, operation)): Path<(String, String)>,
    Extension(signed_in): Extension<SignedIn>,
    request: Request,
) -> Result<Response, Refusal> {
    let entry = [
        Service::Ssm,
        Service::Kms,
        Service::Logs,
        Service::Iam,
        Service::Sts,
    ]
    .into_iter()
    .find(|served| served.scope_name() == service)
    .and_then(|service| api::find(service, &operation))
    .filter(|entry| entry.signature == Signature::SigV4)
    .ok_or_else(|| {
        ApiError::new(
            Code::UnknownOperation,
            "The console does not serve the operation that the request names.",
        )
    })?;
    let reading = to_bytes(request.into_body(), limits::BODY);
    let Ok(Ok(body)) = timeout(limits::BODY_TIME, reading).await else {
        return Err(Refusal::Unreadable);
    };
    let call = Call {
        context: &context,
        caller: &signed_in.caller,
    };
    let output = (entry.serve)(call, &body).await;
    tracing::info!(
        operation = entry.name,
        rule = entry.rule,
        caller = signed_in.caller.arn,
        served = output.is_ok(),
        "called from the console"
    );
    Ok(([(CACHE_CONTROL, "no-store")], Json(output?)).into_response())
}
