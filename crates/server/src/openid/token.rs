//! What a token says, once it has proved itself (OpenID Connect Core 1.0, section 3.1.3.7).
//!
//! Only signatures by a public key count: a token signed with a shared secret, or not at all, is refused whatever its
//! header says.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, errors::ErrorKind};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Signatures that count.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// How far a provider's clock may be off, seconds.
const LEEWAY: f64 = 60.0;
/// Bytes of the longest subject, as STS has it.
const LONGEST_SUBJECT: usize = 255;

/// Why a token proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// Not a signed token at all.
    #[error("the token is not a signed JSON web token")]
    Malformed,
    /// Signed in a way that does not count.
    #[error("the token is not signed by a public key: use RS256, PS256, ES256 or EdDSA")]
    Algorithm,
    /// The key is none of the provider's, as far as its keys are known here.
    #[error("the token is signed by a key that its issuer does not publish")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the token's signature is not its issuer's")]
    Signature,
    /// Too late.
    #[error("the token has expired")]
    Expired,
    /// Too early.
    #[error("the token is not valid yet: compare the clocks")]
    Early,
    /// Made by somebody else.
    #[error("the token is not from the issuer that it names")]
    Issuer,
    /// Made for somebody else.
    #[error("the token is for the audience `{0}`, which is no client of this provider here")]
    Audience(String),
    /// A claim that is missing or of another shape.
    #[error("the token's claim `{0}` is missing or malformed")]
    Claim(&'static str),
}

/// What a proven token says.
#[derive(Debug, Clone)]
pub(crate) struct Claims {
    /// The person, for this issuer.
    pub(crate) subject: String,
    /// The client it was made for.
    pub(crate) audience: String,
    /// The person's session at the provider, where the provider tells it.
    pub(crate) sid: Option<String>,
    /// When the token was made, seconds by the provider's clock; none where it does not say.
    pub(crate) issued: Option<i64>,
    /// Every claim.
    pub(crate) all: Map<String, Value>,
}

/// The issuer that a token names, before anything is proven: only good for finding out whose keys to ask.
pub(crate) fn issuer_of(token: &str) -> Result<String, TokenError> {
    #[derive(Deserialize)]
    struct Named {
        iss: String,
    }
    decode_header(token).map_err(|_| TokenError::Malformed)?;
    let named = jsonwebtoken::dangerous::insecure_decode::<Named>(token);
    named
        .map(|token| token.claims.iss)
        .map_err(|_| TokenError::Claim("iss"))
}

/// Proves a token with the keys of `issuer`, for one of `audiences`, at `now_ms` by our own clock.
pub(crate) fn verify(
    token: &str,
    keys: &JwkSet,
    issuer: &str,
    audiences: &[String],
    now_ms: u64,
) -> Result<Claims, TokenError> {
    let (all, audience) = proven(token, keys, issuer, audiences, now_ms, |all| {
        seconds(all, "exp")?.ok_or(TokenError::Claim("exp"))
    })?;
    Ok(Claims {
        audience,
        subject: check_subject(&all)?,
        sid: text(&all, "sid").map(str::to_owned),
        // Seconds of any date we meet are exact.
        issued: seconds(&all, "iat")?.map(|made| made as i64),
        all,
    })
}

/// What every kind of token must prove: the claims and the client it was made for. `expires` says until when it is
/// good, in seconds.
pub(super) fn proven(
    token: &str,
    keys: &JwkSet,
    issuer: &str,
    audiences: &[String],
    now_ms: u64,
    expires: impl FnOnce(&Map<String, Value>) -> Result<f64, TokenError>,
) -> Result<(Map<String, Value>, String), TokenError> {
    let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(TokenError::Algorithm);
    }
    let jwk = match (&header.kid, keys.keys.as_slice()) {
        (Some(id), _) => keys.find(id),
        // A provider with one key need not name it.
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let key = DecodingKey::from_jwk(jwk.ok_or(TokenError::UnknownKey)?)
        .map_err(|_| TokenError::UnknownKey)?;
    // The library's own checks of times and audience are off: it asks the system's clock, and knows no `azp`.
    let mut rules = Validation::new(header.alg);
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.set_issuer(&[issuer]);
    rules.set_required_spec_claims(&["iss"]);
    let all = decode::<Map<String, Value>>(token, &key, &rules)
        .map_err(|error| refusal(error.kind()))?
        .claims;
    let now = Duration::from_millis(now_ms).as_secs_f64();
    if expires(&all)? + LEEWAY <= now {
        return Err(TokenError::Expired);
    }
    check_beginning(&all, now)?;
    let audience = audience(&all, audiences)?;
    Ok((all, audience))
}

/// The person.
pub(super) fn check_subject(all: &Map<String, Value>) -> Result<String, TokenError> {
    text(all, "sub")
        .filter(|subject| !subject.is_empty() && subject.len() <= LONGEST_SUBJECT)
        .map(str::to_owned)
        .ok_or(TokenError::Claim("sub"))
}

/// A time, if the token has it.
pub(super) fn seconds(
    all: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<f64>, TokenError> {
    match all.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(TokenError::Claim(name)),
    }
}

fn check_beginning(all: &Map<String, Value>, now: f64) -> Result<(), TokenError> {
    for name in ["nbf", "iat"] {
        if seconds(all, name)?.is_some_and(|from| from - LEEWAY > now) {
            return Err(TokenError::Early);
        }
    }
    Ok(())
}

/// The client that the token was made for: whom it authorises, else its only audience.
fn audience(all: &Map<String, Value>, expected: &[String]) -> Result<String, TokenError> {
    let named = match (all.get("azp"), all.get("aud")) {
        (Some(Value::String(party)), Some(_)) => party,
        (None, Some(Value::String(audience))) => audience,
        (None, Some(Value::Array(list))) => match list.as_slice() {
            [Value::String(audience)] => audience,
            _ => return Err(TokenError::Claim("aud")),
        },
        _ => return Err(TokenError::Claim("aud")),
    };
    match expected.contains(named) {
        true => Ok(named.clone()),
        false => Err(TokenError::Audience(named.chars().take(100).collect())),
    }
}

fn text<'a>(all: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    all.get(name).and_then(Value::as_str)
}

fn refusal(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::InvalidIssuer => TokenError::Issuer,
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
        ErrorKind::MissingRequiredClaim(_) => TokenError::Claim("iss"),
        _ => TokenError::Malformed,
    }
}
