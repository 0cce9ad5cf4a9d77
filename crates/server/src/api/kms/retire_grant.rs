//! `RetireGrant`: giving a grant back, by whoever it names for that.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::KmsCode;
use super::permitted::{Wish, permitted_by_id};
use super::wire::unless_rehearsed;
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::{digest, names_of};
use crate::keys::GrantOperation;
use crate::store::GrantRow;

pub(crate) struct RetireGrant;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    grant_token: Option<String>,
    grant_id: Option<String>,
    dry_run: Option<bool>,
}

impl Operation for RetireGrant {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "RetireGrant";
    const ACCESS: Access<Input> = Access::Within {
        action: "kms:RetireGrant",
    };
    type Input = Input;
    type Output = ();

    async fn run(call: Call<'_>, input: Input) -> Result<(), ApiError> {
        let token = input.grant_token.as_deref().map(digest);
        let (id, token) = (
            input.grant_id.unwrap_or_default(),
            token.unwrap_or_default(),
        );
        let grant = call.context.store.grant(&id, &token).await?;
        // Whoever may not retire it learns nothing of it.
        let unknown = || {
            ApiError::new(
                Code::Kms(KmsCode::NotFound),
                "There is no such grant that the caller may retire.",
            )
        };
        let grant = grant.ok_or_else(unknown)?;
        if !may_retire(call, &grant).await? {
            return Err(unknown());
        }
        unless_rehearsed(input.dry_run)?;
        call.context.store.delete_grant(&grant.grant_id).await?;
        Ok(())
    }
}

/// The retiring principal may, the grantee if the grant says so, and whom the key's policy allows.
async fn may_retire(call: Call<'_>, grant: &GrantRow) -> Result<bool, ApiError> {
    let is = |principal: &(String, String)| {
        let ids = BTreeMap::from([principal.clone()]);
        !names_of(call.caller, &ids).is_empty()
    };
    if grant.retiring.as_ref().is_some_and(is) {
        return Ok(true);
    }
    let key_id = grant.key_id.parse().map_err(ApiError::internal)?;
    let wish = Wish::to(GrantOperation::RetireGrant, None);
    match permitted_by_id(call.context, call.caller, key_id, wish).await {
        Ok(_) => Ok(true),
        Err(refusal) if refusal.code() == Code::AccessDenied => Ok(false),
        Err(failure) => Err(failure),
    }
}
