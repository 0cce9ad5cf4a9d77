//! What IAM accepts as names, paths and descriptions.

use crate::error::ApiError;

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
