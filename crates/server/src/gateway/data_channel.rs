//! `GET /v1/data-channel/{session}`: one end of a session opens its channel.
//!
//! The upgrade is accepted whatever comes of it: a client can be refused only in words, by `channel_closed` after its
//! open message (client.md, trap 2). An agent that is refused just loses the socket and asks for a new token, unless
//! its session is over.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use usher_wire::message::OpenDataChannel;

use super::admission::{Refusal, admit_agent, admit_client};
use super::limits::CLOSE_GRACE;
use super::opening::open_message;
use super::socket::{Inbound, Outbound};
use super::upgrade::Upgrade;
use super::{outgoing, relay};
use crate::context::Context;
use crate::error::ApiError;
use crate::identity::{Caller, Signature, Who, authenticate};
use crate::per_address::Place;

/// Upgrades and serves the connection.
pub(crate) async fn open(
    State(context): State<Arc<Context>>,
    Path(session_id): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let signer = signer(&context, &parts).await;
    upgraded(&context, session_id, parts, signer)
}

/// As [`open`], for a client that has proven otherwise who it is: only the session's owner gets in, with the session's
/// token. `parts` are the request's.
pub(crate) fn open_as(
    context: &Arc<Context>,
    session_id: String,
    parts: Parts,
    client: Caller,
) -> Response {
    upgraded(context, session_id, parts, Ok(Some(client)))
}

fn upgraded(
    context: &Arc<Context>,
    session_id: String,
    mut parts: Parts,
    signer: Result<Option<Caller>, ApiError>,
) -> Response {
    let upgrade = match Upgrade::check(&context.gateway, &mut parts) {
        Ok(upgrade) => upgrade,
        Err(refused) => return refused.into_response(),
    };
    let serving = Arc::clone(context);
    upgrade.answer(context, move |outbound, inbound, opening| async move {
        serve(&serving, &session_id, signer, outbound, inbound, opening).await;
    })
}

/// Who signed the upgrade, if anybody did.
async fn signer(context: &Context, parts: &Parts) -> Result<Option<Caller>, ApiError> {
    if !parts.headers.contains_key(AUTHORIZATION) {
        return Ok(None);
    }
    authenticate(
        context,
        parts,
        &Bytes::new(),
        "ssmmessages",
        Signature::SigV4,
    )
    .await
    .map(Some)
}

async fn serve(
    context: &Context,
    session_id: &str,
    signer: Result<Option<Caller>, ApiError>,
    mut outbound: Outbound,
    mut inbound: Inbound,
    opening: Place,
) {
    let open: OpenDataChannel = match open_message(&mut inbound).await {
        Ok(open) => open,
        Err(error) => {
            tracing::debug!(session = session_id.escape_debug().to_string(), %error, "a data channel was not opened");
            return;
        }
    };
    drop(opening);
    let is_agent = match &signer {
        Ok(Some(Caller {
            who: Who::Node(_), ..
        })) => true,
        // A bad signature does not say whose it would have been.
        Err(_) => open.client_instance_id.is_some(),
        Ok(_) => false,
    };
    let admitted = match &signer {
        Ok(Some(node)) if is_agent => admit_agent(&context.gateway, session_id, &open, node).await,
        Err(error) if is_agent => Err(Refusal::SignatureNotValid(error.message().to_owned())),
        _ => admit_client(&context.gateway, session_id, &open, signer).await,
    };
    match admitted {
        Ok(admitted) => relay::serve(admitted.attach(), outbound, inbound, &context.clock).await,
        Err(refusal) => {
            tracing::info!(session = session_id.escape_debug().to_string(), is_agent, %refusal, "a data channel was refused");
            if !is_agent || refusal.ends_the_session() {
                say(context, session_id, &refusal, &mut outbound, &mut inbound).await;
            }
        }
    }
}

/// Tells a refused peer why, and makes sure that it can read it.
async fn say(
    context: &Context,
    session_id: &str,
    refusal: &Refusal,
    outbound: &mut Outbound,
    inbound: &mut Inbound,
) {
    let closed =
        outgoing::channel_closed(context.clock.now_ms(), "", session_id, &refusal.to_string());
    let said = async {
        outbound.feed(closed).await?;
        outbound.close().await
    };
    if matches!(tokio::time::timeout(CLOSE_GRACE, said).await, Ok(Ok(()))) {
        inbound.drain().await;
    }
}
