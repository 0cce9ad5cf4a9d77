//! `ReEncrypt`: from one key and context to another, the plaintext never leaving the server.

use serde::{Deserialize, Serialize};

use super::crypto::key_behind;
use super::permitted::{Wish, arn, permitted};
use super::wire::{
    ALGORITHM, Bytes, Pairs, encryption_context, invalid_ciphertext, only_symmetric, refusal,
    unless_rehearsed,
};
use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;
use crate::keys::{self, Blob, GrantOperation};

pub(crate) struct ReEncrypt;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    ciphertext_blob: Bytes,
    source_encryption_context: Pairs,
    source_key_id: Option<String>,
    destination_key_id: String,
    destination_encryption_context: Pairs,
    source_encryption_algorithm: Option<String>,
    destination_encryption_algorithm: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    ciphertext_blob: Bytes,
    source_key_id: String,
    key_id: String,
    source_encryption_algorithm: &'static str,
    destination_encryption_algorithm: &'static str,
    source_key_material_id: String,
    destination_key_material_id: String,
}

impl Operation for ReEncrypt {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "ReEncrypt";
    // What is demanded is `kms:ReEncryptFrom` on the one key and `kms:ReEncryptTo` on the other, as in AWS.
    const ACCESS: Access<Input> = Access::Within {
        action: "kms:ReEncrypt",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let context = call.context;
        let from = encryption_context(input.source_encryption_context)?;
        let to = encryption_context(input.destination_encryption_context)?;
        let blob = Blob::parse(&input.ciphertext_blob.0).map_err(|_| invalid_ciphertext())?;
        let given = input.source_key_id.as_deref();
        let source = key_behind(call, GrantOperation::ReEncryptFrom, given, &blob, &from).await?;
        let wish = Wish::to(GrantOperation::ReEncryptTo, Some(&to));
        let target = permitted(context, call.caller, &input.destination_key_id, wish).await?;
        only_symmetric(input.source_encryption_algorithm.as_deref())?;
        only_symmetric(input.destination_encryption_algorithm.as_deref())?;
        let opened = keys::decrypt(context, &source, &blob, &from)
            .await
            .map_err(|error| refusal(context, &source, error))?;
        keys::usable(&target).map_err(|error| refusal(context, &target, error))?;
        unless_rehearsed(input.dry_run)?;
        let made = keys::encrypt(context, &target, &opened.plaintext, &to)
            .await
            .map_err(|error| refusal(context, &target, error))?;
        Ok(Output {
            ciphertext_blob: made.blob.into(),
            source_key_id: arn(context, &source.key_id),
            key_id: arn(context, &target.key_id),
            source_encryption_algorithm: ALGORITHM,
            destination_encryption_algorithm: ALGORITHM,
            source_key_material_id: opened.material_id,
            destination_key_material_id: made.material_id,
        })
    }
}
