//! Setting, removing and listing tags, for every kind of entity that has them.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::owner::{Named, Owner, operation};
use super::paging::Paging;
use super::tags::{Tag, check_tags, removal_keys, request_keys, too_many};
use crate::api::{Access, Call, Operation, Service};
use crate::codec::list;
use crate::error::ApiError;
use crate::limits;
use crate::store::{Room, TagRow};

pub(crate) struct SetTags<O>(PhantomData<O>);
pub(crate) struct RemoveTags<O>(PhantomData<O>);
pub(crate) struct ListTags<O>(PhantomData<O>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "O: Owner")]
pub(crate) struct SetInput<O> {
    #[serde(flatten)]
    owner: Named<O>,
    #[serde(deserialize_with = "list")]
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "O: Owner")]
pub(crate) struct RemoveInput<O> {
    #[serde(flatten)]
    owner: Named<O>,
    #[serde(deserialize_with = "list")]
    tag_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "O: Owner")]
pub(crate) struct ListInput<O> {
    #[serde(flatten)]
    owner: Named<O>,
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

impl<O: Owner> Operation for SetTags<O> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(O::ACTIONS.tag);
    const ACCESS: Access<SetInput<O>> = Access::Tagging {
        action: O::ACTIONS.tag,
        on: |input| input.owner.resource(),
        keys: |input| request_keys(&input.tags),
    };
    type Input = SetInput<O>;
    type Output = ();

    async fn run(call: Call<'_>, input: SetInput<O>) -> Result<(), ApiError> {
        check_tags(&input.tags)?;
        let owner = input.owner.find_modifiable(call).await?;
        let tags: Vec<TagRow> = input.tags.into_iter().map(TagRow::from).collect();
        let store = &call.context.store;
        match store.put_tags(&owner.id, &tags, limits::TAGS).await? {
            Room::Stored => Ok(()),
            Room::Full => Err(too_many()),
        }
    }
}

impl<O: Owner> Operation for RemoveTags<O> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(O::ACTIONS.untag);
    const ACCESS: Access<RemoveInput<O>> = Access::Tagging {
        action: O::ACTIONS.untag,
        on: |input| input.owner.resource(),
        keys: |input| removal_keys(&input.tag_keys),
    };
    type Input = RemoveInput<O>;
    type Output = ();

    async fn run(call: Call<'_>, input: RemoveInput<O>) -> Result<(), ApiError> {
        let owner = input.owner.find_modifiable(call).await?;
        let store = &call.context.store;
        Ok(store.remove_tags(&owner.id, &input.tag_keys).await?)
    }
}

impl<O: Owner> Operation for ListTags<O> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(O::ACTIONS.list_tags);
    const ACCESS: Access<ListInput<O>> = Access::Policy {
        action: O::ACTIONS.list_tags,
        on: |input| input.owner.resource(),
    };
    type Input = ListInput<O>;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput<O>) -> Result<ListOutput, ApiError> {
        let owner = input.owner.find(call).await?;
        let mut tags = call.context.store.tags(&owner.id).await?;
        tags.sort_by(|a, b| a.key.cmp(&b.key));
        let page = input.paging.page(tags, |tag| &tag.key)?;
        Ok(ListOutput {
            tags: page.items.into_iter().map(Tag::from).collect(),
            is_truncated: page.next.is_some(),
            marker: page.next,
        })
    }
}
