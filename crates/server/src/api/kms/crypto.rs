//! `Encrypt` and `Decrypt`.

use serde::{Deserialize, Serialize};

use super::KmsCode;
use super::permitted::{Wish, arn, permitted, permitted_by_id};
use super::wire::{
    ALGORITHM, Bytes, Pairs, check_length, encryption_context, invalid_ciphertext, only_symmetric,
    refusal, unless_rehearsed, unsupported,
};
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::keys::{self, Blob, EncryptionContext, GrantOperation};
use crate::store::KeyRow;

/// The longest plaintext and the longest ciphertext, bytes.
const PLAINTEXT: usize = 4096;
const CIPHERTEXT: usize = 6144;

pub(crate) struct Encrypt;
pub(crate) struct Decrypt;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EncryptInput {
    key_id: String,
    plaintext: Bytes,
    encryption_context: Pairs,
    encryption_algorithm: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EncryptOutput {
    ciphertext_blob: Bytes,
    key_id: String,
    encryption_algorithm: &'static str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DecryptInput {
    ciphertext_blob: Bytes,
    encryption_context: Pairs,
    key_id: Option<String>,
    encryption_algorithm: Option<String>,
    recipient: Option<serde_json::Value>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DecryptOutput {
    key_id: String,
    plaintext: Bytes,
    encryption_algorithm: &'static str,
    key_material_id: String,
}

impl Operation for Encrypt {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "Encrypt";
    const ACCESS: Access<EncryptInput> = Access::Within {
        action: "kms:Encrypt",
    };
    type Input = EncryptInput;
    type Output = EncryptOutput;

    async fn run(call: Call<'_>, input: EncryptInput) -> Result<EncryptOutput, ApiError> {
        let context = call.context;
        let encryption = encryption_context(input.encryption_context)?;
        let wish = Wish::to(GrantOperation::Encrypt, Some(&encryption));
        let key = permitted(context, call.caller, &input.key_id, wish).await?;
        only_symmetric(input.encryption_algorithm.as_deref())?;
        check_length("plaintext", input.plaintext.0.len(), 1, PLAINTEXT)?;
        keys::usable(&key).map_err(|error| refusal(context, &key, error))?;
        unless_rehearsed(input.dry_run)?;
        let made = keys::encrypt(context, &key, &input.plaintext.0, &encryption)
            .await
            .map_err(|error| refusal(context, &key, error))?;
        Ok(EncryptOutput {
            ciphertext_blob: made.blob.into(),
            key_id: arn(context, &key.key_id),
            encryption_algorithm: ALGORITHM,
        })
    }
}

impl Operation for Decrypt {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "Decrypt";
    const ACCESS: Access<DecryptInput> = Access::Within {
        action: "kms:Decrypt",
    };
    type Input = DecryptInput;
    type Output = DecryptOutput;

    async fn run(call: Call<'_>, input: DecryptInput) -> Result<DecryptOutput, ApiError> {
        let context = call.context;
        let encryption = encryption_context(input.encryption_context)?;
        check_length(
            "ciphertextBlob",
            input.ciphertext_blob.0.len(),
            1,
            CIPHERTEXT,
        )?;
        let blob = Blob::parse(&input.ciphertext_blob.0).map_err(|_| invalid_ciphertext())?;
        let given = input.key_id.as_deref();
        let key = key_behind(call, GrantOperation::Decrypt, given, &blob, &encryption).await?;
        only_symmetric(input.encryption_algorithm.as_deref())?;
        if input.recipient.is_some() {
            return Err(unsupported(
                "Recipient is not served: there are no enclaves here.",
            ));
        }
        let opened = keys::decrypt(context, &key, &blob, &encryption)
            .await
            .map_err(|error| refusal(context, &key, error))?;
        unless_rehearsed(input.dry_run)?;
        Ok(DecryptOutput {
            key_id: arn(context, &key.key_id),
            plaintext: Bytes(opened.plaintext),
            encryption_algorithm: ALGORITHM,
            key_material_id: opened.material_id,
        })
    }
}

/// The key that made a ciphertext, if the caller may decrypt with it, and if it is the one the caller named.
pub(super) async fn key_behind(
    call: Call<'_>,
    operation: GrantOperation,
    given: Option<&str>,
    blob: &Blob<'_>,
    encryption: &EncryptionContext,
) -> Result<KeyRow, ApiError> {
    let wish = Wish::to(operation, Some(encryption));
    let Some(given) = given else {
        return permitted_by_id(call.context, call.caller, blob.key_id, wish).await;
    };
    let key = permitted(call.context, call.caller, given, wish).await?;
    if blob.key_id.to_string() == key.key_id {
        return Ok(key);
    }
    Err(ApiError::new(
        Code::Kms(KmsCode::IncorrectKey),
        "The key ID in the request does not identify a CMK that can perform this operation.",
    ))
}
