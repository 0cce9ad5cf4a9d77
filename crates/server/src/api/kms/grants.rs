//! `CreateGrant`, `ListGrants`, `RevokeGrant`: permissions on one key, beside its policy, for one principal.
//!
//! A grant counts at once; grant tokens are given out and accepted, and needed for nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::KmsCode;
use super::permitted::{Wish, arn, permitted};
use super::wire::{Paging, refusal, unless_pending_deletion, unless_rehearsed};
use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::error::{ApiError, Code};
use crate::identity::{Alphabet, NODE_ROLE_ID, digest, fresh, principal_id};
use crate::keys::{self, EncryptionContext, GrantConstraints, GrantOperation};
use crate::limits;
use crate::store::GrantRow;

pub(crate) struct CreateGrant;
pub(crate) struct ListGrants;
pub(crate) struct RevokeGrant;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateInput {
    key_id: String,
    grantee_principal: String,
    retiring_principal: Option<String>,
    operations: Vec<String>,
    #[serde(default)]
    constraints: GrantConstraints,
    name: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateOutput {
    grant_token: String,
    grant_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListInput {
    key_id: String,
    grant_id: Option<String>,
    grantee_principal: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GrantEntry {
    key_id: String,
    grant_id: String,
    name: Option<String>,
    creation_date: EpochSeconds,
    grantee_principal: String,
    retiring_principal: Option<String>,
    issuing_account: String,
    operations: Vec<GrantOperation>,
    constraints: Option<GrantConstraints>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    grants: Vec<GrantEntry>,
    truncated: bool,
    next_marker: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RevokeInput {
    key_id: String,
    grant_id: String,
    dry_run: Option<bool>,
}

/// The operations that a grant is to allow, each once.
fn operations(given: &[String]) -> Result<Vec<GrantOperation>, ApiError> {
    if given.is_empty() {
        return Err(ApiError::constraint(
            "operations",
            "Member must not be empty",
        ));
    }
    let mut all = Vec::new();
    for name in given {
        let operation = serde_json::from_value(name.as_str().into()).map_err(|_| {
            let rule = "Member must name operations of a symmetric key";
            ApiError::constraint("operations", rule)
        })?;
        if !all.contains(&operation) {
            all.push(operation);
        }
    }
    Ok(all)
}

/// A principal and the id behind it.
async fn principal(call: Call<'_>, arn: &str) -> Result<(String, String), ApiError> {
    let id = principal_id(call.context, arn).await?;
    // What a node may decrypt is decided by its own id alone: a grant would be for all nodes.
    let id = id.filter(|id| id != NODE_ROLE_ID).ok_or_else(|| {
        ApiError::new(
            Code::Kms(KmsCode::InvalidArn),
            format!("{arn} is not a user, a role or a role session of this account that a grant can name."),
        )
    })?;
    Ok((arn.to_owned(), id))
}

/// A context that the constraints let through; where they leave further pairs open, one with such a pair.
fn example(constraints: &GrantConstraints) -> BTreeMap<String, String> {
    if let Some(pairs) = &constraints.encryption_context_equals {
        return pairs.clone();
    }
    let mut pairs = constraints
        .encryption_context_subset
        .clone()
        .unwrap_or_default();
    pairs.insert("any further name".to_owned(), "any value".to_owned());
    pairs
}

/// Whoever has no more than grants hands on no more than they have: AWS's rule for CreateGrant by grant.
async fn demand_no_more_than_own(
    call: Call<'_>,
    input: &CreateInput,
    wanted: &[GrantOperation],
) -> Result<(), ApiError> {
    let manage = Wish::manage("kms:CreateGrant");
    if permitted(call.context, call.caller, &input.key_id, manage)
        .await
        .is_ok()
    {
        return Ok(());
    }
    let encryption = EncryptionContext::new(example(&input.constraints))
        .map_err(|error| ApiError::new(Code::Validation, error.to_string()))?;
    for operation in wanted {
        let wish = Wish::to(*operation, Some(&encryption));
        permitted(call.context, call.caller, &input.key_id, wish).await?;
    }
    Ok(())
}

impl Operation for CreateGrant {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "CreateGrant";
    const ACCESS: Access<CreateInput> = Access::Within {
        action: "kms:CreateGrant",
    };
    type Input = CreateInput;
    type Output = CreateOutput;

    async fn run(call: Call<'_>, input: CreateInput) -> Result<CreateOutput, ApiError> {
        let context = call.context;
        let wish = Wish::to(GrantOperation::CreateGrant, None);
        let key = permitted(context, call.caller, &input.key_id, wish).await?;
        let wanted = operations(&input.operations)?;
        demand_no_more_than_own(call, &input, &wanted).await?;
        keys::usable(&key).map_err(|error| refusal(context, &key, error))?;
        let grantee = principal(call, &input.grantee_principal).await?;
        let retiring = match &input.retiring_principal {
            Some(arn) => Some(principal(call, arn).await?),
            None => None,
        };
        unless_rehearsed(input.dry_run)?;
        let token = fresh(Alphabet::Base64, 86)?;
        let row = GrantRow {
            grant_id: fresh(Alphabet::Hex, 64)?.to_string(),
            key_id: key.key_id,
            name: input.name,
            token_hash: digest(&token),
            grantee,
            retiring,
            operations: serde_json::to_string(&wanted).map_err(ApiError::internal)?,
            constraints: serde_json::to_string(&input.constraints).map_err(ApiError::internal)?,
            created: context.now(),
        };
        if !context.store.insert_grant(&row, limits::KEY_GRANTS).await? {
            return Err(ApiError::new(
                Code::Kms(KmsCode::LimitExceeded),
                format!("A key has at most {} grants.", limits::KEY_GRANTS),
            ));
        }
        Ok(CreateOutput {
            grant_token: token.to_string(),
            grant_id: row.grant_id,
        })
    }
}

impl Operation for ListGrants {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "ListGrants";
    const ACCESS: Access<ListInput> = Access::Within {
        action: "kms:ListGrants",
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let context = call.context;
        let wish = Wish::manage("kms:ListGrants");
        let key = permitted(context, call.caller, &input.key_id, wish).await?;
        unless_pending_deletion(context, &key)?;
        let after = input.paging.after()?;
        let mut rows = context
            .store
            .grants(&key.key_id, &after, limits::KEY_GRANTS)
            .await?;
        rows.retain(|row| {
            input.grant_id.as_ref().is_none_or(|id| *id == row.grant_id)
                && input
                    .grantee_principal
                    .as_ref()
                    .is_none_or(|arn| *arn == row.grantee.0)
        });
        let page = input.paging.cut(rows, |row| &row.grant_id)?;
        Ok(ListOutput {
            grants: page
                .items
                .into_iter()
                .map(|row| entry(call, row))
                .collect::<Result<_, _>>()?,
            truncated: page.next.is_some(),
            next_marker: page.next,
        })
    }
}

fn entry(call: Call<'_>, row: GrantRow) -> Result<GrantEntry, ApiError> {
    let constraints: GrantConstraints =
        serde_json::from_str(&row.constraints).map_err(ApiError::internal)?;
    Ok(GrantEntry {
        key_id: arn(call.context, &row.key_id),
        grant_id: row.grant_id,
        name: row.name,
        creation_date: EpochSeconds(row.created),
        grantee_principal: row.grantee.0,
        retiring_principal: row.retiring.map(|(arn, _)| arn),
        issuing_account: format!("arn:aws:iam::{}:root", call.context.config.account),
        operations: serde_json::from_str(&row.operations).map_err(ApiError::internal)?,
        constraints: Some(constraints).filter(|one| *one != GrantConstraints::default()),
    })
}

impl Operation for RevokeGrant {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "RevokeGrant";
    const ACCESS: Access<RevokeInput> = Access::Within {
        action: "kms:RevokeGrant",
    };
    type Input = RevokeInput;
    type Output = ();

    async fn run(call: Call<'_>, input: RevokeInput) -> Result<(), ApiError> {
        let context = call.context;
        let wish = Wish::manage("kms:RevokeGrant");
        let key = permitted(context, call.caller, &input.key_id, wish).await?;
        unless_pending_deletion(context, &key)?;
        let grant = context.store.grant(&input.grant_id, &[]).await?;
        let grant = grant
            .filter(|grant| grant.key_id == key.key_id)
            .ok_or_else(|| {
                ApiError::new(
                    Code::Kms(KmsCode::NotFound),
                    format!("Grant ID {} not found", input.grant_id),
                )
            })?;
        unless_rehearsed(input.dry_run)?;
        context.store.delete_grant(&grant.grant_id).await?;
        tracing::info!(
            caller = call.caller.arn,
            grant = grant.grant_id,
            "grant revoked"
        );
        Ok(())
    }
}
