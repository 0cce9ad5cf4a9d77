//! An ID token held against the question that it answers (OpenID Connect Core 1.0, sections 3.1.3.7 and 12.2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use usher_wire::secret::Secret;

use super::{OpenIdError, TokenFault};

/// How far the provider's clock may be off, in seconds; the server grants as much.
const LEEWAY: f64 = 60.0;

/// A token that answers the question it was asked for.
#[derive(Debug, Clone)]
pub struct IdToken {
    /// For STS.
    pub text: Secret,
    /// The person, for this issuer.
    pub subject: String,
    /// What the provider calls the person, where it says: `preferred_username`, else `email`.
    pub name: Option<String>,
}

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    /// Of the question, where there was one.
    pub(super) nonce: Option<&'a str>,
    /// Who signed in, where that is known.
    pub(super) subject: Option<&'a str>,
    /// Milliseconds since the epoch, by our own clock.
    pub(super) now_ms: u64,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    nonce: Option<String>,
    preferred_username: Option<String>,
    email: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Reads `text`, if it is what was asked for.
pub(super) fn read(text: Secret, expected: Expected<'_>) -> Result<IdToken, OpenIdError> {
    match judge(text.expose(), expected) {
        Ok(claims) => Ok(IdToken {
            text,
            subject: claims.sub,
            name: claims.preferred_username.or(claims.email),
        }),
        Err(fault) => Err(OpenIdError::Token {
            issuer: expected.issuer.to_owned(),
            fault,
        }),
    }
}

fn judge(text: &str, expected: Expected<'_>) -> Result<Claims, TokenFault> {
    let mut parts = text.split('.');
    let (Some(_), Some(body), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenFault::Malformed("form"));
    };
    let body = URL_SAFE_NO_PAD
        .decode(body)
        .map_err(|_| TokenFault::Malformed("body"))?;
    let claims: Claims =
        serde_json::from_slice(&body).map_err(|_| TokenFault::Malformed("claims"))?;
    if claims.iss != expected.issuer {
        return Err(TokenFault::Issuer(shown(&claims.iss)));
    }
    let party = claims.azp.as_deref().unwrap_or(expected.client_id);
    if !claims.aud.has(expected.client_id) || party != expected.client_id {
        return Err(TokenFault::Audience(shown(claims.aud.first(party))));
    }
    if expected.nonce.is_some() && claims.nonce.as_deref() != expected.nonce {
        return Err(TokenFault::Nonce);
    }
    if expected
        .subject
        .is_some_and(|subject| subject != claims.sub)
    {
        return Err(TokenFault::Person);
    }
    let late = std::time::Duration::from_millis(expected.now_ms).as_secs_f64() - claims.exp;
    if late >= LEEWAY {
        return Err(TokenFault::Expired(late as u64));
    }
    Ok(claims)
}

impl Audience {
    fn has(&self, client: &str) -> bool {
        match self {
            Self::One(audience) => audience == client,
            Self::Several(audiences) => audiences.iter().any(|audience| audience == client),
        }
    }

    fn first<'a>(&'a self, or: &'a str) -> &'a str {
        match self {
            Self::One(audience) => audience,
            Self::Several(audiences) => audiences.first().map_or(or, String::as_str),
        }
    }
}

fn shown(claim: &str) -> String {
    claim.chars().take(255).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://id.example.com";

    fn token(change: &Value) -> String {
        let mut claims = json!({
            "iss": ISSUER, "sub": "person-1", "aud": "usher", "exp": 1000, "nonce": "n",
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    fn judged(text: &str, at: u64) -> Result<String, TokenFault> {
        let expected = Expected {
            issuer: ISSUER,
            client_id: "usher",
            nonce: Some("n"),
            subject: Some("person-1"),
            now_ms: at * 1000,
        };
        judge(text, expected).map(|claims| claims.sub)
    }

    #[test]
    fn a_token_that_answers_another_question_is_refused() {
        for (change, fault) in [
            (
                json!({"iss": "https://id.example.com/"}),
                TokenFault::Issuer("https://id.example.com/".to_owned()),
            ),
            (
                json!({"aud": "other"}),
                TokenFault::Audience("other".to_owned()),
            ),
            (
                json!({"aud": ["other"]}),
                TokenFault::Audience("other".to_owned()),
            ),
            (
                json!({"azp": "other"}),
                TokenFault::Audience("usher".to_owned()),
            ),
            (json!({"nonce": "m"}), TokenFault::Nonce),
            (json!({"nonce": null}), TokenFault::Nonce),
            (json!({"sub": "person-2"}), TokenFault::Person),
            (json!({"sub": null}), TokenFault::Malformed("claims")),
            (json!({"exp": null}), TokenFault::Malformed("claims")),
        ] {
            assert_eq!(judged(&token(&change), 500), Err(fault), "{change}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", "a.b", "a.b.c.d", "e30.!.c2ln", "e30.e30.c2ln"] {
            assert!(
                matches!(judged(text, 500), Err(TokenFault::Malformed(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn a_token_is_late_a_minute_after_it_expired() {
        assert_eq!(judged(&token(&json!({})), 1059), Ok("person-1".to_owned()));
        assert_eq!(
            judged(&token(&json!({})), 1060),
            Err(TokenFault::Expired(60))
        );
    }

    #[test]
    fn one_of_several_audiences_will_do_when_the_client_is_the_authorised_party() {
        let several = token(&json!({"aud": ["api", "usher"], "azp": "usher"}));
        assert_eq!(judged(&several, 500), Ok("person-1".to_owned()));
    }

    #[test]
    fn the_text_is_never_printed() {
        let text = token(&json!({}));
        let expected = Expected {
            issuer: ISSUER,
            client_id: "usher",
            nonce: None,
            subject: None,
            now_ms: 0,
        };
        let read = read(text.as_str().into(), expected).unwrap();
        assert!(!format!("{read:?}").contains(&text));
    }
}
