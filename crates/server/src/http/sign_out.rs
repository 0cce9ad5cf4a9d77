//! `POST /v1/openid/backchannel-logout`: an identity provider says that somebody has signed out there (OpenID Connect
//! Back-Channel Logout 1.0, sections 2.5 to 2.8).
//!
//! The token in the form is the whole authority: a registered provider signed it for one of its clients here. It may only
//! take away. Refusals are logged and not recorded: strangers must not fill the trail.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use jsonwebtoken::jwk::JwkSet;
use serde_json::json;

use super::body::{in_time, whole};
use crate::api::Service;
use crate::audit;
use crate::codec::{Form, iso_time};
use crate::context::Context;
use crate::error::ApiError;
use crate::limits;
use crate::openid::{Issuer, Logout, LogoutError, TokenError, issuer_of, verify_logout};
use crate::store::{ProviderRow, SignOutRow};

/// Why nobody was signed out.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    /// The request's own fault.
    #[error("{0}")]
    Invalid(String),
    /// Ours, or for the moment; told to the log only.
    #[error(transparent)]
    Failed(#[from] ApiError),
}

impl From<LogoutError> for Refusal {
    fn from(error: LogoutError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// Signs out whom the token means: what was begun with their tokens until now is over, here and in every live session.
pub(super) async fn backchannel_logout(
    State(context): State<Arc<Context>>,
    request: Request,
) -> Response {
    let (status, text) = match signed_out(&context, request).await {
        Ok(()) => (StatusCode::OK, String::new()),
        Err(Refusal::Invalid(told)) => {
            tracing::info!(told, "a logout token is refused");
            let error = json!({"error": "invalid_request", "error_description": told});
            (StatusCode::BAD_REQUEST, error.to_string())
        }
        Err(Refusal::Failed(error)) => {
            let cause = error.inside();
            tracing::error!(%error, cause, "somebody could not be signed out");
            let error = json!({"error": "server_error", "error_description": error.message()});
            (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
        }
    };
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn signed_out(context: &Context, request: Request) -> Result<(), Refusal> {
    let body = in_time(whole(request.into_body(), limits::LOGOUT_BODY)).await;
    let body = body.map_err(|error| Refusal::Invalid(error.message().to_owned()))?;
    let no_token = || Refusal::Invalid("the form has no logout_token".to_owned());
    let form = Form::parse(&body).map_err(|_| no_token())?;
    let token = form.first("logout_token").ok_or_else(no_token)?;
    let provider = provider_of(context, token).await?;
    let logout = proven(context, &provider, token).await?;
    let now = context.now();
    let row = SignOutRow {
        provider_id: provider.entity.id.clone(),
        subject: logout.subject.clone().unwrap_or_default(),
        sid: logout.sid.clone().unwrap_or_default(),
        issued: logout.issued,
        jti: logout.jti.clone().unwrap_or_default(),
        heard: now,
    };
    let kept_since = now.saturating_sub(limits::SIGN_OUT_MS);
    let is_new = context.store.record_sign_out(&row, kept_since).await;
    if is_new.map_err(ApiError::from)? {
        context.standing.identities_changed();
        record(context, &provider, &logout).await?;
    }
    Ok(())
}

async fn provider_of(context: &Context, token: &str) -> Result<ProviderRow, Refusal> {
    let url = issuer_of(token)?;
    let unknown = || Refusal::from(TokenError::Issuer);
    let issuer = Issuer::parse(&url).map_err(|_| unknown())?;
    let provider = context.store.provider_named(issuer.name()).await;
    let provider = provider.map_err(ApiError::from)?;
    provider.filter(|row| row.issuer == url).ok_or_else(unknown)
}

async fn proven(context: &Context, provider: &ProviderRow, token: &str) -> Result<Logout, Refusal> {
    let issuer = Issuer::parse(&provider.issuer).map_err(ApiError::internal)?;
    let now = context.clock.now_ms();
    let prove = |keys: Arc<JwkSet>| {
        verify_logout(token, &keys, &provider.issuer, &provider.client_ids, now)
    };
    let known = &context.provider_keys;
    let silent = |error| Refusal::Failed(ApiError::internal(error));
    match prove(known.of(&issuer).await.map_err(silent)?) {
        // Providers exchange their keys.
        Err(LogoutError::Token(TokenError::UnknownKey)) => {
            Ok(prove(known.afresh(&issuer).await.map_err(silent)?)?)
        }
        proved => Ok(proved?),
    }
}

async fn record(
    context: &Context,
    provider: &ProviderRow,
    logout: &Logout,
) -> Result<(), ApiError> {
    let Logout { subject, sid, .. } = logout;
    let name = &provider.entity.name;
    tracing::warn!(
        provider = name,
        subject,
        sid,
        "somebody was signed out at the identity provider"
    );
    let arn = context.config.scope().arn_of(&provider.entity);
    let details = json!({
        "issuer": name,
        "subject": subject,
        "sid": sid,
        "tokenIssued": iso_time(logout.issued.saturating_mul(1000)),
    });
    audit::done_locally(context, Service::Iam, "BackChannelLogout", &details, &[arn]).await
}
