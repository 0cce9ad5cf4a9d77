//! The one operation of S3 that an agent needs: PutObject of something that must not be there yet.
//!
//! Buckets stand in the path, as at every self-hosted S3. What was put by a try whose answer got lost counts as put: keys
//! are written by one program, once.

use bytes::Bytes;
use http::{Method, StatusCode};

use crate::{ApiError, CallError, Identity, JsonClient};

/// S3 at one endpoint.
#[derive(Debug, Clone)]
pub struct S3 {
    client: JsonClient,
}

impl S3 {
    /// S3 through `client`.
    #[must_use]
    pub fn new(client: JsonClient) -> Self {
        Self { client }
    }

    /// Makes the object `key` of `bucket`; that there is one already is no error.
    ///
    /// # Errors
    /// The service's refusal with its code (`NoSuchBucket`, `AccessDenied`), or what kept it from answering.
    pub async fn create(
        &self,
        identity: Identity<'_>,
        bucket: &str,
        key: &str,
        body: Bytes,
    ) -> Result<(), CallError> {
        let path = format!("/{}/{}", encoded(bucket), encoded(key));
        let headers = [("content-type", "text/plain"), ("if-none-match", "*")];
        let answer = self
            .client
            .send(Method::PUT, identity, "s3", &path, &headers, body)
            .await?;
        match answer.status {
            StatusCode::OK | StatusCode::PRECONDITION_FAILED => Ok(()),
            status => Err(CallError::Refused(refusal(status, &answer.body))),
        }
    }
}

/// Percent-encoded as SigV4 wants the path of S3: everything but letters, digits, `-._~` and the slashes.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The error in a body of XML (S3 API reference, error responses).
fn refusal(status: StatusCode, body: &[u8]) -> ApiError {
    let body = String::from_utf8_lossy(body);
    let element = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        let (text, _) = rest.split_once(&format!("</{name}>"))?;
        Some(
            text.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&amp;", "&"),
        )
    };
    ApiError {
        code: element("Code").unwrap_or_else(|| status.as_u16().to_string()),
        message: element("Message").unwrap_or_default(),
        status: status.as_u16(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_read_whatever_the_body_is() {
        let check = |body: &str, code: &str, message: &str| {
            let found = refusal(StatusCode::NOT_FOUND, body.as_bytes());
            assert_eq!(
                (found.code.as_str(), found.message.as_str()),
                (code, message)
            );
        };
        check("", "404", "");
        check("<html>", "404", "");
        check(
            "<Error><Code>NoSuchBucket</Code><Message>no &quot;x&quot;</Message></Error>",
            "NoSuchBucket",
            "no \"x\"",
        );
    }

    #[test]
    fn keys_are_encoded_so_that_what_is_signed_is_what_is_sent() {
        assert_eq!(encoded("a b/ö+?#%~.log"), "a%20b/%C3%B6%2B%3F%23%25~.log");
    }
}
