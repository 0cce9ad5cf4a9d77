//! The door of the embedded S3: who signed is found out here, and s3s, which reads the protocol, hears of no signature.
//!
//! Owns two invariants. Nothing reaches an operation that was not signed, and its body errs at its end unless it is what
//! was signed. And no answer can run as a page of this origin: whatever is stored, browsers are told to save it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::try_unfold;
use http::header::{
    AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, COOKIE, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Uri};
use s3s::service::S3Service;
use s3s::{S3Error, S3ErrorCode};
use tracing::Instrument;
use tracing::field::Empty;

use super::answer::RequestId;
use super::dispatch::heard;
use super::guard;
use crate::api::s3::{
    BodyRefusal, CheckedBody, Signed, refusal_of_api, refusal_of_body, refusal_of_stream, service,
};
use crate::context::Context;
use crate::identity::authenticate_head;
use crate::limits;

/// The bucket, where it is in the host's name and not in the path.
#[derive(Debug, Clone)]
struct InHost(String);

/// Answers requests for buckets and objects.
#[derive(Clone)]
pub(super) struct Door {
    context: Arc<Context>,
    service: S3Service,
}

impl Door {
    /// The door of this server.
    pub(super) fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
            service: service(Arc::clone(context)),
        }
    }

    /// Whether a request to `/` is for S3: its signature says so.
    pub(super) fn is_meant(parts: &Parts) -> bool {
        let header = parts.headers.get(AUTHORIZATION);
        let signed = header.and_then(|value| value.to_str().ok());
        let query = parts.uri.query().unwrap_or_default();
        signed.is_some_and(|value| value.contains("/s3/aws4_request"))
            || query.contains("%2Fs3%2Faws4_request")
            || query.contains("/s3/aws4_request")
    }

    /// From a request to its answer.
    pub(super) async fn serve(&self, request: Request) -> Response {
        let id = RequestId::fresh();
        let span = tracing::info_span!("s3", request = %id, caller = Empty);
        let answer = async {
            let answer = match self.admit(request, &id).await {
                Ok(request) => self.service.call(request).await,
                Err(refusal) => {
                    tracing::info!(code = refusal.code().as_str(), "refused");
                    refusal
                        .to_http_response()
                        .map_err(|error| s3s::HttpError::new(Box::new(error)))
                }
            };
            match answer {
                Ok(answer) => {
                    tracing::info!(status = answer.status().as_u16(), "answered");
                    answer.map(Body::new)
                }
                Err(error) => {
                    tracing::error!(?error, "no answer could be written");
                    let mut answer = Response::new(Body::empty());
                    *answer.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
                    answer
                }
            }
        };
        let mut answer = answer.instrument(span).await;
        self.close(answer.headers_mut(), &id);
        answer
    }

    /// Finds out who signed, and gives on what s3s is to know.
    async fn admit(
        &self,
        request: Request,
        id: &RequestId,
    ) -> Result<http::Request<s3s::Body>, S3Error> {
        let (mut parts, body) = request.into_parts();
        if parts
            .uri
            .query()
            .is_some_and(|query| query.contains("AWSAccessKeyId="))
        {
            return Err(S3Error::with_message(
                S3ErrorCode::InvalidRequest,
                "Signature version 2 is not supported: set signature_version to s3v4.",
            ));
        }
        if is_form(&parts.headers) {
            return Err(S3Error::with_message(
                S3ErrorCode::NotImplemented,
                "Uploads by HTML form are not supported.",
            ));
        }
        let (caller, proof) = authenticate_head(&self.context, &parts, "s3")
            .await
            .map_err(|error| refusal_of_api(&error))?;
        tracing::Span::current().record("caller", &caller.arn);
        let checked =
            CheckedBody::of(&parts.headers, proof).map_err(|error| refusal_of_body(&error))?;
        let body = verified(body, checked);
        let heard = heard(&parts, id);
        strip(&mut parts)?;
        parts.extensions.insert(Signed {
            caller: Arc::new(caller),
            heard: Arc::new(heard),
        });
        // An object is read as it comes. Everything else is small, and s3s is to have it whole and believed.
        let is_object = parts.method == Method::PUT && is_below_bucket(&parts.uri);
        let body = if is_object {
            s3s::Body::http_body_unsync(body)
        } else {
            let bytes = small(body).await?;
            parts.headers.remove(TRANSFER_ENCODING);
            parts.headers.insert(CONTENT_LENGTH, bytes.len().into());
            s3s::Body::from(bytes)
        };
        Ok(http::Request::from_parts(parts, body))
    }

    /// What every answer carries.
    fn close(&self, headers: &mut HeaderMap, id: &RequestId) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
        // AWS's agent learns the region from this, on refusals too (control-plane.md 5.3).
        if let Ok(region) = HeaderValue::from_str(&self.context.config.region) {
            headers.insert("x-amz-bucket-region", region);
        }
        if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
            headers.insert("x-amz-request-id", id);
        }
    }
}

