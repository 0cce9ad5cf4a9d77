//! A single-use link that opens the server's web console signed in as the caller. Usher's own; AWS has it elsewhere.

use http::StatusCode;
use serde::Deserialize;

use crate::call::{CallError, JsonClient, refusal};
use crate::signing::Identity;

const PATH: &str = "/console/links";

/// The link. Whoever opens it first is signed in, so it is a secret until then.
#[derive(Debug, Clone)]
pub struct ConsoleLink {
    /// Absolute address.
    pub url: String,
    /// How long it works.
    pub seconds: u64,
}

#[derive(Deserialize)]
struct Made {
    path: String,
    seconds: u64,
}

/// Asks for a link for `identity`.
///
/// # Errors
/// The server's refusal, or what kept it from answering.
pub async fn console_link(
    client: &JsonClient,
    identity: Identity<'_>,
) -> Result<ConsoleLink, CallError> {
    let answer = client.post(identity, "sts", PATH, &[], Vec::new()).await?;
    if answer.status != StatusCode::OK {
        return Err(CallError::Refused(refusal(
            answer.status,
            &answer.headers,
            &answer.body,
        )));
    }
    let made: Made = serde_json::from_slice(&answer.body)
        .map_err(|error| client.senseless(&format!("console link: {error}")))?;
    Ok(ConsoleLink {
        url: client.endpoint().url(&made.path),
        seconds: made.seconds,
    })
}
