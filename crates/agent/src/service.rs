//! The client of the service, made alike in every process that calls it.
//!
//! Owns that a pinned authority holds everywhere: for registering, for the control channel and in each session.

use usher_aws::{CallError, EndpointError, JsonClient, Trust};

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    #[error("the endpoint is none: {0}")]
    Endpoint(#[from] EndpointError),
    #[error("the service cannot be called: {0}")]
    Call(#[from] CallError),
}

/// A client of `endpoint` that believes nobody but `authorities` (PEM), or the system's where there are none.
pub(crate) fn client(
    authorities: Option<&str>,
    endpoint: &str,
    region: &str,
) -> Result<JsonClient, ServiceError> {
    let trust = match authorities {
        Some(pem) => Trust::pinned(pem).map_err(CallError::from)?,
        None => Trust::default(),
    };
    let endpoint = endpoint.parse()?;
    Ok(JsonClient::trusting(
        trust,
        endpoint,
        region,
        crate::cli::PROGRAM,
    )?)
}
