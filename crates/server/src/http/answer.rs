//! Answers in the form each protocol asks for (control-plane.md 1.1 and 1.2).

use std::fmt;

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde_json::Value;

use crate::api::{Entry, Service};
use crate::codec;
use crate::error::{ApiError, Protocol};

/// Names one request in the answer and in the log.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// A new one.
    pub(crate) fn fresh() -> Self {
        Self(uuid::Uuid::new_v4().to_string())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The answer of an operation that succeeded.
pub(crate) fn output_response(entry: &Entry, output: &Value, id: &RequestId) -> Response {
    let body = match entry.service.protocol() {
        Protocol::Json if output.is_null() => "{}".to_owned(),
        Protocol::Json => output.to_string(),
        Protocol::Query => {
            codec::response_document(entry.name, entry.service.namespace(), output, &id.0)
        }
        Protocol::Ec2 => {
            codec::ec2_response_document(entry.name, entry.service.namespace(), output, &id.0)
        }
    };
    response(entry.service.protocol(), StatusCode::OK, body, id)
}

/// The answer of a call that was refused or failed.
pub(crate) fn error_response(protocol: Protocol, error: &ApiError, id: &RequestId) -> Response {
    let (code, status) = error.code().spelling(protocol);
    let body = match protocol {
        Protocol::Json => {
            serde_json::json!({"__type": code, "message": error.message()}).to_string()
        }
        Protocol::Query => {
            let fault = if status.is_server_error() {
                "Receiver"
            } else {
                "Sender"
            };
            codec::error_document(
                Service::Iam.namespace(),
                fault,
                code,
                error.message(),
                &id.0,
            )
        }
        Protocol::Ec2 => codec::ec2_error_document(code, error.message(), &id.0),
    };
    let mut response = response(protocol, status, body, id);
    // Go's SDK v2 reads the code here before it looks at the body.
    response
        .headers_mut()
        .insert("x-amzn-errortype", HeaderValue::from_static(code));
    response
}

fn response(protocol: Protocol, status: StatusCode, body: String, id: &RequestId) -> Response {
    let content_type = match protocol {
        Protocol::Json => "application/x-amz-json-1.1",
        Protocol::Query | Protocol::Ec2 => "text/xml",
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // Answers hold secrets of their caller.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert("x-amzn-requestid", value);
    }
    response
}
