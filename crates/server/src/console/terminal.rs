//! The person's end of a session for a terminal in the page: the message gateway's own data channel, behind the cookie.
//!
//! The page speaks the protocol itself, so the gateway relays its frames unread as it does for every client. A cookie
//! alone opens nothing: the session's token is still asked for, and only the session's owner may present it.

use std::sync::Arc;

use axum::extract::{Extension, Path, Request, State};
use axum::response::Response;

use super::door::SignedIn;
use crate::context::Context;
use crate::gateway;

/// `GET /console/data-channel/{session}`, upgraded.
pub(super) async fn open(
    State(context): State<Arc<Context>>,
    Path(session_id): Path<String>,
    Extension(signed_in): Extension<SignedIn>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let client = signed_in.caller.as_ref().clone();
    gateway::open_as(&context, session_id, parts, client)
}
