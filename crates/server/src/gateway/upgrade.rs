//! From a request to a WebSocket: the checks of RFC 6455 section 4.2, and the task that speaks it.
//!
//! The answer goes out before the task begins. It knows no session and no signature.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use hyper::upgrade::OnUpgrade;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Gateway;
use super::socket::{self, Inbound, Outbound};
use crate::context::Context;
use crate::http::Peer;
use crate::per_address::Place;

/// An upgrade that may go ahead.
pub(crate) struct Upgrade {
    on_upgrade: OnUpgrade,
    accept: HeaderValue,
    opening: Place,
}

/// Why there is no WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoUpgrade {
    /// An ordinary request, or another version of the protocol.
    #[error("This address speaks WebSocket, version 13.")]
    NotAWebSocket,
    /// The address has too many connections that have not opened yet.
    #[error("Too many connections of this address wait to be opened.")]
    TooManyOpenings,
}

impl IntoResponse for NoUpgrade {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotAWebSocket => StatusCode::UPGRADE_REQUIRED,
            Self::TooManyOpenings => StatusCode::SERVICE_UNAVAILABLE,
        };
        let version = [(SEC_WEBSOCKET_VERSION, "13"), (UPGRADE, "websocket")];
        (status, version, format!("{self}\n")).into_response()
    }
}

impl Upgrade {
    /// Checks the request's headers and counts its address.
    pub(crate) fn check(gateway: &Gateway, parts: &mut Parts) -> Result<Self, NoUpgrade> {
        let headers = &parts.headers;
        let asks = has_token(headers, &CONNECTION, "upgrade")
            && has_token(headers, &UPGRADE, "websocket")
            && has_token(headers, &SEC_WEBSOCKET_VERSION, "13");
        let key = headers
            .get(SEC_WEBSOCKET_KEY)
            .filter(|_| asks)
            .ok_or(NoUpgrade::NotAWebSocket)?;
        let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()))
            .map_err(|_| NoUpgrade::NotAWebSocket)?;
        let on_upgrade = parts
            .extensions
            .remove::<OnUpgrade>()
            .ok_or(NoUpgrade::NotAWebSocket)?;
        let peer = parts
            .extensions
            .get::<Peer>()
            .ok_or(NoUpgrade::NotAWebSocket)?;
        let opening = gateway
            .0
            .openings
            .admit(peer.0.ip())
            .ok_or(NoUpgrade::TooManyOpenings)?;
        Ok(Self {
            on_upgrade,
            accept,
            opening,
        })
    }

    /// Answers 101 and serves the WebSocket in a task of the gateway, until `serve` ends or the server stops.
    pub(crate) fn answer<F, S>(self, context: &Arc<Context>, serve: F) -> Response
    where
        F: FnOnce(Outbound, Inbound, Place) -> S + Send + 'static,
        S: Future<Output = ()> + Send,
    {
        let Self {
            on_upgrade,
            accept,
            opening,
        } = self;
        let stops = context.gateway.0.stops.clone();
        context
            .gateway
            .0
            .tasks
            .spawn(stops.run_until_cancelled_owned(async move {
                if let Ok(upgraded) = on_upgrade.await {
                    let (outbound, inbound) = socket::accept(upgraded).await;
                    serve(outbound, inbound, opening).await;
                }
            }));
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        response
    }
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}
