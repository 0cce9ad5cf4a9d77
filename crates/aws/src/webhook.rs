//! Messages posted to an address that an operator chose.
//!
//! Invariants: no redirect is followed, of the answer only the status counts, and nothing is sent to where a machine gets
//! its own credentials, whatever name leads there. An address may hold a secret: only its host is ever shown.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::call::deepest;
use crate::metadata_addresses::hands_out_credentials;

/// Bytes of an answer that are read, so that its connection can be used again; a longer one costs the connection.
const ANSWER: usize = 64 * 1024;

/// Where messages go.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

/// Why nothing is sent there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlError {
    /// Not of the form.
    #[error(
        "is no address such as https://siem.example.com/hook, without a user and without a fragment"
    )]
    Malformed,
    /// Anybody on the way could read what is sent.
    #[error(
        "is plain HTTP over a network: use https://, or http:// to this machine's loopback address"
    )]
    Plain,
    /// Where a machine gets its own credentials.
    #[error("is a link-local or metadata address, where nothing is sent to")]
    Metadata,
}

impl WebhookUrl {
    /// Reads the address.
    ///
    /// # Errors
    /// If it is none that messages may go to.
    pub fn parse(text: &str) -> Result<Self, WebhookUrlError> {
        let url = Url::parse(text).map_err(|_| WebhookUrlError::Malformed)?;
        let host = url.host_str().ok_or(WebhookUrlError::Malformed)?;
        let bare = host.trim_matches(['[', ']']);
        let address: Option<IpAddr> = bare.parse().ok();
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || url.fragment().is_some() {
            return Err(WebhookUrlError::Malformed);
        }
        if address.is_some_and(hands_out_credentials) {
            return Err(WebhookUrlError::Metadata);
        }
        let is_here = bare == "localhost" || address.is_some_and(|address| address.is_loopback());
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_here => Ok(Self(url)),
            "http" => Err(WebhookUrlError::Plain),
            _ => Err(WebhookUrlError::Malformed),
        }
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            to,
            "{}://{}",
            self.0.scheme(),
            self.0.host_str().unwrap_or_default()
        )
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{self}/…")
    }
}

/// Why a message was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The client could not be made.
    #[error("no HTTP client: {0}")]
    Client(String),
    /// No answer.
    #[error("{to} does not answer: {why}")]
    Silent {
        /// Scheme and host.
        to: String,
        /// What was in the way.
        why: String,
    },
}

/// Sends messages to one address.
#[derive(Debug, Clone)]
pub struct Webhook {
    http: reqwest::Client,
    url: WebhookUrl,
}

impl Webhook {
    /// Will wait at most so long for an answer.
    ///
    /// # Errors
    /// If TLS cannot be spoken at all.
    pub fn new(url: WebhookUrl, within: Duration) -> Result<Self, WebhookError> {
        let http = reqwest::Client::builder()
            .timeout(within)
            .redirect(reqwest::redirect::Policy::none())
            // A proxy would resolve the name itself, past the resolver below.
            .no_proxy()
            .dns_resolver(Arc::new(Careful))
            .user_agent(concat!("usher/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| WebhookError::Client(deepest(&error)))?;
        Ok(Self { http, url })
    }

    /// Posts JSON with these headers, and says the status of the answer.
    ///
    /// # Errors
    /// If there is none.
    pub async fn post(
        &self,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<u16, WebhookError> {
        let silent = |error: reqwest::Error| WebhookError::Silent {
            to: self.url.to_string(),
            // The whole error would name the address.
            why: deepest(&error.without_url()),
        };
        let mut request = self
            .http
            .post(self.url.0.clone())
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut answer = request.body(body).send().await.map_err(silent)?;
        let status = answer.status().as_u16();
        let mut read = 0;
        // What comes after the status is nobody's business; an answer that breaks off here was an answer.
        while let Ok(Some(chunk)) = answer.chunk().await {
            read += chunk.len();
            if read > ANSWER {
                break;
            }
        }
        Ok(status)
    }
}

/// The system's resolver, less what no message goes to.
#[derive(Debug)]
struct Careful;

impl Resolve for Careful {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| !hands_out_credentials(address.ip()))
                .collect();
            if allowed.is_empty() {
                let why = "its name leads to link-local or metadata addresses alone";
                return Err(io::Error::other(why).into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> WebhookUrlError {
        WebhookUrl::parse(url).unwrap_err()
    }

    #[test]
    fn what_is_no_address_or_says_who_we_are_is_refused() {
        for url in [
            "",
            "siem.example.com",
            "ftp://siem.example.com",
            "https://me:secret@siem.example.com",
            "https://siem.example.com/#x",
        ] {
            assert_eq!(refusal(url), WebhookUrlError::Malformed, "{url}");
        }
    }

    #[test]
    fn plain_http_goes_to_this_machine_alone() {
        for url in [
            "http://siem.example.com/hook",
            "http://10.0.0.1",
            "http://[fd00::1]/",
        ] {
            assert_eq!(refusal(url), WebhookUrlError::Plain, "{url}");
        }
        for url in [
            "http://127.0.0.1:9000/hook",
            "http://[::1]/",
            "http://localhost:1",
        ] {
            assert!(WebhookUrl::parse(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_metadata_address_is_refused_however_it_is_written() {
        for url in [
            "https://169.254.169.254/latest",
            "http://169.254.169.254/latest",
            "https://2852039166/",
            "https://0xa9fea9fe/",
            "https://[::ffff:169.254.169.254]/",
            "https://[fd00:ec2::254]/",
        ] {
            assert_eq!(refusal(url), WebhookUrlError::Metadata, "{url}");
        }
    }

    #[test]
    fn of_an_address_only_its_host_is_shown() {
        let url = WebhookUrl::parse("https://hooks.example.com/T0/secret?key=secret").unwrap();
        assert!(!format!("{url} {url:?}").contains("secret"));
        assert!(url.to_string().contains("hooks.example.com"));
    }
}
