//! What may be asked of `AssumeRole` at all, before anybody is judged (control-plane.md 5.4).
//!
//! A member that would narrow the keys is refused rather than ignored: the caller would believe in a limit that is
//! not there.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::request::{self, check_text};
use super::Input;
use crate::api::iam::check_tags;
use crate::error::{ApiError, Code};
use crate::identity::Who;
use crate::limits;
use crate::store::RoleRow;

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
    request::check_session_name(&input.role_session_name)?;
    if let Some(id) = &input.external_id {
        check_text("externalId", id, 2..=1224, "_+=,.@:/-")?;
    }
    request::check_duration(input.duration_seconds)?;
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
    input.policies.check()?;
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

/// How long the keys live. Those of a role assumed by another role's keys live an hour at most.
pub(super) fn lifetime(input: &Input, role: &RoleRow, who: &Who) -> Result<i64, ApiError> {
    let seconds = request::lifetime(input.duration_seconds, role)?;
    if matches!(who, Who::AssumedRole(_)) && seconds > limits::CHAINED_SESSION_SECONDS {
        return Err(ApiError::new(
            Code::Validation,
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    Ok(seconds)
}