/// Takes a request whose host names a bucket before any route does: in a bucket every path is a key.
pub(super) async fn bucket_in_host(
    State(door): State<Door>,
    mut request: Request,
    next: Next,
) -> Response {
    let domain = door.context.config.perimeter.bucket_domain.as_deref();
    let Some(bucket) = guard::bucket_of(request.headers(), domain) else {
        return next.run(request).await;
    };
    request.extensions_mut().insert(InHost(bucket));
    door.serve(request).await
}

fn is_form(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok());
    text.is_some_and(|text| text.to_ascii_lowercase().contains("multipart/form-data"))
}

fn is_below_bucket(uri: &Uri) -> bool {
    let path = uri.path().trim_start_matches('/');
    path.split_once('/').is_some_and(|(_, key)| !key.is_empty())
}

/// The body, which errs at its end unless it is what it should be, and when nothing of it comes for too long.
fn verified(body: Body, checked: CheckedBody) -> Body {
    let state = Some((body.into_data_stream(), checked));
    Body::from_stream(try_unfold(state, async |state| {
        let Some((mut stream, mut checked)) = state else {
            return Ok(None);
        };
        let next = tokio::time::timeout(limits::UPLOAD_PAUSE, stream.try_next()).await;
        match next {
            Ok(Ok(Some(bytes))) => Ok(Some((checked.take(bytes)?, Some((stream, checked))))),
            Ok(Ok(None)) => checked.finish().map(|()| None),
            Ok(Err(_)) | Err(_) => Err(BodyRefusal::Incomplete),
        }
    }))
}

/// A body that is not an object's.
async fn small(body: Body) -> Result<Bytes, S3Error> {
    let mut stream = body.into_data_stream();
    let mut all = Vec::new();
    while let Some(bytes) = stream
        .try_next()
        .await
        .map_err(|error| refusal_of_stream(&error.into_inner()))?
    {
        if all.len() + bytes.len() > limits::LARGE_BODY {
            return Err(S3Error::new(S3ErrorCode::MaxMessageLengthExceeded));
        }
        all.extend_from_slice(&bytes);
    }
    Ok(Bytes::from(all))
}

/// Takes away what was for the signature, and what said how the body was wrapped.
fn strip(parts: &mut Parts) -> Result<(), S3Error> {
    let headers = &mut parts.headers;
    if let Some(length) = headers.remove("x-amz-decoded-content-length") {
        headers.insert(CONTENT_LENGTH, length);
    }
    for name in [
        "x-amz-content-sha256",
        "x-amz-security-token",
        "x-amz-date",
        "x-amz-trailer",
    ] {
        headers.remove(name);
    }
    headers.remove(AUTHORIZATION);
    headers.remove(COOKIE);
    if let Some(coding) = headers.remove(CONTENT_ENCODING) {
        let text = coding.to_str().unwrap_or_default();
        let left: Vec<&str> = text
            .split(',')
            .map(str::trim)
            .filter(|one| !one.is_empty() && *one != "aws-chunked")
            .collect();
        if let Ok(value) = HeaderValue::from_str(&left.join(", "))
            && !left.is_empty()
        {
            headers.insert(CONTENT_ENCODING, value);
        }
    }
    let query = parts.uri.query().unwrap_or_default();
    let left: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.to_ascii_lowercase().starts_with("x-amz-"))
        .collect();
    let path = match parts.extensions.get::<InHost>() {
        Some(InHost(bucket)) => format!("/{bucket}{}", parts.uri.path()),
        None => parts.uri.path().to_owned(),
    };
    let path = match left.join("&") {
        query if query.is_empty() => path,
        query => format!("{path}?{query}"),
    };
    parts.uri = path
        .parse()
        .map_err(|_| S3Error::new(S3ErrorCode::InvalidURI))?;
    Ok(())
}
