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
use crate::api::{self, Service};
use crate::audit::{self, Heard};
use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::http::{RequestId, heard};
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
        Service::CloudTrail,
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
    let (parts, body) = request.into_parts();
    let reading = to_bytes(body, limits::BODY);
    let Ok(Ok(body)) = timeout(limits::BODY_TIME, reading).await else {
        return Err(Refusal::Unreadable);
    };
    let heard = Heard {
        access_key_id: Some(signed_in.pass.access_key_id),
        by_console: true,
        ..heard(&parts, &RequestId::fresh())
    };
    let caller = Arc::clone(&signed_in.caller);
    let output = audit::serve(context, entry, caller, body, heard, ()).await;
    tracing::info!(
        operation = entry.name,
        rule = entry.rule,
        caller = signed_in.caller.arn,
        served = output.is_ok(),
        "called from the console"
    );
    Ok(([(CACHE_CONTROL, "no-store")], Json(output?)).into_response())
}
