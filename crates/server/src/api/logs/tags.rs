//! Tags of log groups, by today's operations and by those of before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use usher_policy::Context as Keys;

use super::LogsCode;
use super::found::{group, group_name, group_resource, invalid};
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::tag_keys;
use crate::limits;
use crate::store::Room;

pub(crate) struct TagResource;
pub(crate) struct UntagResource;
pub(crate) struct ListTagsForResource;
pub(crate) struct TagLogGroup;
pub(crate) struct UntagLogGroup;
pub(crate) struct ListTagsLogGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TagInput {
    #[serde(alias = "logGroupName")]
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UntagInput {
    #[serde(alias = "logGroupName")]
    resource_arn: String,
    #[serde(alias = "tags")]
    tag_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListInput {
    #[serde(alias = "logGroupName")]
    resource_arn: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ListOutput {
    tags: BTreeMap<String, String>,
}

/// The condition keys of tags that are set.
pub(super) fn keys_of(tags: &BTreeMap<String, String>) -> Keys {
    tag_keys(
        tags.iter()
            .map(|(key, value)| (key.as_str(), value.as_str())),
    )
}

/// Refuses tags that AWS refuses.
pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    for (key, value) in tags {
        let allowed = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
        let (long, empty) = (
            key.chars().count() > 128 || value.chars().count() > 256,
            key.is_empty(),
        );
        if long || empty || !key.chars().chain(value.chars()).all(allowed) {
            return Err(invalid(
                "A tag has a key of 1 to 128 and a value of at most 256 letters, digits, spaces and _.:/=+-@.",
            ));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(invalid("Tag keys that begin with aws: are reserved."));
        }
    }
    match tags.len() as i64 > limits::TAGS {
        true => Err(too_many()),
        false => Ok(()),
    }
}

fn too_many() -> ApiError {
    ApiError::new(
        Code::Logs(LogsCode::TooManyTags),
        format!("A log group has at most {} tags.", limits::TAGS),
    )
}

async fn tag(call: Call<'_>, action: &str, input: TagInput) -> Result<(), ApiError> {
    let name = group_name(call, None, Some(&input.resource_arn))?;
    let keys = keys_of(&input.tags);
    call.demand_with(action, &group_resource(&name), &keys)
        .await?;
    let row = group(call, &name).await?;
    check_tags(&input.tags)?;
    let tags: Vec<_> = input.tags.into_iter().collect();
    match call
        .context
        .store
        .tag_resource(&row.group_id, &tags, limits::TAGS)
        .await?
    {
        Room::Stored => Ok(()),
        Room::Full => Err(too_many()),
    }
}

async fn untag(call: Call<'_>, action: &str, input: UntagInput) -> Result<(), ApiError> {
    let name = group_name(call, None, Some(&input.resource_arn))?;
    let keys = Keys::default().with_set("aws:TagKeys", &input.tag_keys);
    call.demand_with(action, &group_resource(&name), &keys)
        .await?;
    let row = group(call, &name).await?;
    Ok(call
        .context
        .store
        .untag_resource(&row.group_id, &input.tag_keys)
        .await?)
}

async fn list(call: Call<'_>, action: &str, input: ListInput) -> Result<ListOutput, ApiError> {
    let name = group_name(call, None, Some(&input.resource_arn))?;
    call.demand(action, &group_resource(&name)).await?;
    let row = group(call, &name).await?;
    let tags = call.context.store.resource_tags(&row.group_id).await?;
    Ok(ListOutput {
        tags: tags.into_iter().collect(),
    })
}

macro_rules! by {
    ($operation:ident, $action:literal, $input:ty, $output:ty, $run:ident) => {
        impl Operation for $operation {
            const SERVICE: Service = Service::Logs;
            const NAME: &'static str = stringify!($operation);
            const ACCESS: Access<$input> = Access::Within { action: $action };
            type Input = $input;
            type Output = $output;

            async fn run(call: Call<'_>, input: $input) -> Result<$output, ApiError> {
                $run(call, $action, input).await
            }
        }
    };
}

by!(TagResource, "logs:TagResource", TagInput, (), tag);
by!(UntagResource, "logs:UntagResource", UntagInput, (), untag);
by!(
    ListTagsForResource,
    "logs:ListTagsForResource",
    ListInput,
    ListOutput,
    list
);
by!(TagLogGroup, "logs:TagLogGroup", TagInput, (), tag);
by!(UntagLogGroup, "logs:UntagLogGroup", UntagInput, (), untag);
by!(
    ListTagsLogGroup,
    "logs:ListTagsLogGroup",
    ListInput,
    ListOutput,
    list
);
