//! `AddTagsToResource`, `RemoveTagsFromResource`, `ListTagsForResource`: tags of documents, managed nodes and parameters.
//!
//! Policies decide by these tags who reaches a node, so setting one is judged on the resource as it is and by the tags
//! that the call brings (`aws:RequestTag`, `aws:TagKeys`).

use serde::{Deserialize, Serialize};
use usher_policy::Context as Keys;

use crate::api::iam::{Tag, check_tags};
use crate::api::{Access, Call, Operation, Service};
use crate::documents;
use crate::error::{ApiError, Code};
use crate::identity::{Resource, tag_keys};
use crate::limits;
use crate::store::{Room, TagRow, Tagged};

pub(crate) struct AddTagsToResource;
pub(crate) struct RemoveTagsFromResource;
pub(crate) struct ListTagsForResource;

/// What all three name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Named {
    resource_type: String,
    resource_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddInput {
    #[serde(flatten)]
    named: Named,
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RemoveInput {
    #[serde(flatten)]
    named: Named,
    tag_keys: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    tag_list: Vec<Tag>,
}

impl Named {
    fn resource(&self) -> Resource {
        match self.resource_type.as_str() {
            "Document" => Resource::Document(self.resource_id.clone()),
            "ManagedInstance" => Resource::Node(self.resource_id.clone()),
            "Parameter" => Resource::Parameter(self.resource_id.clone()),
            _ => Resource::Any,
        }
    }

    /// What is meant, if it is there.
    async fn find(&self, call: Call<'_>) -> Result<Tagged<'_>, ApiError> {
        let id = self.resource_id.as_str();
        let missing = || {
            ApiError::new(
                Code::InvalidResourceId,
                format!(
                    "The resource ID \"{}\" is not that of a {} here.",
                    id.escape_debug(),
                    self.resource_type
                ),
            )
        };
        let store = &call.context.store;
        match self.resource_type.as_str() {
            "Document" => {
                let name = documents::plain_name(call.context.config.scope(), id);
                let name = name.ok_or_else(missing)?;
                store.document(name).await?.ok_or_else(missing)?;
                Ok(Tagged::Document(name))
            }
            "ManagedInstance" => {
                store.node(id).await?.ok_or_else(missing)?;
                Ok(Tagged::Node(id))
            }
            "Parameter" => {
                store.parameter(id, None).await?.ok_or_else(missing)?;
                Ok(Tagged::Parameter(id))
            }
            other => Err(ApiError::new(
                Code::InvalidResourceType,
                format!(
                    "The resource type {} has no tags here: use Document, ManagedInstance or Parameter.",
                    other.escape_debug()
                ),
            )),
        }
    }
}

/// The condition keys of a call that sets `tags`.
pub(super) fn request_keys(tags: &[Tag]) -> Keys {
    tag_keys(tags.iter().map(Tag::pair))
}

/// Tags as they are stored, if there are not too many and each may be.
pub(super) fn checked(tags: Vec<Tag>) -> Result<Vec<TagRow>, ApiError> {
    check_tags(&tags).map_err(|error| ApiError::new(Code::Validation, error.message()))?;
    if i64::try_from(tags.len()).unwrap_or(i64::MAX) > limits::TAGS {
        return Err(too_many());
    }
    Ok(tags.into_iter().map(TagRow::from).collect())
}

fn too_many() -> ApiError {
    ApiError::new(
        Code::TooManyTags,
        format!("A resource has at most {} tags.", limits::TAGS),
    )
}

impl Operation for AddTagsToResource {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "AddTagsToResource";
    const ACCESS: Access<AddInput> = Access::Keyed {
        action: "ssm:AddTagsToResource",
        on: |input| input.named.resource(),
        keys: |input| request_keys(&input.tags),
    };
    type Input = AddInput;
    type Output = ();

    async fn run(call: Call<'_>, input: AddInput) -> Result<(), ApiError> {
        let tagged = input.named.find(call).await?;
        let tags = checked(input.tags)?;
        let store = &call.context.store;
        match store.put_ssm_tags(tagged, &tags, limits::TAGS).await? {
            Room::Stored => Ok(()),
            Room::Full => Err(too_many()),
        }
    }
}

impl Operation for RemoveTagsFromResource {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "RemoveTagsFromResource";
    const ACCESS: Access<RemoveInput> = Access::Keyed {
        action: "ssm:RemoveTagsFromResource",
        on: |input| input.named.resource(),
        keys: |input| Keys::default().with_set("aws:TagKeys", &input.tag_keys),
    };
    type Input = RemoveInput;
    type Output = ();

    async fn run(call: Call<'_>, input: RemoveInput) -> Result<(), ApiError> {
        let tagged = input.named.find(call).await?;
        let store = &call.context.store;
        Ok(store.remove_ssm_tags(tagged, &input.tag_keys).await?)
    }
}

impl Operation for ListTagsForResource {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "ListTagsForResource";
    const ACCESS: Access<Named> = Access::Policy {
        action: "ssm:ListTagsForResource",
        on: Named::resource,
    };
    type Input = Named;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: Named) -> Result<ListOutput, ApiError> {
        let tagged = input.find(call).await?;
        let tags = call.context.store.ssm_tags(tagged).await?;
        Ok(ListOutput {
            tag_list: tags.into_iter().map(Tag::from).collect(),
        })
    }
}
