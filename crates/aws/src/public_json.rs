//! JSON that anybody may read or ask for: what OpenID Connect providers publish and answer. No AWS signature is made, no
//! redirect followed; time and size are bounded by the caller.

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::call::deepest;
#[cfg(feature = "profiles")]
use crate::tls::{TlsError, Trust};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicJsonError {
    /// The client could not be made.
    #[error("no HTTP client: {0}")]
    Client(String),
    /// No answer.
    #[error("{url} does not answer: {why}")]
    Silent {
        /// What was asked for.
        url: String,
        /// What was in the way.
        why: String,
    },
    /// An answer with another status than 200.
    #[error("{url} answers {status}")]
    Refused {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
        /// What it says, at most as long as an answer may be.
        body: Vec<u8>,
    },
    /// An answer of another shape.
    #[error("{url} answers something else than {what}")]
    Malformed {
        /// What was asked for.
        url: String,
        /// What it should be.
        what: &'static str,
    },
}

/// A client of public addresses.
#[derive(Debug, Clone)]
pub struct PublicJson {
    http: Result<reqwest::Client, String>,
    longest: usize,
}

impl PublicJson {
    /// Waits at most so long for an answer and reads at most so many bytes of it.
    #[must_use]
    pub fn new(within: Duration, longest: usize) -> Self {
        Self::of(reqwest::Client::builder().timeout(within), longest)
    }

    /// As [`PublicJson::new`], but believing whom `trust` says.
    ///
    /// # Errors
    /// When the certificates of `trust` cannot be used.
    #[cfg(feature = "profiles")]
    pub fn trusting(trust: &Trust, within: Duration, longest: usize) -> Result<Self, TlsError> {
        let tls = (*trust.client_config()?).clone();
        let builder = reqwest::Client::builder().tls_backend_preconfigured(tls);
        Ok(Self::of(builder.timeout(within), longest))
    }

    fn of(builder: reqwest::ClientBuilder, longest: usize) -> Self {
        let http = builder.redirect(reqwest::redirect::Policy::none()).build();
        Self {
            http: http.map_err(|error| deepest(&error)),
            longest,
        }
    }

    /// Reads `what` at `url`.
    ///
    /// # Errors
    /// What kept us from an answer, or that it is not `what`.
    pub async fn get<T: DeserializeOwned>(
        &self,
        url: &str,
        what: &'static str,
    ) -> Result<T, PublicJsonError> {
        self.read(self.client()?.get(url), url, what).await
    }

    /// Sends a form to `url` and reads `what`.
    ///
    /// # Errors
    /// As [`PublicJson::get`].
    pub async fn post_form<T: DeserializeOwned>(
        &self,
        url: &str,
        form: String,
        what: &'static str,
    ) -> Result<T, PublicJsonError> {
        let request = self
            .client()?
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form);
        self.read(request, url, what).await
    }

    fn client(&self) -> Result<&reqwest::Client, PublicJsonError> {
        self.http
            .as_ref()
            .map_err(|error| PublicJsonError::Client(error.clone()))
    }

    async fn read<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
        url: &str,
        what: &'static str,
    ) -> Result<T, PublicJsonError> {
        let silent = |error: reqwest::Error| PublicJsonError::Silent {
            url: url.to_owned(),
            why: deepest(&error),
        };
        let malformed = || PublicJsonError::Malformed {
            url: url.to_owned(),
            what,
        };
        let mut answer = request.send().await.map_err(silent)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(silent)? {
            if body.len().saturating_add(chunk.len()) > self.longest {
                return Err(malformed());
            }
            body.extend_from_slice(&chunk);
        }
        let status = answer.status().as_u16();
        if status != 200 {
            let url = url.to_owned();
            return Err(PublicJsonError::Refused { url, status, body });
        }
        serde_json::from_slice(&body).map_err(|_| malformed())
    }
}
