//! Reading a request's body: how large it may be, how long it may take, and how many large ones there are at a time.
//!
//! Nobody has proven anything yet when a body is read. One operation takes large ones, PutLogEvents; those have places,
//! few for each address, so that slow senders take neither the memory nor everybody's places.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::request::Parts;
use http_body_util::LengthLimitError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Peer;
use crate::error::{ApiError, Code};
use crate::limits;
use crate::per_address::{PerAddress, Place};

/// The places for large bodies, the server's and each address's.
#[derive(Debug)]
pub(crate) struct LargeBodies {
    places: Arc<Semaphore>,
    addresses: PerAddress,
}

impl LargeBodies {
    /// All places free.
    pub(crate) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(limits::LARGE_BODIES)),
            addresses: PerAddress::new(limits::LARGE_BODIES_PER_ADDRESS),
        }
    }

    async fn admit(&self, parts: &Parts) -> Result<(OwnedSemaphorePermit, Place), ApiError> {
        let busy = || {
            ApiError::new(
                Code::Throttled,
                "There are too many large requests from this address; try again when one has ended.",
            )
        };
        let peer = parts.extensions.get::<Peer>().ok_or_else(busy)?;
        let own = self
            .addresses
            .admit(peer.0.ip().to_canonical())
            .ok_or_else(busy)?;
        let common = Arc::clone(&self.places).acquire_owned().await;
        Ok((common.map_err(ApiError::internal)?, own))
    }
}

/// A body in memory; a large one keeps its place until this is dropped.
#[derive(Debug)]
pub(super) struct ReadBody {
    /// The bytes.
    pub(super) bytes: Bytes,
    _places: Option<(OwnedSemaphorePermit, Place)>,
}

/// Reads the body of a request whose head is `parts`. `target` is the operation of a JSON call.
pub(super) async fn read(
    large: &LargeBodies,
    parts: &Parts,
    target: Option<&str>,
    body: Body,
) -> Result<ReadBody, ApiError> {
    let is_large = target == Some("Logs_20140328.PutLogEvents") && announced(parts) > limits::BODY;
    let reading = async {
        let places = match is_large {
            true => Some(large.admit(parts).await?),
            false => None,
        };
        let most = if is_large {
            limits::LARGE_BODY
        } else {
            limits::BODY
        };
        Ok(ReadBody {
            bytes: whole(body, most).await?,
            _places: places,
        })
    };
    in_time(reading).await
}

/// A body of at most so many bytes.
pub(crate) async fn whole(body: Body, most: usize) -> Result<Bytes, ApiError> {
    let read = to_bytes(body, most).await;
    read.map_err(|error| refusal(&error, most))
}

/// What reads a body, unless that takes too long.
pub(crate) async fn in_time<T>(
    reading: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    match tokio::time::timeout(limits::BODY_TIME, reading).await {
        Ok(read) => read,
        Err(_) => Err(ApiError::new(
            Code::RequestTimeout,
            "The request body did not arrive in time.",
        )),
    }
}

/// A body that the network cut is no fault of who sent it, who is told to send it again.
fn refusal(error: &axum::Error, most: usize) -> ApiError {
    let cause = std::error::Error::source(error);
    let limit = cause.and_then(|cause| cause.downcast_ref::<LengthLimitError>());
    if limit.is_some() {
        let sentence = format!("The request body is larger than {most} bytes.");
        return ApiError::new(Code::TooLarge, sentence);
    }
    ApiError::new(Code::RequestTimeout, "The request body broke off.")
}

fn announced(parts: &Parts) -> usize {
    let length = parts.headers.get(http::header::CONTENT_LENGTH);
    length
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .unwrap_or(0)
}
