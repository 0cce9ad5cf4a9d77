//! The names of the buckets, for the page that picks one. S3's own answer is XML and signed for; whoever may list all
//! buckets there may know their names here.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;

use super::door::SignedIn;
use super::refusal::Refusal;
use crate::api::Call;
use crate::context::Context;
use crate::identity::Resource;

/// `POST /console/buckets`: a list of names.
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    Extension(signed_in): Extension<SignedIn>,
) -> Result<Response, Refusal> {
    let call = Call {
        context: &context,
        caller: &signed_in.caller,
    };
    call.demand("s3:ListAllMyBuckets", &Resource::Any).await?;
    let rows = context.store.buckets().await?;
    let names: Vec<String> = rows.into_iter().map(|row| row.name).collect();
    Ok(([(CACHE_CONTROL, "no-store")], Json(names)).into_response())
}
