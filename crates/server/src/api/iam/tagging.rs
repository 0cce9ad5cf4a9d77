//! Setting, removing and listing tags, for every kind of entity that has them.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::owner::{Named, Tagged, operation};
use super::paging::Paging;
use super::tags::{Tag, check_tags, removal_keys, request_keys, too_many};
use crate::api::{Access, Call, Operation, Service};
use crate::codec::list;
use crate::error::ApiError;
use crate::limits;
use crate::store::{Room, TagRow};

pub(crate) struct SetTags<T>(PhantomData<T>);
pub(crate) struct RemoveTags<T>(PhantomData<T>);
pub(crate) struct ListTags<T>(PhantomData<T>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: Tagged")]
pub(crate) struct SetInput<T> {
    #[serde(flatten)]
    subject: Named<T>,
    #[serde(deserialize_with = "list")]
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: Tagged")]
pub(crate) struct RemoveInput<T> {
    #[serde(flatten)]
    subject: Named<T>,
    #[serde(deserialize_with = "list")]
    tag_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: Tagged")]
pub(crate) struct ListInput<T> {
    #[serde(flatten)]
    subject: Named<T>,
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

impl<T: Tagged> Operation for SetTags<T> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(T::TAG_ACTIONS.set);
    const ACCESS: Access<SetInput<T>> = Access::Keyed {
        action: T::TAG_ACTIONS.set,
        on: |input| input.subject.resource(),
        keys: |input| request_keys(&input.tags),
    };
    type Input = SetInput<T>;
    type Output = ();

    async fn run(call: Call<'_>, input: SetInput<T>) -> Result<(), ApiError> {
        check_tags(&input.tags)?;
        let entity = input.subject.find_modifiable(call).await?;
        let tags: Vec<TagRow> = input.tags.into_iter().map(TagRow::from).collect();
        let store = &call.context.store;
        match store.put_tags(&entity.id, &tags, limits::TAGS).await? {
            Room::Stored => Ok(()),
            Room::Full => Err(too_many()),
        }
    }
}

impl<T: Tagged> Operation for RemoveTags<T> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(T::TAG_ACTIONS.remove);
    const ACCESS: Access<RemoveInput<T>> = Access::Keyed {
        action: T::TAG_ACTIONS.remove,
        on: |input| input.subject.resource(),
        keys: |input| removal_keys(&input.tag_keys),
    };
    type Input = RemoveInput<T>;
    type Output = ();

    async fn run(call: Call<'_>, input: RemoveInput<T>) -> Result<(), ApiError> {
        let entity = input.subject.find_modifiable(call).await?;
        let store = &call.context.store;
        Ok(store.remove_tags(&entity.id, &input.tag_keys).await?)
    }
}

impl<T: Tagged> Operation for ListTags<T> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(T::TAG_ACTIONS.list);
    const ACCESS: Access<ListInput<T>> = Access::Policy {
        action: T::TAG_ACTIONS.list,
        on: |input| input.subject.resource(),
    };
    type Input = ListInput<T>;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput<T>) -> Result<ListOutput, ApiError> {
        let entity = input.subject.find(call).await?;
        let mut tags = call.context.store.tags(&entity.id).await?;
        tags.sort_by(|a, b| a.key.cmp(&b.key));
        let page = input.paging.page(tags, |tag| &tag.key)?;
        Ok(ListOutput {
            tags: page.items.into_iter().map(Tag::from).collect(),
            is_truncated: page.next.is_some(),
            marker: page.next,
        })
    }
}
