//! Tags of keys, which policies may ask for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use usher_policy::Context as Keys;

use super::KmsCode;
use super::permitted::{Wish, permitted};
use super::wire::{Paging, unless_pending_deletion};
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::tag_keys;
use crate::limits;
use crate::store::Room;

pub(crate) struct TagResource;
pub(crate) struct UntagResource;
pub(crate) struct ListResourceTags;

/// A tag as KMS spells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    tag_key: String,
    tag_value: String,
}

impl Tag {
    /// Key and value.
    pub(super) fn pair(&self) -> (&str, &str) {
        (&self.tag_key, &self.tag_value)
    }

    /// Key and value, to keep.
    pub(super) fn into_pair(self) -> (String, String) {
        (self.tag_key, self.tag_value)
    }
}

/// Refuses tags that AWS refuses.
pub(super) fn check_tags(tags: &[Tag]) -> Result<(), ApiError> {
    let refusal = |sentence: &str| ApiError::new(Code::Kms(KmsCode::Tag), sentence);
    let keys: BTreeSet<_> = tags.iter().map(|tag| &tag.tag_key).collect();
    if keys.len() != tags.len() {
        return Err(refusal("Duplicate tag keys"));
    }
    for tag in tags {
        let (key, value) = (tag.tag_key.chars().count(), tag.tag_value.chars().count());
        if !(1..=128).contains(&key) || value > 256 {
            return Err(refusal(
                "A tag has a key of 1 to 128 and a value of at most 256 characters.",
            ));
        }
        if tag.tag_key.to_lowercase().starts_with("aws:") {
            return Err(refusal("Tags beginning with aws: are reserved"));
        }
    }
    if tags.len() as i64 > limits::TAGS {
        return Err(too_many());
    }
    Ok(())
}

fn too_many() -> ApiError {
    ApiError::new(
        Code::Kms(KmsCode::LimitExceeded),
        format!("A key has at most {} tags.", limits::TAGS),
    )
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagInput {
    key_id: String,
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UntagInput {
    key_id: String,
    tag_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListInput {
    key_id: String,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    tags: Vec<Tag>,
    truncated: bool,
    next_marker: Option<String>,
}

impl Operation for TagResource {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "TagResource";
    const ACCESS: Access<TagInput> = Access::Within {
        action: "kms:TagResource",
    };
    type Input = TagInput;
    type Output = ();

    async fn run(call: Call<'_>, input: TagInput) -> Result<(), ApiError> {
        let keys = tag_keys(input.tags.iter().map(Tag::pair));
        let wish = Wish::manage("kms:TagResource").with(&keys);
        let key = permitted(call.context, call.caller, &input.key_id, wish).await?;
        unless_pending_deletion(call.context, &key)?;
        check_tags(&input.tags)?;
        let tags: Vec<_> = input.tags.into_iter().map(Tag::into_pair).collect();
        match call
            .context
            .store
            .tag_resource(&key.key_id, &tags, limits::TAGS)
            .await?
        {
            Room::Stored => Ok(()),
            Room::Full => Err(too_many()),
        }
    }
}

impl Operation for UntagResource {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "UntagResource";
    const ACCESS: Access<UntagInput> = Access::Within {
        action: "kms:UntagResource",
    };
    type Input = UntagInput;
    type Output = ();

    async fn run(call: Call<'_>, input: UntagInput) -> Result<(), ApiError> {
        let keys = Keys::default().with_set("aws:TagKeys", &input.tag_keys);
        let wish = Wish::manage("kms:UntagResource").with(&keys);
        let key = permitted(call.context, call.caller, &input.key_id, wish).await?;
        unless_pending_deletion(call.context, &key)?;
        let store = &call.context.store;
        Ok(store.untag_resource(&key.key_id, &input.tag_keys).await?)
    }
}

impl Operation for ListResourceTags {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "ListResourceTags";
    const ACCESS: Access<ListInput> = Access::Within {
        action: "kms:ListResourceTags",
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let wish = Wish::manage("kms:ListResourceTags");
        let key = permitted(call.context, call.caller, &input.key_id, wish).await?;
        let after = input.paging.after()?;
        let tags = call.context.store.resource_tags(&key.key_id).await?;
        let rest = tags
            .into_iter()
            .filter(|(tag_key, _)| *tag_key > after)
            .collect();
        let page = input.paging.cut(rest, |(tag_key, _)| tag_key)?;
        let tag = |(tag_key, tag_value)| Tag { tag_key, tag_value };
        Ok(ListOutput {
            tags: page.items.into_iter().map(tag).collect(),
            truncated: page.next.is_some(),
            next_marker: page.next,
        })
    }
}
