//! Aliases: names that can be pointed at another key. What uses one is judged by the key behind it.

use serde::{Deserialize, Serialize};

use super::KmsCode;
use super::permitted::{Wish, permitted};
use super::wire::{Paging, unless_pending_deletion};
use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::keys::ALIAS;
use crate::limits;
use crate::store::AliasRow;

pub(crate) struct CreateAlias;
pub(crate) struct UpdateAlias;
pub(crate) struct DeleteAlias;
pub(crate) struct ListAliases;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TargetInput {
    alias_name: String,
    target_key_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NameInput {
    alias_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListInput {
    key_id: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AliasEntry {
    alias_name: String,
    alias_arn: String,
    target_key_id: String,
    creation_date: EpochSeconds,
    last_updated_date: EpochSeconds,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    aliases: Vec<AliasEntry>,
    truncated: bool,
    next_marker: Option<String>,
}

/// Refuses unless the caller may do `action` to the alias itself; for the keys involved it is asked again.
async fn demand(call: Call<'_>, action: &str, name: &str) -> Result<(), ApiError> {
    let resource = Resource::Arn(call.context.config.scope().kms(name));
    call.demand(action, &resource).await
}

fn check(name: &str) -> Result<(), ApiError> {
    let refusal = |sentence: &str| ApiError::new(Code::Kms(KmsCode::InvalidAliasName), sentence);
    let own = name.strip_prefix(ALIAS).unwrap_or_default();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b":/_-".contains(&b);
    if own.is_empty() || name.len() > 256 || !own.bytes().all(allowed) {
        return Err(refusal(
            "Alias must start with the prefix \"alias/\" and have at most 256 letters, digits and :/_- in all.",
        ));
    }
    if own.starts_with("aws/") {
        return Err(refusal(
            "Alias names that begin with alias/aws/ are reserved.",
        ));
    }
    Ok(())
}

async fn alias(call: Call<'_>, name: &str) -> Result<AliasRow, ApiError> {
    call.context.store.alias(name).await?.ok_or_else(|| {
        let arn = call.context.config.scope().kms(name);
        ApiError::new(
            Code::Kms(KmsCode::NotFound),
            format!("Alias {arn} is not found."),
        )
    })
}

impl Operation for CreateAlias {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "CreateAlias";
    const ACCESS: Access<TargetInput> = Access::Within {
        action: "kms:CreateAlias",
    };
    type Input = TargetInput;
    type Output = ();

    async fn run(call: Call<'_>, input: TargetInput) -> Result<(), ApiError> {
        let context = call.context;
        demand(call, "kms:CreateAlias", &input.alias_name).await?;
        let wish = Wish::manage("kms:CreateAlias");
        let key = permitted(context, call.caller, &input.target_key_id, wish).await?;
        check(&input.alias_name)?;
        unless_pending_deletion(context, &key)?;
        let held = context
            .store
            .aliases(Some(&key.key_id), "", limits::KEY_ALIASES)
            .await?;
        if held.len() as i64 >= limits::KEY_ALIASES {
            return Err(ApiError::new(
                Code::Kms(KmsCode::LimitExceeded),
                format!("A key has at most {} aliases.", limits::KEY_ALIASES),
            ));
        }
        let row = AliasRow {
            name: input.alias_name,
            key_id: key.key_id,
            created: context.now(),
            updated: context.now(),
        };
        if context.store.insert_alias(&row).await? {
            return Ok(());
        }
        let arn = context.config.scope().kms(&row.name);
        Err(ApiError::new(
            Code::Kms(KmsCode::AlreadyExists),
            format!("An alias with the name {arn} already exists"),
        ))
    }
}

impl Operation for UpdateAlias {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "UpdateAlias";
    const ACCESS: Access<TargetInput> = Access::Within {
        action: "kms:UpdateAlias",
    };
    type Input = TargetInput;
    type Output = ();

    async fn run(call: Call<'_>, input: TargetInput) -> Result<(), ApiError> {
        let context = call.context;
        demand(call, "kms:UpdateAlias", &input.alias_name).await?;
        let row = alias(call, &input.alias_name).await?;
        let wish = Wish::manage("kms:UpdateAlias");
        permitted(context, call.caller, &row.key_id, wish).await?;
        let key = permitted(context, call.caller, &input.target_key_id, wish).await?;
        unless_pending_deletion(context, &key)?;
        let now = context.now();
        Ok(context
            .store
            .point_alias(&row.name, &key.key_id, now)
            .await?)
    }
}

impl Operation for DeleteAlias {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "DeleteAlias";
    const ACCESS: Access<NameInput> = Access::Within {
        action: "kms:DeleteAlias",
    };
    type Input = NameInput;
    type Output = ();

    async fn run(call: Call<'_>, input: NameInput) -> Result<(), ApiError> {
        let context = call.context;
        demand(call, "kms:DeleteAlias", &input.alias_name).await?;
        let row = alias(call, &input.alias_name).await?;
        let wish = Wish::manage("kms:DeleteAlias");
        permitted(context, call.caller, &row.key_id, wish).await?;
        Ok(context.store.delete_alias(&row.name).await?)
    }
}

impl Operation for ListAliases {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "ListAliases";
    const ACCESS: Access<ListInput> = Access::Policy {
        action: "kms:ListAliases",
        on: |_| Resource::Any,
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let context = call.context;
        let key = match &input.key_id {
            Some(given) => {
                let wish = Wish::manage("kms:ListAliases");
                Some(permitted(context, call.caller, given, wish).await?.key_id)
            }
            None => None,
        };
        let (after, fetched) = (input.paging.after()?, input.paging.fetched()?);
        let rows = context
            .store
            .aliases(key.as_deref(), &after, fetched)
            .await?;
        let page = input.paging.cut(rows, |row| &row.name)?;
        let entry = |row: AliasRow| AliasEntry {
            alias_arn: context.config.scope().kms(&row.name),
            alias_name: row.name,
            target_key_id: row.key_id,
            creation_date: EpochSeconds(row.created),
            last_updated_date: EpochSeconds(row.updated),
        };
        Ok(ListOutput {
            aliases: page.items.into_iter().map(entry).collect(),
            truncated: page.next.is_some(),
            next_marker: page.next,
        })
    }
}
