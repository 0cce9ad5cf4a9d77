//! What a logout token says, once it has proved itself (OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6).

use jsonwebtoken::jwk::JwkSet;
use serde_json::Value;

use super::token::{TokenError, check_subject, proven, seconds};

/// The member of `events` that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How old a logout token may be, seconds: it is sent when it is made, and a few times again.
const OLDEST: f64 = 600.0;
/// Bytes of the longest `sid` and `jti`.
const LONGEST_ID: usize = 255;

/// Whom a provider signs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logout {
    /// The person.
    pub(crate) subject: Option<String>,
    /// The session at the provider; none: all of the person's.
    pub(crate) sid: Option<String>,
    /// When the token was made, seconds by the provider's clock.
    pub(crate) issued: i64,
    /// The token's id.
    pub(crate) jti: Option<String>,
}

/// Why a token signs nobody out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LogoutError {
    /// It proves nothing.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Another kind of token, which whoever signs in shows around.
    #[error("the token is no logout token: it has a nonce, or no event {EVENT}")]
    OtherKind,
    /// Neither a person nor a session.
    #[error("the logout token names neither `sub` nor `sid`")]
    Nobody,
    /// Made too long ago to be news.
    #[error("the logout token was made more than ten minutes ago: compare the clocks")]
    Old,
}

/// Proves a logout token as [`super::verify`] proves others.
pub(crate) fn verify_logout(
    token: &str,
    keys: &JwkSet,
    issuer: &str,
    audiences: &[String],
    now_ms: u64,
) -> Result<Logout, LogoutError> {
    // `exp` came into the specification late; the token's age is bounded without it.
    let (all, _) = proven(token, keys, issuer, audiences, now_ms, |all| {
        Ok(seconds(all, "exp")?.unwrap_or(f64::INFINITY))
    })?;
    let event = all.get("events").and_then(|events| events.get(EVENT));
    if !event.is_some_and(Value::is_object) || all.contains_key("nonce") {
        return Err(LogoutError::OtherKind);
    }
    let made = seconds(&all, "iat")?.ok_or(TokenError::Claim("iat"))?;
    if made + OLDEST < now_ms as f64 / 1000.0 {
        return Err(LogoutError::Old);
    }
    let text = |name: &'static str| match all.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() && text.len() <= LONGEST_ID => {
            Ok(Some(text.clone()))
        }
        Some(_) => Err(TokenError::Claim(name)),
    };
    let subject = match all.contains_key("sub") {
        true => Some(check_subject(&all)?),
        false => None,
    };
    let sid = text("sid")?;
    if subject.is_none() && sid.is_none() {
        return Err(LogoutError::Nobody);
    }
    Ok(Logout {
        subject,
        sid,
        // Seconds of any date we meet are exact.
        issued: made as i64,
        jti: text("jti")?,
    })
}
