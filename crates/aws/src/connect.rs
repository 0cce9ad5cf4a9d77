//! Opening a WebSocket: dial, TLS where the URL says so, and an upgrade request that is signed or not.
//! A refused upgrade keeps its HTTP status and the reason in its body, because the person must see both.

use std::time::Duration;

use http::{HeaderValue, Request, Uri};
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::{Connector, client_async_tls_with_config};

use crate::endpoint::host_header;
use crate::proxy::{self, DialError};
use crate::signing::{self, Unsigned};
use crate::socket::{Socket, limits};
use crate::tls::{TlsError, Trust, distrust};
use crate::{Credentials, Identity, SigningError, wall_ms};

/// Dial, TLS and upgrade together; the agent of AWS allows as much.
const OPEN_WITHIN: Duration = Duration::from_secs(20);

/// Service of the credential scope, on any host.
const SERVICE: &str = "ssmmessages";

/// Who signs an upgrade request, for servers that want to know before they read the token.
#[derive(Debug, Clone, Copy)]
pub struct UpgradeSigner<'a> {
    /// The key.
    pub credentials: &'a Credentials,
    /// Region of the credential scope.
    pub region: &'a str,
}

/// Why there is no WebSocket.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is not `ws://` or `wss://` with a host.
    #[error("`{0}` is not a WebSocket URL")]
    NotAWebSocketUrl(String),
    /// Name resolution, TCP, the proxy or TLS failed.
    #[error("{authority} cannot be reached: {cause}")]
    Unreachable {
        /// Host and port that were dialled.
        authority: String,
        /// What the system said.
        cause: String,
    },
    /// Whoever answered is not believed to be the host.
    #[error("{authority} shows a TLS certificate that is refused: {cause}")]
    Untrusted {
        /// Host and port that were dialled.
        authority: String,
        /// What is wrong with the certificate.
        cause: String,
    },
    /// Nothing answered in time.
    #[error("{authority} did not answer within {} s", OPEN_WITHIN.as_secs())]
    TimedOut {
        /// Host and port that were dialled.
        authority: String,
    },
    /// The server answered the upgrade with something else.
    #[error("{authority} refused the connection with HTTP status {status}{}", because(.reason))]
    Refused {
        /// Host and port that were dialled.
        authority: String,
        /// The HTTP status.
        status: u16,
        /// The server's words, which may be empty.
        reason: String,
    },
    /// What answered does not speak WebSocket.
    #[error("{authority} does not speak WebSocket: {cause}")]
    NotAWebSocket {
        /// Host and port that were dialled.
        authority: String,
        /// What was wrong.
        cause: String,
    },
    /// The upgrade could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// TLS cannot be spoken at all.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl ConnectError {
    /// Whether trying again could help: the network may come back, a refusal will not change its mind.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } => true,
            Self::Refused { status, .. } => *status >= 500 || *status == 429,
            Self::NotAWebSocketUrl(_)
            | Self::Untrusted { .. }
            | Self::NotAWebSocket { .. }
            | Self::Signing(_)
            | Self::Tls(_) => false,
        }
    }
}

/// Opens the WebSocket at `url`, dialled exactly as given: its path and query are the server's business.
/// `trust` says whose certificates are believed where the URL asks for TLS.
///
/// # Errors
/// Each names the host and what went wrong there.
pub async fn connect(
    url: &str,
    signer: Option<UpgradeSigner<'_>>,
    trust: &Trust,
) -> Result<Socket, ConnectError> {
    let target =
        Target::parse(url).ok_or_else(|| ConnectError::NotAWebSocketUrl(url.to_owned()))?;
    let request = target.upgrade(url, signer)?;
    let tls = if target.secure {
        Connector::Rustls(trust.client_config()?)
    } else {
        Connector::Plain
    };
    tokio::time::timeout(OPEN_WITHIN, target.open(request, tls))
        .await
        .unwrap_or_else(|_| {
            Err(ConnectError::TimedOut {
                authority: target.authority.clone(),
            })
        })
}

struct Target {
    secure: bool,
    authority: String,
    uri: Uri,
    http: Uri,
}

