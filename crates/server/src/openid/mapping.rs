//! What a provider's claims become here. Nothing, unless the provider's configuration says so: its IAM tags.
//!
//! - `usher:claim/KEY` = `CLAIM`: the claim's text becomes the session tag KEY (`usher:claim/SSMSessionRunAs` =
//!   `preferred_username`);
//! - `usher:mfa-acr` = values of the claim `acr`, separated by spaces, that stand for more than one factor.
//!
//! A token without the claim that decides the OS user opens nothing: a role's own tag must not step in for it.

use serde_json::{Map, Value};
use usher_policy::RUN_AS_TAG;

use crate::store::TagRow;

const CLAIM: &str = "usher:claim/";
const MFA_ACR: &str = "usher:mfa-acr";
/// Characters of a tag's value.
const LONGEST: usize = 256;

/// Why the claims cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MappingError {
    /// The claim that names the OS user is not in the token.
    #[error("the token has no claim `{claim}`, which this identity provider's tag maps to {key}")]
    Missing {
        /// The claim.
        claim: String,
        /// The session tag.
        key: String,
    },
    /// The claim cannot be a tag.
    #[error(
        "the token's claim `{claim}` cannot be the tag {key}: it must be a text of at most 256 characters"
    )]
    NoText {
        /// The claim.
        claim: String,
        /// The session tag.
        key: String,
    },
}

/// The session tags that the provider's configuration makes of a token's claims.
pub(crate) fn session_tags(
    configuration: &[TagRow],
    claims: &Map<String, Value>,
) -> Result<Vec<(String, String)>, MappingError> {
    let mut tags = Vec::new();
    for tag in configuration {
        let Some(key) = tag.key.strip_prefix(CLAIM) else {
            continue;
        };
        let named = || (tag.value.clone(), key.to_owned());
        match claims.get(&tag.value) {
            Some(Value::String(value)) if value.chars().count() <= LONGEST => {
                tags.push((key.to_owned(), value.clone()));
            }
            Some(_) => {
                let (claim, key) = named();
                return Err(MappingError::NoText { claim, key });
            }
            None if key == RUN_AS_TAG => {
                let (claim, key) = named();
                return Err(MappingError::Missing { claim, key });
            }
            None => {}
        }
    }
    Ok(tags)
}

/// Whether more than one factor proved the person: `amr` says so (RFC 8176), or `acr` has a value that the provider's
/// configuration takes for it.
pub(crate) fn is_by_many_factors(configuration: &[TagRow], claims: &Map<String, Value>) -> bool {
    let is_mfa = |value: &Value| value.as_str() == Some("mfa");
    let by_method = claims
        .get("amr")
        .and_then(Value::as_array)
        .is_some_and(|methods| methods.iter().any(is_mfa));
    let level = claims.get("acr").and_then(Value::as_str);
    let by_level = level.is_some_and(|level| {
        configuration
            .iter()
            .filter(|tag| tag.key == MFA_ACR)
            .any(|tag| tag.value.split_whitespace().any(|value| value == level))
    });
    by_method || by_level
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tag(key: &str, value: &str) -> TagRow {
        TagRow {
            key: key.to_owned(),
            value: value.to_owned(),
        }
    }

    fn claims(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_claim_that_nobody_mapped_becomes_nothing() {
        let claims =
            claims(json!({ "SSMSessionRunAs": "root", "https://aws.amazon.com/tags": {} }));
        assert_eq!(session_tags(&[tag("team", "a")], &claims), Ok(Vec::new()));
    }

    #[test]
    fn without_the_claim_that_names_the_os_user_there_is_no_session() {
        let configuration = [tag("usher:claim/SSMSessionRunAs", "login")];
        for token in [
            json!({}),
            json!({ "login": ["a"] }),
            json!({ "login": null }),
        ] {
            assert!(
                session_tags(&configuration, &claims(token.clone())).is_err(),
                "{token}"
            );
        }
        let other = [tag("usher:claim/team", "team")];
        assert_eq!(session_tags(&other, &claims(json!({}))), Ok(Vec::new()));
    }

    #[test]
    fn a_mapped_claim_becomes_the_tag_even_when_it_is_empty() {
        let configuration = [tag("usher:claim/SSMSessionRunAs", "login")];
        for login in ["alice", ""] {
            let found = session_tags(&configuration, &claims(json!({ "login": login })));
            assert_eq!(
                found,
                Ok(vec![("SSMSessionRunAs".to_owned(), login.to_owned())])
            );
        }
    }

    #[test]
    fn many_factors_are_what_the_method_or_a_configured_level_says() {
        let by =
            |token: Value| is_by_many_factors(&[tag("usher:mfa-acr", "gold 3")], &claims(token));
        for token in [
            json!({}),
            json!({ "amr": "mfa" }),
            json!({ "amr": ["pwd"] }),
            json!({ "acr": "silver" }),
            json!({ "acr": "gold 3" }),
        ] {
            assert!(!by(token.clone()), "{token}");
        }
        assert!(by(json!({ "amr": ["pwd", "mfa"] })));
        assert!(by(json!({ "acr": "gold" })));
    }
}
