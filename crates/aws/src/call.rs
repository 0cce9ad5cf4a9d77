//! AWS JSON 1.1 calls: one POST, signed as the caller says, answered by a value or by a typed error.
//! Redirects are not followed, and nothing is tried twice: a repeated StartSession starts two sessions.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::signing::{self, Unsigned};
use crate::socket::ANSWER_AFTER_SLEEP;
use crate::tls::{self, TlsError, Trust};
use crate::{Endpoint, Identity, SigningError, wall_ms};

/// A whole call; the slowest of them waits for a database, never for a node.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// TCP and TLS.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How long a connection is kept for the next call: long enough for the calls of one command. A later call would not know
/// whether it outlived a sleep or a lost network, and would wait its whole time for an answer. Not longer than a socket
/// that notices a sleep takes to find its line dead, since that line's successor begins with a call.
const KEPT_FOR: Duration = ANSWER_AFTER_SLEEP;

/// No answer of the operations we call is longer; a longer one is not read to its end.
const MAX_ANSWER: usize = 4 << 20;

/// An error the service answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// AWS error code such as `TargetNotConnected`; the HTTP status as text where the body named none.
    pub code: String,
    /// The service's sentence, which may be empty.
    pub message: String,
    /// HTTP status.
    pub status: u16,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The service refused.
    #[error("{}", sentence(.0))]
    Refused(ApiError),
    /// Nothing was reached, or it went away before it had answered.
    #[error("{endpoint} cannot be reached: {cause}")]
    Unreachable {
        /// Where the call went.
        endpoint: String,
        /// What the system said.
        cause: String,
    },
    /// Whoever answered is not believed to be the host.
    #[error("{endpoint} shows a TLS certificate that is refused: {cause}")]
    Untrusted {
        /// Where the call went.
        endpoint: String,
        /// What is wrong with the certificate.
        cause: String,
    },
    /// Nothing answered in time.
    #[error("{endpoint} did not answer within {} s", ANSWER_WITHIN.as_secs())]
    TimedOut {
        /// Where the call went.
        endpoint: String,
    },
    /// The answer is not what the protocol says.
    #[error("{endpoint} gave an answer that makes no sense: {cause}")]
    Senseless {
        /// Where the call went.
        endpoint: String,
        /// What was wrong with it.
        cause: String,
    },
    /// The request could not be put together.
    #[error("the request cannot be written: {0}")]
    Unwritable(String),
    /// The request could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// TLS cannot be spoken at all.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl CallError {
    /// The service's error code, where it was the service that refused.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(error) => Some(&error.code),
            _ => None,
        }
    }

    /// Whether the network, not the request, was at fault.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } => true,
            Self::Refused(error) => error.status >= 500 || error.status == 429,
            _ => false,
        }
    }
}

fn sentence(error: &ApiError) -> String {
    if error.message.is_empty() {
        error.code.clone()
    } else {
        format!("{} ({})", error.message, error.code)
    }
}

/// How one service is named in a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service {
    /// In the credential scope.
    pub(crate) signing_name: &'static str,
    /// Before the operation in `X-Amz-Target`.
    pub(crate) target: &'static str,
}

const SSM: Service = Service {
    signing_name: "ssm",
    target: "AmazonSSM",
};

/// A client of one endpoint in one region.
#[derive(Debug, Clone)]
pub struct JsonClient {
    http: reqwest::Client,
    endpoint: Endpoint,
    region: String,
    trust: Trust,
}

impl JsonClient {
    /// A client of `endpoint` that believes whom the platform believes; `program` goes into `User-Agent`, as
    /// `name/version`.
    ///
    /// # Errors
    /// When the system's certificates cannot be used.
    pub fn new(endpoint: Endpoint, region: &str, program: &str) -> Result<Self, CallError> {
        Self::trusting(Trust::default(), endpoint, region, program)
    }

    /// As [`JsonClient::new`], but believing whom `trust` says.
    ///
    /// # Errors
    /// When the certificates of `trust` cannot be used.
    pub fn trusting(
        trust: Trust,
        endpoint: Endpoint,
        region: &str,
        program: &str,
    ) -> Result<Self, CallError> {
        let tls = if endpoint.is_secure() {
            (*trust.client_config()?).clone()
        } else {
            tls::trusting_nobody()?
        };
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .pool_idle_timeout(KEPT_FOR)
            .user_agent(program);
        let http = builder
            .build()
            .map_err(|e| CallError::Unwritable(deepest(&e)))?;
        Ok(Self {
            http,
            endpoint,
            region: region.to_owned(),
            trust,
        })
    }

    /// Whose certificates are believed, for sockets to the same service.
    #[must_use]
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Where the calls go.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Region of the credential scope.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Calls `AmazonSSM.<operation>`.
    ///
    /// # Errors
    /// The service's refusal with its code and status, or what kept it from answering.
    pub async fn call<I, O>(
        &self,
        identity: Identity<'_>,
        operation: &str,
        input: &I,
    ) -> Result<O, CallError>
    where
        I: Serialize + Sync,
        O: DeserializeOwned,
    {
        self.call_service(SSM, identity, operation, input).await
    }