impl Target {
    fn parse(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let secure = match uri.scheme_str()? {
            "wss" => true,
            "ws" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        let http = Uri::builder()
            .scheme(if secure { "https" } else { "http" })
            .authority(authority.clone())
            .path_and_query("/")
            .build()
            .ok()?;
        Some(Self {
            secure,
            authority: host_header(secure, authority),
            uri,
            http,
        })
    }

    fn upgrade(
        &self,
        url: &str,
        signer: Option<UpgradeSigner<'_>>,
    ) -> Result<Request<()>, ConnectError> {
        let refused = || ConnectError::NotAWebSocketUrl(url.to_owned());
        let mut request = url.into_client_request().map_err(|_| refused())?;
        let host = HeaderValue::from_str(&self.authority).map_err(|_| refused())?;
        request.headers_mut().insert(http::header::HOST, host);
        if let Some(signer) = signer {
            let signed = signing::sign(
                Identity::Keys(signer.credentials),
                &Unsigned {
                    method: "GET",
                    authority: &self.authority,
                    path: self.uri.path(),
                    query: self.uri.query().unwrap_or_default(),
                    headers: &[],
                    body: &[],
                    region: signer.region,
                    service: SERVICE,
                    wall_ms: wall_ms(),
                },
            )?;
            request.headers_mut().extend(signed);
        }
        Ok(request)
    }

    async fn open(&self, request: Request<()>, tls: Connector) -> Result<Socket, ConnectError> {
        let stream = proxy::dial(&self.http)
            .await
            .map_err(|e| self.unreachable(&e))?;
        let opened = client_async_tls_with_config(request, stream, Some(limits()), Some(tls)).await;
        opened
            .map(|(inner, _)| Socket::new(inner))
            .map_err(|e| self.failure(e))
    }

    fn unreachable(&self, error: &DialError) -> ConnectError {
        ConnectError::Unreachable {
            authority: self.authority.clone(),
            cause: error.to_string(),
        }
    }

    fn failure(&self, error: WsError) -> ConnectError {
        let authority = self.authority.clone();
        if let Some(cause) = distrust(&error) {
            return ConnectError::Untrusted { authority, cause };
        }
        match error {
            WsError::Http(response) => ConnectError::Refused {
                authority,
                status: response.status().as_u16(),
                reason: reason(response.body().as_deref().unwrap_or_default()),
            },
            WsError::Io(e) => ConnectError::Unreachable {
                authority,
                cause: e.to_string(),
            },
            WsError::Tls(e) => ConnectError::Unreachable {
                authority,
                cause: e.to_string(),
            },
            // Cut off in the middle of its answer: nothing that was said is wrong.
            WsError::Protocol(ProtocolError::HandshakeIncomplete) => ConnectError::Unreachable {
                authority,
                cause: "the answer broke off".to_owned(),
            },
            other => ConnectError::NotAWebSocket {
                authority,
                cause: other.to_string(),
            },
        }
    }
}

fn because(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(": {reason}")
    }
}

/// The server's words in a refusal: the `message` of an AWS error, else a short plain text.
fn reason(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let message = crate::call::message_in(body).unwrap_or_else(|| text.trim().to_owned());
    if message.starts_with('<') {
        String::new()
    } else {
        message.chars().take(300).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn only_websocket_urls_are_dialled() {
        for url in ["http://127.0.0.1:1/", "127.0.0.1:1", "", "ws:///path"] {
            assert!(
                matches!(
                    connect(url, None, &Trust::default()).await,
                    Err(ConnectError::NotAWebSocketUrl(_))
                ),
                "{url}"
            );
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_named_and_may_be_tried_again() {
        // Port 1 is nobody's; one that was just given back might be another test's.
        let error = connect("ws://127.0.0.1:1/", None, &Trust::default())
            .await
            .unwrap_err();
        assert!(error.is_passing());
        assert!(
            error.to_string().contains("127.0.0.1:1 cannot be reached"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_refused_upgrade_keeps_status_and_reason() {
        let body = r#"{"__type":"AccessDeniedException","message":"this token is not yours"}"#;
        let error = answered("403 Forbidden", body).await;
        assert!(!error.is_passing());
        let text = error.to_string();
        assert!(
            text.contains("HTTP status 403: this token is not yours"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_may_be_tried_again() {
        let error = answered_with("HTTP/1.1 101 Switching Prot").await;
        assert!(error.is_passing(), "{error}");
    }

    #[tokio::test]
    async fn a_gateway_that_is_busy_may_be_tried_again() {
        let error = answered("503 Service Unavailable", "<html>busy</html>").await;
        assert!(error.is_passing());
        assert!(error.to_string().ends_with("HTTP status 503"), "{error}");
    }

    async fn answered(status: &'static str, body: &'static str) -> ConnectError {
        let length = body.len();
        answered_with(&format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    async fn answered_with(answer: &str) -> ConnectError {
        let answer = answer.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0u8; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let error = connect(
            &format!("ws://{address}/v1/data-channel/x"),
            None,
            &Trust::default(),
        )
        .await
        .unwrap_err();
        served.await.unwrap();
        error
    }
}
