//! What IAM accepts as names, paths and descriptions.

use crate::error::{ApiError, Code};

/// IAM's names: `[\w+=,.@-]`, ASCII.
pub(crate) fn check_name(member: &str, name: &str, longest: usize) -> Result<(), ApiError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    if (1..=longest).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(ApiError::constraint(
        member,
        &format!(
            "Member must have 1 to {longest} characters and satisfy regular expression pattern: [\\w+=,.@-]+"
        ),
    ))
}

/// Words about an entity: at most 1000 characters of Latin-1.
pub(super) fn check_description(text: Option<&str>) -> Result<(), ApiError> {
    let printable = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    let fits = |text: &str| text.chars().count() <= 1000 && text.chars().all(printable);
    if text.is_none_or(fits) {
        return Ok(());
    }
    Err(ApiError::constraint(
        "description",
        "Member must have at most 1000 characters of Latin-1",
    ))
}

/// An ARN that could be a managed policy's; whether there is such a policy is asked elsewhere.
pub(super) fn check_policy_arn(member: &str, arn: &str) -> Result<(), ApiError> {
    if !(20..=2048).contains(&arn.len()) {
        let rule = "Member must have 20 to 2048 characters";
        return Err(ApiError::constraint(member, rule));
    }
    if arn.starts_with("arn:aws:iam::") && arn.contains(":policy/") {
        return Ok(());
    }
    Err(ApiError::new(
        Code::InvalidInput,
        format!(
            "ARN {arn} is not valid: a managed policy is named arn:aws:iam::ACCOUNT:policy/NAME."
        ),
    ))
}

/// The path of a managed policy: `/`, or names of letters, digits and `.,+@=_-` between slashes.
pub(super) fn check_policy_path(member: &str, path: &str) -> Result<(), ApiError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b".,+@=_-/".contains(&b);
    if check_path(member, path).is_ok() && path.bytes().all(allowed) && !path.contains("//") {
        return Ok(());
    }
    Err(ApiError::constraint(
        member,
        "Member must satisfy regular expression pattern: ((/[A-Za-z0-9\\.,\\+@=_-]+)*)/",
    ))
}

/// `/`, or printable ASCII between two of them.
pub(super) fn check_path(member: &str, path: &str) -> Result<(), ApiError> {
    let ends = path.starts_with('/') && path.ends_with('/');
    if ends && path.len() <= 512 && path.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
        return Ok(());
    }
    Err(ApiError::constraint(
        member,
        "Member must begin and end with / and have at most 512 printable characters",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_other_characters_are_refused() {
        for name in ["", "a b", "a/b", "ä", "a*", "a:b", &"a".repeat(65)] {
            assert!(check_name("userName", name, 64).is_err(), "{name}");
        }
        for name in ["alice", "a.b+c=d,e@f-g_h", &"a".repeat(64)] {
            assert!(check_name("userName", name, 64).is_ok(), "{name}");
        }
    }

    #[test]
    fn paths_begin_and_end_with_a_slash() {
        for path in ["", "team", "/team", "team/", "/a b/"] {
            assert!(check_path("path", path).is_err(), "{path}");
        }
        for path in ["/", "/team/", "/team/web/"] {
            assert!(check_path("path", path).is_ok(), "{path}");
        }
    }
}
