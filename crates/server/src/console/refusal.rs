//! Why the console does not do what a request asks, as the page and as a person read it.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::error::{ApiError, Protocol};
use crate::http::{RequestId, error_response};
use crate::store::StoreError;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// No page of ours sent it.
    #[error("This address answers pages of this console: the request names no origin.")]
    NoOrigin,
    /// No cookie, or one that counts no longer.
    #[error("You are not signed in, or no longer: sign in again.")]
    NotSignedIn,
    /// Unknown, spent or expired.
    #[error(
        "The sign-in link is not valid: it works once, within 60 seconds. `usher login --console` makes a new one."
    )]
    LinkNotValid,
    /// For another host, spent, expired or not ours.
    #[error("The proof was not made for this console just now: try again.")]
    NonceNotValid,
    /// The signed headers leave out one that makes the proof this one.
    #[error("The proof must sign the headers host and x-amz-usher-nonce.")]
    ProofTooNarrow,
    /// A node's keys.
    #[error("People sign in here, with keys of an IAM user or role: {0} is a managed node.")]
    NotAPerson(String),
    /// The body is not what the route takes.
    #[error("The request could not be read.")]
    Unreadable,
    /// What an operation, or the check of a signature, refused.
    #[error("{0}")]
    Api(ApiError),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Api(error.into())
    }
}

impl Refusal {
    fn name_and_status(&self) -> (&'static str, StatusCode) {
        match self {
            Self::NoOrigin => ("NoOrigin", StatusCode::FORBIDDEN),
            Self::NotSignedIn => ("NotSignedIn", StatusCode::UNAUTHORIZED),
            Self::LinkNotValid => ("LinkNotValid", StatusCode::FORBIDDEN),
            Self::NonceNotValid => ("NonceNotValid", StatusCode::FORBIDDEN),
            Self::ProofTooNarrow => ("ProofTooNarrow", StatusCode::FORBIDDEN),
            Self::NotAPerson(_) => ("NotAPerson", StatusCode::FORBIDDEN),
            Self::Unreadable => ("Unreadable", StatusCode::BAD_REQUEST),
            Self::Api(error) => error.code().spelling(Protocol::Json),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Self::Api(error) = &self {
            if let Some(cause) = error.inside() {
                tracing::error!(cause, "a request of the console failed");
            }
            return error_response(Protocol::Json, error, &RequestId::fresh());
        }
        let (name, status) = self.name_and_status();
        tracing::info!(refusal = name, "a request of the console was refused");
        let body = serde_json::json!({"__type": name, "message": self.to_string()});
        let headers = [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "no-store"),
        ];
        (status, headers, body.to_string()).into_response()
    }
}
