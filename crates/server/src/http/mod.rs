//! The one listener: routes, guards, and the accept loop.
//!
//! `POST /` is the AWS APIs, `GET /` the same for presigned addresses, `/healthz` says that the
//! server runs, the rest belongs to the gateway. Every route passes `guard`. Must not know operations
//! or SQL.

mod answer;
mod body;
mod dispatch;
mod forwarded;
mod guard;
mod listener;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::context::Context;
use crate::{console, gateway};

pub(crate) use answer::{RequestId, error_response};
pub(crate) use body::LargeBodies;
pub(crate) use dispatch::heard;
pub(crate) use guard::is_loopback;
pub use listener::Listener;
pub(crate) use listener::{OverTls, Peer, Room, serve};

/// All routes. Who may call what: `/` by the rule of each operation, `/healthz` everybody (it says
/// nothing else), the gateway's by signature or token, the console's by its own table.
pub(crate) fn routes(context: Arc<Context>) -> Router {
    Router::new()
        .route("/", post(dispatch::aws_call).get(dispatch::aws_call))
        .route("/healthz", get(async || "ok\n"))
        .merge(gateway::routes())
        .merge(console::routes(&context))
        .layer(from_fn_with_state(
            Arc::clone(&context),
            forwarded::name_peer,
        ))
        .layer(from_fn_with_state(Arc::clone(&context), guard::known_host))
        .with_state(context)
}
