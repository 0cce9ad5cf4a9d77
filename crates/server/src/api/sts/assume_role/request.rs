//! What may be asked of `AssumeRole` at all, before anybody is judged (control-plane.md 5.4).
//!
//! A member that would narrow the keys is refused rather than ignored: the caller would believe in a limit that is
//! not there.

use std::ops::RangeInclusive;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Input, policies};
use crate::api::iam::check_tags;
use crate::error::{ApiError, Code};
use crate::identity::Who;
use crate::limits;
use crate::store::RoleRow;

const SECONDS: RangeInclusive<i64> = 900..=43_200;
const DEFAULT_SECONDS: i64 = 3600;

/// Members that are not served.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Unserved {
    serial_number: Option<IgnoredAny>,
    token_code: Option<IgnoredAny>,
    provided_contexts: Option<IgnoredAny>,
}

impl Unserved {
    fn named(&self) -> Option<&'static str> {
        let members = [
            (&self.serial_number, "SerialNumber"),
            (&self.token_code, "TokenCode"),
            (&self.provided_contexts, "ProvidedContexts"),
        ];
        members
            .into_iter()
            .find_map(|(member, name)| member.as_ref().map(|_| name))
    }
}

/// Checks every member by itself.
pub(super) fn check(input: &Input) -> Result<(), ApiError> {
    check_text(
        "roleSessionName",
        &input.role_session_name,
        2..=64,
        "_+=,.@-",
    )?;
    if let Some(id) = &input.external_id {
        check_text("externalId", id, 2..=1224, "_+=,.@:/-")?;
    }
    if !input
        .duration_seconds
        .is_none_or(|seconds| SECONDS.contains(&seconds))
    {
        let rule = "Member must be between 900 and 43200";
        return Err(ApiError::constraint("durationSeconds", rule));
    }
    if let Some(member) = input.unserved.named() {
        return Err(ApiError::new(
            Code::Validation,
            format!(
                "{member} is not served, and leaving it out of account would change what the keys may do: leave it out of the call."
            ),
        ));
    }
    if let Some(identity) = &input.source_identity {
        check_text("sourceIdentity", identity, 2..=64, "_+=,.@-")?;
    }
    policies::check(input)?;
    let most = usize::try_from(limits::TAGS).unwrap_or(usize::MAX);
    if input.tags.len() > most {
        let rule = format!("Member must have length less than or equal to {most}");
        return Err(ApiError::constraint("tags", &rule));
    }
    check_tags(&input.tags)?;
    let is_given = |key: &String| input.tags.iter().any(|tag| tag.pair().0 == key);
    match input.transitive_tag_keys.iter().find(|key| !is_given(key)) {
        Some(key) => Err(ApiError::new(
            Code::Validation,
            format!(
                "The transitive tag key {} is not one of the session tags in Tags.",
                key.escape_debug()
            ),
        )),
        None => Ok(()),
    }
}

/// How long the keys live.
pub(super) fn lifetime(input: &Input, role: &RoleRow, who: &Who) -> Result<i64, ApiError> {
    let too_long = |why: &str| Err(ApiError::new(Code::Validation, why));
    let seconds = input.duration_seconds.unwrap_or(DEFAULT_SECONDS);
    if seconds > role.max_session_seconds {
        return too_long(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        );
    }
    if matches!(who, Who::AssumedRole(_)) && seconds > limits::CHAINED_SESSION_SECONDS {
        return too_long(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        );
    }
    Ok(seconds)
}

fn check_text(
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
