//! One provider, as it describes itself, and what it is asked with this machine as the client: tokens for a code, new
//! tokens for a refresh token, and to forget one.

use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use url::{Url, form_urlencoded};
use usher_wire::secret::Secret;

use super::id_token::{self, Expected};
use super::question::refusal;
use super::{Code, IdToken, OpenIdError, Question, address};
use crate::{PublicJson, PublicJsonError, Trust, wall_ms};

/// For each answer of the provider.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// No answer has a reason to be longer, in bytes.
const LONGEST_ANSWER: usize = 256 * 1024;
/// Asks for a refresh token.
const STAY: &str = "offline_access";

/// Who asks: a client without a secret of its own, since it runs on everybody's machine (RFC 8252).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIdClient {
    /// As the provider knows it.
    pub id: String,
    /// What is asked for, `openid` among it.
    pub scopes: Vec<String>,
}

impl OpenIdClient {
    pub(super) fn scope(&self) -> String {
        self.scopes.join(" ")
    }

    pub(super) fn wants_to_stay(&self) -> bool {
        self.scopes.iter().any(|scope| scope == STAY)
    }
}

/// What a sign-in or a renewal brought.
#[derive(Debug)]
pub struct Tokens {
    /// Who it is.
    pub id_token: IdToken,
    /// For the next renewal. A provider that gives none in a renewal leaves the old one in force.
    pub refresh_token: Option<Secret>,
}

/// A provider that described itself.
#[derive(Debug)]
pub struct Provider {
    http: PublicJson,
    issuer: Url,
    described: Discovery,
}

/// OpenID Connect Discovery 1.0, section 3, with RFC 8628, RFC 7009 and RFC 9207.
#[derive(Debug, Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct Answer {
    id_token: Option<Secret>,
    refresh_token: Option<Secret>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Provider {
    /// Asks the provider what it offers.
    ///
    /// # Errors
    /// When the address is not safe, nobody answers, or somebody else does.
    pub async fn discover(issuer: &str, trust: &Trust) -> Result<Self, OpenIdError> {
        let url = address::issuer(issuer)?;
        let http = PublicJson::trusting(trust, ANSWER_WITHIN, LONGEST_ANSWER)?;
        let place = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let described: Discovery =
            http.get(&place, "a discovery document")
                .await
                .map_err(|cause| OpenIdError::Silent {
                    issuer: issuer.to_owned(),
                    cause,
                })?;
        if described.issuer != issuer {
            return Err(OpenIdError::OtherIssuer {
                issuer: issuer.to_owned(),
                named: described.issuer.chars().take(255).collect(),
            });
        }
        Ok(Self {
            http,
            issuer: url,
            described,
        })
    }

    /// Its address, which is its name.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.described.issuer
    }

    /// A question for the browser, whose answer is to come to `redirect`.
    ///
    /// # Errors
    /// When the provider has no place for it.
    pub fn ask(&self, client: &OpenIdClient, redirect: &str) -> Result<Question, OpenIdError> {
        let named = self.described.authorization_endpoint.as_deref();
        let endpoint = self.endpoint(named, "authorization_endpoint")?;
        let names_itself = self
            .described
            .authorization_response_iss_parameter_supported;
        Question::new(self.issuer(), &endpoint, names_itself, client, redirect)
    }

    /// The tokens for the code that answered `question`.
    ///
    /// # Errors
    /// The provider's refusal, or that its token is not the answer to this question.
    pub async fn redeem(
        &self,
        client: &OpenIdClient,
        question: Question,
        code: Code,
    ) -> Result<Tokens, OpenIdError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.0.expose()),
            ("redirect_uri", &question.redirect),
            ("code_verifier", question.verifier.expose()),
        ];
        let answer = self.tokens(client, &form).await?;
        self.judge(client, answer, Some(&question.nonce), None)
    }

    /// New tokens of the person who is `subject`.
    ///
    /// # Errors
    /// The provider's refusal, `invalid_grant` where the refresh token is not good any more.
    pub async fn renew(
        &self,
        client: &OpenIdClient,
        refresh_token: &Secret,
        subject: &str,
    ) -> Result<Tokens, OpenIdError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.expose()),
        ];
        let answer = self.tokens(client, &form).await?;
        self.judge(client, answer, None, Some(subject))
    }

    /// Has the provider forget a refresh token (RFC 7009). False: it offers nothing of the kind.
    ///
    /// # Errors
    /// The provider's refusal, or what kept it from answering.
    pub async fn revoke(
        &self,
        client: &OpenIdClient,
        refresh_token: &Secret,
    ) -> Result<bool, OpenIdError> {
        let Some(named) = self.described.revocation_endpoint.as_deref() else {
            return Ok(false);
        };
        let endpoint = self.endpoint(Some(named), "revocation_endpoint")?;
        let form = [
            ("token", refresh_token.expose()),
            ("token_type_hint", "refresh_token"),
        ];
        match self.post::<IgnoredAny>(client, &endpoint, &form).await {
            // Only the status counts; most bodies are empty.
            Ok(_)
            | Err(OpenIdError::Silent {
                cause: PublicJsonError::Malformed { .. },
                ..
            }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    pub(super) fn device_endpoint(&self) -> Result<Url, OpenIdError> {
        let named = self.described.device_authorization_endpoint.as_deref();
        self.endpoint(named, "device_authorization_endpoint")
    }

    pub(super) async fn device_tokens(
        &self,
        client: &OpenIdClient,
        device_code: &Secret,
    ) -> Result<Tokens, OpenIdError> {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", device_code.expose()),
        ];
        let answer = self.tokens(client, &form).await?;
        self.judge(client, answer, None, None)
    }

    /// Sends a form in the client's name.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        client: &OpenIdClient,
        endpoint: &Url,
        form: &[(&str, &str)],
    ) -> Result<T, OpenIdError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &client.id)
            .extend_pairs(form)
            .finish();
        let answer = self
            .http
            .post_form(endpoint.as_str(), form, "what was asked for")
            .await;
        answer.map_err(|cause| {
            if let PublicJsonError::Refused { body, .. } = &cause
                && let Ok(said) = serde_json::from_slice::<Refusal>(body)
            {
                return refusal(self.issuer(), &said.error, &said.error_description);
            }
            OpenIdError::Silent {
                issuer: self.issuer().to_owned(),
                cause,
            }
        })
    }

    async fn tokens(
        &self,
        client: &OpenIdClient,
        form: &[(&str, &str)],
    ) -> Result<Answer, OpenIdError> {
        let named = self.described.token_endpoint.as_deref();
        let endpoint = self.endpoint(named, "token_endpoint")?;
        self.post(client, &endpoint, form).await
    }

    fn judge(
        &self,
        client: &OpenIdClient,
        answer: Answer,
        nonce: Option<&str>,
        subject: Option<&str>,
    ) -> Result<Tokens, OpenIdError> {
        let text = answer.id_token.ok_or_else(|| OpenIdError::Incomplete {
            issuer: self.issuer().to_owned(),
            what: "ID token",
        })?;
        let expected = Expected {
            issuer: self.issuer(),
            client_id: &client.id,
            nonce,
            subject,
            now_ms: wall_ms(),
        };
        Ok(Tokens {
            id_token: id_token::read(text, expected)?,
            refresh_token: answer.refresh_token,
        })
    }

    fn endpoint(&self, named: Option<&str>, what: &'static str) -> Result<Url, OpenIdError> {
        let named = named.ok_or_else(|| OpenIdError::Lacks {
            issuer: self.issuer().to_owned(),
            what,
        })?;
        address::endpoint(named, &self.issuer)
    }
}
