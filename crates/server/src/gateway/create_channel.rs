//! `POST /v1/control-channel/{node}` and `POST /v1/data-channel/{session}`: a node asks for the token of its channel.
//!
//! The request is JSON, the answer XML with status 201; AWS's agent takes nothing else (agent.md section 0). A node gets
//! tokens only for itself and its own sessions, whatever its role allows.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use super::admission::check_node;
use super::limits::CREATE_CHANNEL_BYTES;
use super::token::NewToken;
use crate::context::Context;
use crate::error::{ApiError, Code, Protocol};
use crate::http::{RequestId, error_response, in_time, whole};
use crate::identity::{Caller, Signature, authenticate};
use crate::store::TokenSide;

/// AWS's agent stops asking for a data channel at once when the answer holds these words (agent.md 4.9).
const SESSION_IS_OVER: &str = "Session is already terminated";

/// A token for the node's control channel.
pub(crate) async fn control_channel(
    State(context): State<Arc<Context>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let token = async {
        let caller = caller(&context, request).await?;
        if caller.whole_node()?.as_str() != id {
            return Err(ApiError::new(
                Code::AccessDenied,
                "A node opens only its own control channel.",
            ));
        }
        issue(&context, TokenSide::Control, &id, &id).await
    };
    answer("CreateControlChannelResponse", token.await)
}

/// A token for the node's end of a session.
pub(crate) async fn data_channel(
    State(context): State<Arc<Context>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let token = async {
        let caller = caller(&context, request).await?;
        let denied = || {
            ApiError::new(
                Code::AccessDenied,
                format!(
                    "{} may not open the node's side of this session.",
                    caller.arn
                ),
            )
        };
        let row = context.store.session(&id).await?.ok_or_else(denied)?;
        check_node(&row, &caller).map_err(|_| denied())?;
        if !row.state.is_active() {
            return Err(ApiError::new(Code::Validation, SESSION_IS_OVER));
        }
        let token = issue(&context, TokenSide::Agent, &id, &row.node_id).await?;
        context.gateway.expect_agent(&id);
        Ok(token)
    };
    answer("CreateDataChannelResponse", token.await)
}

async fn caller(context: &Context, request: Request) -> Result<Caller, ApiError> {
    let (parts, body): (Parts, Body) = request.into_parts();
    let body = in_time(whole(body, CREATE_CHANNEL_BYTES)).await?;
    authenticate(context, &parts, &body, "ssmmessages", Signature::SigV4).await
}

async fn issue(
    context: &Context,
    side: TokenSide,
    subject: &str,
    node: &str,
) -> Result<NewToken, ApiError> {
    let token = NewToken::issue(side, subject, node, context.now())?;
    context
        .store
        .insert_token(&token.row, context.now())
        .await?;
    Ok(token)
}

fn answer(root: &str, token: Result<NewToken, ApiError>) -> Response {
    match token {
        Ok(token) => {
            // The text is base64url: nothing in it needs escaping.
            let body = format!(
                "<{root}><MessageSchemaVersion>1.0</MessageSchemaVersion><TokenValue>{}</TokenValue></{root}>",
                token.text.as_str()
            );
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = StatusCode::CREATED;
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
            response
                .headers_mut()
                .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(error) => error_response(Protocol::Query, &error, &RequestId::fresh()),
    }
}
