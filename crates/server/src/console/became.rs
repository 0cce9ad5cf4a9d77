//! Who became whom: the OS user of each session and the rule that chose it, which AWS's DescribeSessions has no member
//! for. Whoever may describe sessions may know it.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use serde::{Deserialize, Serialize};

use super::door::SignedIn;
use super::refusal::Refusal;
use crate::api::Call;
use crate::context::Context;
use crate::identity::Resource;

/// Sessions of one request, as many as a page of DescribeSessions can hold; more are refused.
const SESSIONS: usize = 200;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Asked {
    session_ids: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Became {
    session_id: String,
    /// Empty where no user was chosen.
    os_user: String,
    rule: String,
}

/// `POST /console/became`.
pub(super) async fn ask(
    State(context): State<Arc<Context>>,
    Extension(signed_in): Extension<SignedIn>,
    asked: Result<Json<Asked>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(Asked { session_ids }) = asked.map_err(|_| Refusal::Unreadable)?;
    if session_ids.len() > SESSIONS {
        return Err(Refusal::Unreadable);
    }
    let call = Call {
        context: &context,
        caller: &signed_in.caller,
    };
    call.demand("ssm:DescribeSessions", &Resource::Any).await?;
    let mut became = Vec::with_capacity(session_ids.len());
    for session_id in session_ids {
        if let Some(row) = context.store.session(&session_id).await? {
            became.push(Became {
                session_id: row.session_id,
                os_user: row.os_user,
                rule: row.run_as_rule,
            });
        }
    }
    Ok(([(CACHE_CONTROL, "no-store")], Json(became)).into_response())
}
