//! What a tag may be, wherever tags are set.
//!
//! The tag `SSMSessionRunAs` decides the OS user of sessions and is read in exactly that spelling.
//! Another casing would look set and do nothing, so it is refused here, wherever tags are set.

use serde::{Deserialize, Serialize};
use usher_policy::{Context as Keys, RUN_AS_TAG};

use crate::error::{ApiError, Code};
use crate::identity::{boundary_key, tag_keys};
use crate::limits;
use crate::store::TagRow;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    key: String,
    value: String,
}

impl From<TagRow> for Tag {
    fn from(row: TagRow) -> Self {
        Self {
            key: row.key,
            value: row.value,
        }
    }
}

impl From<Tag> for TagRow {
    fn from(tag: Tag) -> Self {
        Self {
            key: tag.key,
            value: tag.value,
        }
    }
}

impl Tag {
    /// Key and value.
    pub(crate) fn pair(&self) -> (&str, &str) {
        (&self.key, &self.value)
    }
}

/// The condition keys of a call that sets `tags`.
pub(super) fn request_keys(tags: &[Tag]) -> Keys {
    tag_keys(tags.iter().map(Tag::pair))
}

/// Tags as one entity is described with them: none where it has none.
pub(super) fn tags_if_any(tags: Vec<TagRow>) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = tags.into_iter().map(Tag::from).collect();
    (!tags.is_empty()).then_some(tags)
}

/// The condition keys of a call that makes a user or role with `tags` and perhaps a permissions boundary.
pub(super) fn creation_keys(tags: &[Tag], boundary: Option<&str>) -> Keys {
    match boundary {
        Some(arn) => request_keys(tags).and(&boundary_key(arn)),
        None => request_keys(tags),
    }
}

/// The condition keys of a call that removes the tags with these keys.
pub(super) fn removal_keys(keys: &[String]) -> Keys {
    Keys::default().with_set("aws:TagKeys", keys)
}

/// The refusal of a tag beyond the limit.
pub(super) fn too_many() -> ApiError {
    ApiError::new(
        Code::LimitExceeded,
        format!(
            "The number of tags has reached the maximum limit of {}.",
            limits::TAGS
        ),
    )
}

/// What IAM accepts as tags of one call, and we on top of it.
pub(crate) fn check_tags(tags: &[Tag]) -> Result<(), ApiError> {
    let mut seen = Vec::with_capacity(tags.len());
    for tag in tags {
        check_text("tags.key", &tag.key, 1..=128)?;
        check_text("tags.value", &tag.value, 0..=256)?;
        let folded = tag.key.to_lowercase();
        if folded.starts_with("aws:") {
            return Err(ApiError::new(
                Code::InvalidInput,
                "System tags cannot be added/updated by requester: tag keys must not begin with aws:",
            ));
        }
        if tag.key != RUN_AS_TAG && folded == RUN_AS_TAG.to_lowercase() {
            return Err(ApiError::new(
                Code::InvalidInput,
                format!(
                    "The tag key {} must be spelled {RUN_AS_TAG}: Run As reads no other spelling.",
                    tag.key
                ),
            ));
        }
        if seen.contains(&folded) {
            return Err(ApiError::new(
                Code::InvalidInput,
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        seen.push(folded);
    }
    Ok(())
}

/// IAM's tag pattern: letters, numbers, separators and `_.:/=+-@`.
fn check_text(
    member: &str,
    text: &str,
    length: std::ops::RangeInclusive<usize>,
) -> Result<(), ApiError> {
    let allowed = |c: char| {
        c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
    };
    if length.contains(&text.chars().count()) && text.chars().all(allowed) {
        return Ok(());
    }
    let (shortest, longest) = (length.start(), length.end());
    Err(ApiError::constraint(
        member,
        &format!(
            "Member must have {shortest} to {longest} characters and satisfy regular expression pattern: \
             [\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]*"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tags: &[(&str, &str)], expected: Result<(), Code>) {
        let given: Vec<Tag> = tags
            .iter()
            .map(|(key, value)| Tag {
                key: (*key).to_owned(),
                value: (*value).to_owned(),
            })
            .collect();
        assert_eq!(
            check_tags(&given).map_err(|error| error.code()),
            expected,
            "{tags:?}"
        );
    }

    #[test]
    fn other_casings_of_the_run_as_tag_are_refused() {
        for key in [
            "ssmsessionrunas",
            "SSMSESSIONRUNAS",
            "SSMSessionRunas",
            "SsmSessionRunAs",
        ] {
            check(&[(key, "alice")], Err(Code::InvalidInput));
        }
        check(&[("SSMSessionRunAs", "alice")], Ok(()));
        check(&[("SSMSessionRunAs2", "alice")], Ok(()));
    }

    #[test]
    fn system_keys_doubles_and_foreign_characters_are_refused() {
        check(&[("aws:x", "")], Err(Code::InvalidInput));
        check(&[("AWS:x", "")], Err(Code::InvalidInput));
        check(&[("team", "a"), ("Team", "b")], Err(Code::InvalidInput));
        check(&[("", "a")], Err(Code::Validation));
        check(&[("k", "a;b")], Err(Code::Validation));
        check(&[("k", "a\nb")], Err(Code::Validation));
        check(&[("k", "a\0b")], Err(Code::Validation));
        check(&[("k", &"v".repeat(257))], Err(Code::Validation));
        check(&[(&"k".repeat(129), "")], Err(Code::Validation));
    }

    #[test]
    fn empty_and_blank_values_are_tags_like_others() {
        check(
            &[("SSMSessionRunAs", ""), ("k", " "), ("Größe", "七 m²")],
            Ok(()),
        );
    }
}
