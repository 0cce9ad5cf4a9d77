//! The question that a browser carries to a provider, and the answer that it brings back (RFC 6749 section 4.1, with PKCE
//! of RFC 7636 and the issuer of RFC 9207). Values only: nothing here is sent.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::{Url, form_urlencoded};
use usher_wire::secret::Secret;

use super::{OpenIdClient, OpenIdError};
use crate::random;

/// Characters of a provider's sentence that are passed on.
const LONGEST_SENTENCE: usize = 300;

/// One attempt to sign in.
#[derive(Debug)]
pub struct Question {
    pub(super) issuer: String,
    pub(super) redirect: String,
    pub(super) nonce: String,
    pub(super) verifier: Secret,
    state: String,
    url: Url,
    /// Whether the provider promised to name itself in its answer.
    names_itself: bool,
}

/// What the token endpoint takes, once.
pub struct Code(pub(super) Secret);

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

impl Question {
    pub(super) fn new(
        issuer: &str,
        endpoint: &Url,
        names_itself: bool,
        client: &OpenIdClient,
        redirect: &str,
    ) -> Result<Self, OpenIdError> {
        let drawn = || random::<32>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        let (state, nonce, verifier) = (drawn()?, drawn()?, drawn()?);
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let mut url = endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &client.id)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", &client.scope())
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if client.wants_to_stay() {
            // Without it a provider gives no refresh token (OpenID Connect Core 1.0, section 11).
            url.query_pairs_mut().append_pair("prompt", "consent");
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            redirect: redirect.to_owned(),
            nonce,
            verifier: verifier.into(),
            state,
            url,
            names_itself,
        })
    }

    /// Who is asked.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the browser has to go. It holds no secret: what it holds is worth nothing without the verifier.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The code in the query that the browser brought back.
    ///
    /// # Errors
    /// When it answers another question, is another issuer's, or is the provider's refusal.
    pub fn code(&self, query: &str) -> Result<Code, OpenIdError> {
        let (mut state, mut issuer, mut code) = (None, None, None);
        let (mut error, mut description) = (None, String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            match name.as_ref() {
                "state" => state = Some(value),
                "iss" => issuer = Some(value),
                "code" => code = Some(value),
                "error" => error = Some(value),
                "error_description" => description = value,
                _ => {}
            }
        }
        if state.as_deref() != Some(&self.state) {
            let issuer = self.issuer.clone();
            return Err(OpenIdError::State { issuer });
        }
        if issuer
            .as_ref()
            .map_or(self.names_itself, |named| *named != self.issuer)
        {
            return Err(OpenIdError::OtherIssuer {
                issuer: self.issuer.clone(),
                named: issuer.map_or("nobody".to_owned(), |named| {
                    named.chars().take(255).collect()
                }),
            });
        }
        if let Some(code) = error {
            return Err(refusal(&self.issuer, &code, &description));
        }
        code.map(|code| Code(code.into()))
            .ok_or_else(|| OpenIdError::Incomplete {
                issuer: self.issuer.clone(),
                what: "code",
            })
    }
}

/// A provider's refusal, no longer than a person reads.
pub(super) fn refusal(issuer: &str, code: &str, description: &str) -> OpenIdError {
    let cut = |text: &str| text.chars().take(LONGEST_SENTENCE).collect();
    OpenIdError::Refused {
        issuer: issuer.to_owned(),
        code: cut(code),
        description: cut(description),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example.com";

    fn question(names_itself: bool, scopes: &[&str]) -> Question {
        let client = OpenIdClient {
            id: "usher".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        let endpoint = Url::parse("https://id.example.com/auth?tenant=a").unwrap();
        Question::new(
            ISSUER,
            &endpoint,
            names_itself,
            &client,
            "http://127.0.0.1:1/",
        )
        .unwrap()
    }

    #[test]
    fn an_answer_with_another_state_is_refused_whatever_else_it_says() {
        let question = question(false, &["openid"]);
        for query in [
            "",
            "code=c",
            "code=c&state=",
            "code=c&state=guessed",
            "error=access_denied&state=guessed",
        ] {
            let refused = question.code(query).unwrap_err();
            assert!(matches!(refused, OpenIdError::State { .. }), "{query}");
        }
    }

    #[test]
    fn an_answer_in_the_name_of_another_issuer_is_refused() {
        let other = |question: &Question, rest: &str| {
            let query = format!("code=c&state={}{rest}", question.state);
            matches!(question.code(&query), Err(OpenIdError::OtherIssuer { .. }))
        };
        assert!(other(
            &question(false, &[]),
            "&iss=https%3A%2F%2Fevil.example"
        ));
        // A provider that promised to name itself has to.
        assert!(other(&question(true, &[]), ""));
        assert!(!other(
            &question(true, &[]),
            "&iss=https%3A%2F%2Fid.example.com"
        ));
        assert!(!other(&question(false, &[]), ""));
    }

    #[test]
    fn the_providers_refusal_is_told_in_its_words() {
        let question = question(false, &[]);
        let query = format!(
            "error=access_denied&error_description=not+today&state={}",
            question.state
        );
        let told = question.code(&query).unwrap_err().to_string();
        assert!(
            told.ends_with("refuses: access_denied (not today)"),
            "{told}"
        );
    }

    #[test]
    fn the_question_carries_the_challenge_and_not_the_verifier() {
        let question = question(false, &["openid", "offline_access"]);
        let asked = |name: &str| {
            let mut pairs = question.url.query_pairs();
            pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
        };
        let verifier = question.verifier.expose();
        assert!(!question.url().contains(verifier));
        assert!(verifier.len() >= 43);
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        assert_eq!(asked("code_challenge"), challenge);
        assert_eq!(asked("code_challenge_method"), "S256");
        assert_eq!(asked("scope"), "openid offline_access");
        assert_eq!(asked("prompt"), "consent");
        assert_eq!(asked("tenant"), "a");
        assert_eq!(asked("redirect_uri"), "http://127.0.0.1:1/");
    }
}
