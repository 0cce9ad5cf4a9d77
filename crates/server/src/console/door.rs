//! What stands before the console's routes: whether a page of ours asks, and who has signed in there.
//!
//! [`SignedIn`] is made here only. `http::guard` has refused foreign hosts and origins before; here an origin must be
//! named at all, which every browser does for what a page posts. Before changing this run
//! `cargo test -p usher-server --test it console`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::ORIGIN;
use http::request::Parts;

use super::cookie;
use super::refusal::Refusal;
use crate::context::Context;
use crate::error::Code;
use crate::identity::{Caller, digest, key_holder};
use crate::store::{PassKind, PassRow};

/// Who has signed in, as of this request.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    /// Whom the access key stands for now.
    pub(super) caller: Arc<Caller>,
    /// What the cookie stands for.
    pub(super) pass: PassRow,
}

/// Refuses what no page of ours can have sent.
pub(super) async fn our_page(request: Request, next: Next) -> Response {
    match request.headers().contains_key(ORIGIN) {
        true => next.run(request).await,
        false => Refusal::NoOrigin.into_response(),
    }
}

/// Refuses who has not signed in, and tells the route who has.
pub(super) async fn signed_in(
    State(context): State<Arc<Context>>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match find(&context, &parts).await {
        Ok(signed_in) => {
            parts.extensions.insert(signed_in);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

async fn find(context: &Context, parts: &Parts) -> Result<SignedIn, Refusal> {
    let id = cookie::presented(&parts.headers).ok_or(Refusal::NotSignedIn)?;
    let pass = context
        .store
        .pass(PassKind::Session, &digest(id), context.now())
        .await?
        .ok_or(Refusal::NotSignedIn)?;
    let (caller, _) = key_holder(context, parts, &pass.access_key_id)
        .await
        .map_err(|error| match error.code() {
            // The key was switched off or deleted, its user or role was, or it has expired.
            Code::UnknownAccessKey | Code::ExpiredToken => Refusal::NotSignedIn,
            _ => Refusal::Api(error),
        })?;
    Ok(SignedIn {
        caller: Arc::new(caller),
        pass,
    })
}