    pub(crate) async fn call_service<I, O>(
        &self,
        service: Service,
        identity: Identity<'_>,
        operation: &str,
        input: &I,
    ) -> Result<O, CallError>
    where
        I: Serialize + Sync,
        O: DeserializeOwned,
    {
        let body = serde_json::to_vec(input).map_err(|e| CallError::Unwritable(e.to_string()))?;
        let target = format!("{}.{operation}", service.target);
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target.as_str()),
        ];
        let answer = self
            .post(identity, service.signing_name, "/", &headers, body)
            .await?;
        if answer.status != StatusCode::OK {
            return Err(CallError::Refused(refusal(
                answer.status,
                &answer.headers,
                &answer.body,
            )));
        }
        let body: &[u8] = if answer.body.is_empty() {
            b"{}"
        } else {
            &answer.body
        };
        serde_json::from_slice(body).map_err(|e| self.senseless(&format!("{operation}: {e}")))
    }

    pub(crate) async fn post(
        &self,
        identity: Identity<'_>,
        service: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, CallError> {
        let method = Method::POST;
        self.send(method, identity, service, path, headers, body.into())
            .await
    }

    /// One signed request; `path` is percent-encoded already.
    pub(crate) async fn send(
        &self,
        method: Method,
        identity: Identity<'_>,
        service: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, CallError> {
        let signed = signing::sign(
            identity,
            &Unsigned {
                method: method.as_str(),
                authority: self.endpoint.authority(),
                path,
                query: "",
                headers,
                body: &body,
                region: &self.region,
                service,
                wall_ms: wall_ms(),
            },
        )?;
        let url = self.endpoint.url(path);
        let mut request = self.http.request(method, url).headers(signed);
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|e| CallError::Unwritable(e.to_string()))?;
            let value =
                HeaderValue::from_str(value).map_err(|e| CallError::Unwritable(e.to_string()))?;
            request = request.header(name, value);
        }
        let response = request
            .body(body)
            .send()
            .await
            .map_err(|e| self.unanswered(&e))?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer {
            status,
            headers,
            body: self.read(response).await?,
        })
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Bytes, CallError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.unanswered(&e))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(self.senseless("it is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.into())
    }

    fn unanswered(&self, error: &reqwest::Error) -> CallError {
        let endpoint = self.endpoint.to_string();
        if error.is_timeout() && !error.is_connect() {
            return CallError::TimedOut { endpoint };
        }
        match tls::distrust(error) {
            Some(cause) => CallError::Untrusted { endpoint, cause },
            None => CallError::Unreachable {
                endpoint,
                cause: deepest(error),
            },
        }
    }

    pub(crate) fn senseless(&self, cause: &str) -> CallError {
        CallError::Senseless {
            endpoint: self.endpoint.to_string(),
            cause: cause.to_owned(),
        }
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Reads an error as botocore does: the code is between the last `#` and the first `:` of `__type`,
/// else in `x-amzn-ErrorType`; a body that is no JSON is the message.
pub(crate) fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ApiError {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let in_body = json
        .as_ref()
        .and_then(|v| v.get("__type"))
        .and_then(|v| v.as_str());
    let in_header = headers
        .get("x-amzn-errortype")
        .and_then(|v| v.to_str().ok());
    let code = in_body.or(in_header).and_then(|named| {
        let named = named.split(':').next()?;
        named.rsplit('#').next().map(str::to_owned)
    });
    let message = message_in(body)
        .or_else(|| {
            json.is_none().then(|| {
                String::from_utf8_lossy(body)
                    .trim()
                    .chars()
                    .take(500)
                    .collect()
            })
        })
        .unwrap_or_default();
    ApiError {
        code: code.unwrap_or_else(|| status.as_u16().to_string()),
        message,
        status: status.as_u16(),
    }
}

/// The sentence in a JSON error body, under either spelling in use.
pub(crate) fn message_in(body: &[u8]) -> Option<String> {
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    ["message", "Message"]
        .iter()
        .find_map(|key| json.get(key)?.as_str().map(str::to_owned))
}

/// The innermost cause is the one a person can act on ("connection refused").
pub(crate) fn deepest(error: &dyn std::error::Error) -> String {
    let mut current = error;
    while let Some(source) = current.source() {
        current = source;
    }
    current.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, body: &str, code: &str, message: &str) {
        let mut headers = HeaderMap::new();
        if !header.is_empty() {
            headers.insert("x-amzn-errortype", header.parse().unwrap());
        }
        let expected = ApiError {
            code: code.to_owned(),
            message: message.to_owned(),
            status: 400,
        };
        assert_eq!(
            refusal(StatusCode::BAD_REQUEST, &headers, body.as_bytes()),
            expected,
            "{header} {body}"
        );
    }

    #[test]
    fn errors_are_read_as_botocore_reads_them() {
        check(
            "",
            r#"{"__type":"TargetNotConnected","message":"m"}"#,
            "TargetNotConnected",
            "m",
        );
        check(
            "",
            r#"{"__type":"com.amazonaws.ssm#InvalidTarget:http://x","Message":"m"}"#,
            "InvalidTarget",
            "m",
        );
        check(
            "ThrottlingException:",
            r#"{"message":"slow"}"#,
            "ThrottlingException",
            "slow",
        );
        check("", "upstream is down", "400", "upstream is down");
        check("", "{}", "400", "");
        check("", "", "400", "");
    }

    #[tokio::test]
    async fn an_endpoint_nobody_listens_on_is_named() {
        let endpoint: Endpoint = "http://127.0.0.1:1".parse().unwrap();
        let client = JsonClient::new(endpoint.clone(), "usher-1", "test/1").unwrap();
        let called: Result<serde_json::Value, _> = client
            .call(Identity::Anonymous, "Any", &serde_json::json!({}))
            .await;
        let error = called.unwrap_err();
        assert!(error.is_passing());
        assert!(
            error
                .to_string()
                .starts_with(&format!("{endpoint} cannot be reached: ")),
            "{error}"
        );
    }
}
