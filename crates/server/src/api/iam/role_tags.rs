//! `TagRole`, `UntagRole`, `ListRoleTags`: what a tag may be is said in `tags`.

use serde::{Deserialize, Serialize};

use super::entity::{Paging, modifiable_role, role};
use super::tags::{Tag, check_tags, removal_keys, request_keys, too_many};
use crate::api::{Access, Call, Operation, Service};
use crate::codec::list;
use crate::error::ApiError;
use crate::identity::Resource;
use crate::limits;
use crate::store::{Room, TagRow};

pub(crate) struct TagRole;
pub(crate) struct UntagRole;
pub(crate) struct ListRoleTags;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagInput {
    role_name: String,
    #[serde(deserialize_with = "list")]
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UntagInput {
    role_name: String,
    #[serde(deserialize_with = "list")]
    tag_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListInput {
    role_name: String,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    tags: Vec<Tag>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for TagRole {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "TagRole";
    const ACCESS: Access<TagInput> = Access::Tagging {
        action: "iam:TagRole",
        on: |input| Resource::RoleNamed(input.role_name.clone()),
        keys: |input| request_keys(&input.tags),
    };
    type Input = TagInput;
    type Output = ();

    async fn run(call: Call<'_>, input: TagInput) -> Result<(), ApiError> {
        check_tags(&input.tags)?;
        let role = modifiable_role(call, &input.role_name).await?;
        let tags: Vec<TagRow> = input.tags.into_iter().map(TagRow::from).collect();
        let store = &call.context.store;
        match store.tag_role(&role.role_id, &tags, limits::TAGS).await? {
            Room::Stored => Ok(()),
            Room::Full => Err(too_many()),
        }
    }
}

impl Operation for UntagRole {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "UntagRole";
    const ACCESS: Access<UntagInput> = Access::Tagging {
        action: "iam:UntagRole",
        on: |input| Resource::RoleNamed(input.role_name.clone()),
        keys: |input| removal_keys(&input.tag_keys),
    };
    type Input = UntagInput;
    type Output = ();

    async fn run(call: Call<'_>, input: UntagInput) -> Result<(), ApiError> {
        let role = modifiable_role(call, &input.role_name).await?;
        let store = &call.context.store;
        Ok(store.untag_role(&role.role_id, &input.tag_keys).await?)
    }
}

impl Operation for ListRoleTags {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "ListRoleTags";
    const ACCESS: Access<ListInput> = Access::Policy {
        action: "iam:ListRoleTags",
        on: |input| Resource::RoleNamed(input.role_name.clone()),
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let role = role(call, &input.role_name).await?;
        let mut tags = call.context.store.role_tags(&role.role_id).await?;
        tags.sort_by(|a, b| a.key.cmp(&b.key));
        let page = input.paging.page(tags, |tag| &tag.key)?;
        Ok(ListOutput {
            tags: page.items.into_iter().map(Tag::from).collect(),
            is_truncated: page.next.is_some(),
            marker: page.next,
        })
    }
}
