//! `DescribeKey`, `ListKeys`, `UpdateKeyDescription`.

use serde::{Deserialize, Serialize};

use super::permitted::{Wish, arn, permitted};
use super::wire::{
    KeyInput, KeyMetadata, Paging, check_length, metadata, put_back, unless_pending_deletion,
};
use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;
use crate::identity::Resource;
use crate::keys::GrantOperation;
use crate::store::KeyRow;

pub(crate) struct DescribeKey;
pub(crate) struct ListKeys;
pub(crate) struct UpdateKeyDescription;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeOutput {
    key_metadata: KeyMetadata,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListInput {
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct KeyEntry {
    key_id: String,
    key_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    keys: Vec<KeyEntry>,
    truncated: bool,
    next_marker: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescriptionInput {
    key_id: String,
    description: String,
}

impl Operation for DescribeKey {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "DescribeKey";
    const ACCESS: Access<KeyInput> = Access::Within {
        action: "kms:DescribeKey",
    };
    type Input = KeyInput;
    type Output = DescribeOutput;

    async fn run(call: Call<'_>, input: KeyInput) -> Result<DescribeOutput, ApiError> {
        let wish = Wish::to(GrantOperation::DescribeKey, None);
        let key = permitted(call.context, call.caller, &input.key_id, wish).await?;
        Ok(DescribeOutput {
            key_metadata: metadata(call, key).await?,
        })
    }
}

impl Operation for ListKeys {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "ListKeys";
    const ACCESS: Access<ListInput> = Access::Policy {
        action: "kms:ListKeys",
        on: |_| Resource::Any,
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let context = call.context;
        let (after, fetched) = (input.paging.after()?, input.paging.fetched()?);
        let ids = context
            .store
            .key_ids(&after, fetched, context.now())
            .await?;
        let page = input.paging.cut(ids, |id| id)?;
        let entry = |key_id: String| KeyEntry {
            key_arn: arn(context, &key_id),
            key_id,
        };
        Ok(ListOutput {
            keys: page.items.into_iter().map(entry).collect(),
            truncated: page.next.is_some(),
            next_marker: page.next,
        })
    }
}

impl Operation for UpdateKeyDescription {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "UpdateKeyDescription";
    const ACCESS: Access<DescriptionInput> = Access::Within {
        action: "kms:UpdateKeyDescription",
    };
    type Input = DescriptionInput;
    type Output = ();

    async fn run(call: Call<'_>, input: DescriptionInput) -> Result<(), ApiError> {
        let wish = Wish::manage("kms:UpdateKeyDescription");
        let key = permitted(call.context, call.caller, &input.key_id, wish).await?;
        check_length("description", input.description.chars().count(), 0, 8192)?;
        unless_pending_deletion(call.context, &key)?;
        let description = input.description;
        let changed = KeyRow {
            description,
            ..key.clone()
        };
        put_back(call.context, &changed, &key).await
    }
}
