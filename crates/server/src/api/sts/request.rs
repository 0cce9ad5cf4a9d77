//! What may be asked of every call that assumes a role (control-plane.md 5.4).

use std::ops::RangeInclusive;

use crate::error::{ApiError, Code};
use crate::store::RoleRow;

const SECONDS: RangeInclusive<i64> = 900..=43_200;
const DEFAULT_SECONDS: i64 = 3600;

/// The name of a role session.
pub(super) fn check_session_name(name: &str) -> Result<(), ApiError> {
    check_text("roleSessionName", name, 2..=64, "_+=,.@-")
}

/// How long the keys are to live, if that is said.
pub(super) fn check_duration(seconds: Option<i64>) -> Result<(), ApiError> {
    if seconds.is_none_or(|seconds| SECONDS.contains(&seconds)) {
        return Ok(());
    }
    let rule = "Member must be between 900 and 43200";
    Err(ApiError::constraint("durationSeconds", rule))
}

/// How long the keys live.
pub(super) fn lifetime(asked: Option<i64>, role: &RoleRow) -> Result<i64, ApiError> {
    let seconds = asked.unwrap_or(DEFAULT_SECONDS);
    if seconds > role.max_session_seconds {
        return Err(ApiError::new(
            Code::Validation,
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(seconds)
}

/// Letters, digits and what stands in `also`.
pub(super) fn check_text(
    member: &str,
    text: &str,
    length: RangeInclusive<usize>,
    also: &str,
) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
    if length.contains(&text.len()) && text.chars().all(allowed) {
        return Ok(());
    }
    let (shortest, longest) = (length.start(), length.end());
    Err(ApiError::constraint(
        member,
        &format!("Member must have {shortest} to {longest} characters, letters, digits or {also}"),
    ))
}
