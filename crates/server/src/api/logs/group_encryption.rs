//! `AssociateKmsKey`, `DisassociateKmsKey`: which KMS key seals what a group gets from now on.

use serde::Deserialize;

use super::found::{closed, encryption_of, group, group_name, group_resource, invalid};
use crate::api::{Access, Call, Operation, Service, Wish, key_arn, permitted};
use crate::error::ApiError;
use crate::keys::{self, EncryptionContext, GrantOperation};
use crate::logs::fresh_group_key;
use crate::store::KeyRow;

pub(crate) struct AssociateKmsKey;
pub(crate) struct DisassociateKmsKey;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssociateInput {
    log_group_name: Option<String>,
    resource_identifier: Option<String>,
    kms_key_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DisassociateInput {
    log_group_name: Option<String>,
    resource_identifier: Option<String>,
}

/// The key that a group is to have, if whoever asks may use it for that: a group's readers see what the key sealed, so
/// naming a key is using it.
pub(super) async fn key_for_group(
    call: Call<'_>,
    given: Option<&str>,
    encryption: &EncryptionContext,
) -> Result<Option<(KeyRow, String)>, ApiError> {
    let Some(given) = given else {
        return Ok(None);
    };
    let wish = Wish {
        via: Some("logs"),
        ..Wish::to(GrantOperation::GenerateDataKey, Some(encryption))
    };
    let key = permitted(call.context, call.caller, given, wish).await?;
    keys::usable(&key)
        .map_err(|_| invalid("The specified KMS Key Id is disabled or pending deletion."))?;
    let arn = key_arn(call.context, &key.key_id);
    Ok(Some((key, arn)))
}

/// Gives a group a new data key, under `given` or the root key.
async fn replace(call: Call<'_>, name: &str, given: Option<&str>) -> Result<(), ApiError> {
    let row = group(call, name).await?;
    let encryption = encryption_of(call, name)?;
    let key = key_for_group(call, given, &encryption).await?;
    let kms = key.as_ref().map(|(row, arn)| (row, arn.as_str()));
    let next = row.generation + 1;
    let data_key = fresh_group_key(call.context, &row.group_id, next, kms, &encryption)
        .await
        .map_err(closed)?;
    match call.context.store.replace_group_key(&data_key).await? {
        true => Ok(()),
        false => Err(invalid("The log group's key was changed at the same time.")),
    }
}

impl Operation for AssociateKmsKey {
    const SERVICE: Service = Service::Logs;
    const NAME: &'static str = "AssociateKmsKey";
    const ACCESS: Access<AssociateInput> = Access::Within {
        action: "logs:AssociateKmsKey",
    };
    type Input = AssociateInput;
    type Output = ();

    async fn run(call: Call<'_>, input: AssociateInput) -> Result<(), ApiError> {
        let (name, arn) = (
            input.log_group_name.as_deref(),
            input.resource_identifier.as_deref(),
        );
        let name = group_name(call, name, arn)?;
        call.demand("logs:AssociateKmsKey", &group_resource(&name))
            .await?;
        replace(call, &name, Some(&input.kms_key_id)).await
    }
}

impl Operation for DisassociateKmsKey {
    const SERVICE: Service = Service::Logs;
    const NAME: &'static str = "DisassociateKmsKey";
    const ACCESS: Access<DisassociateInput> = Access::Within {
        action: "logs:DisassociateKmsKey",
    };
    type Input = DisassociateInput;
    type Output = ();

    async fn run(call: Call<'_>, input: DisassociateInput) -> Result<(), ApiError> {
        let (name, arn) = (
            input.log_group_name.as_deref(),
            input.resource_identifier.as_deref(),
        );
        let name = group_name(call, name, arn)?;
        call.demand("logs:DisassociateKmsKey", &group_resource(&name))
            .await?;
        replace(call, &name, None).await
    }
}
