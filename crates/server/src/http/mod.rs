//! The one listener: routes, guards, and the accept loop.
//!
//! `POST /` is the AWS APIs, `GET /` the same for presigned addresses, `/healthz` says that the
//! server runs, the gateway and the console have theirs, and every other path is a bucket's. Every
//! route passes `guard`. Must not know operations or SQL.

mod answer;
mod body;
mod dispatch;
mod forwarded;
mod guard;
mod listener;
mod s3;
mod sign_out;
mod tunnel;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::context::Context;
use crate::{console, gateway};

pub(crate) use answer::{RequestId, error_response};
pub(crate) use body::{LargeBodies, in_time, whole};
pub(crate) use dispatch::heard;
pub(crate) use guard::is_loopback;
pub use listener::Listener;
pub(crate) use listener::{OverTls, Peer, Room, serve};
pub(crate) use tunnel::Names;

/// All routes. Who may call what: `/` by the rule of each operation, `/healthz` everybody (it says
/// nothing else), a sign-out whoever has a provider's token for it, the gateway's by signature or token, the console's by its own table, and all the
/// rest is S3's, whose operations each demand their action.
pub(crate) fn routes(context: Arc<Context>) -> Router {
    let door = s3::Door::new(&context);
    let buckets = door.clone();
    let named = door.clone();
    let root = async move |state: State<Arc<Context>>, request: Request| {
        let (parts, body) = request.into_parts();
        let is_meant = s3::Door::is_meant(&parts);
        let request = Request::from_parts(parts, body);
        match is_meant {
            true => buckets.serve(request).await,
            false => dispatch::aws_call(state, request).await,
        }
    };
    Router::new()
        .route("/", post(dispatch::aws_call).get(root))
        .route("/healthz", get(async || "ok\n"))
        .route(
            "/v1/openid/backchannel-logout",
            post(sign_out::backchannel_logout),
        )
        .merge(gateway::routes())
        .merge(console::routes(&context))
        .fallback(async move |request: Request| door.serve(request).await)
        .layer(from_fn_with_state(named, s3::bucket_in_host))
        .layer(from_fn_with_state(
            Arc::clone(&context),
            forwarded::name_peer,
        ))
        .layer(from_fn_with_state(Arc::clone(&context), guard::known_host))
        .with_state(context)
}
