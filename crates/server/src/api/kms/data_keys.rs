//! `GenerateDataKey` and `GenerateDataKeyWithoutPlaintext`: what a session's client asks before a session.

use aws_lc_rs::rand;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::permitted::{Wish, arn, permitted};
use super::wire::{Bytes, Pairs, encryption_context, refusal, unless_rehearsed, unsupported};
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::keys::{self, GrantOperation};

pub(crate) struct GenerateDataKey;
pub(crate) struct GenerateDataKeyWithoutPlaintext;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    key_id: String,
    encryption_context: Pairs,
    number_of_bytes: Option<i64>,
    key_spec: Option<String>,
    recipient: Option<serde_json::Value>,
    dry_run: Option<bool>,
}

impl Input {
    fn length(&self) -> Result<usize, ApiError> {
        match (self.number_of_bytes, self.key_spec.as_deref()) {
            (None, Some("AES_256")) => Ok(32),
            (None, Some("AES_128")) => Ok(16),
            (None, Some(_)) => Err(ApiError::constraint(
                "keySpec",
                "Member must satisfy enum value set: [AES_256, AES_128]",
            )),
            (Some(bytes), None) => usize::try_from(bytes)
                .ok()
                .filter(|bytes| (1..=1024).contains(bytes))
                .ok_or_else(|| {
                    ApiError::constraint("numberOfBytes", "Member must be between 1 and 1024")
                }),
            (None, None) | (Some(_), Some(_)) => Err(ApiError::new(
                Code::Validation,
                "Please specify either number of bytes or key spec.",
            )),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    ciphertext_blob: Bytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    plaintext: Option<Bytes>,
    key_id: String,
    key_material_id: String,
}

/// A data key, in the clear and encrypted.
async fn generate(
    call: Call<'_>,
    input: Input,
    operation: GrantOperation,
) -> Result<Output, ApiError> {
    let context = call.context;
    let length = input.length();
    let encryption = encryption_context(input.encryption_context)?;
    let wish = Wish::to(operation, Some(&encryption));
    let key = permitted(context, call.caller, &input.key_id, wish).await?;
    let length = length?;
    if input.recipient.is_some() {
        return Err(unsupported(
            "Recipient is not served: there are no enclaves here.",
        ));
    }
    keys::usable(&key).map_err(|error| refusal(context, &key, error))?;
    unless_rehearsed(input.dry_run)?;
    let mut plaintext = Zeroizing::new(vec![0u8; length]);
    rand::fill(&mut plaintext).map_err(|_| ApiError::internal("no random bytes"))?;
    let made = keys::encrypt(context, &key, &plaintext, &encryption)
        .await
        .map_err(|error| refusal(context, &key, error))?;
    Ok(Output {
        ciphertext_blob: made.blob.into(),
        plaintext: Some(Bytes(plaintext)),
        key_id: arn(context, &key.key_id),
        key_material_id: made.material_id,
    })
}

impl Operation for GenerateDataKey {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "GenerateDataKey";
    const ACCESS: Access<Input> = Access::Within {
        action: "kms:GenerateDataKey",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        generate(call, input, GrantOperation::GenerateDataKey).await
    }
}

impl Operation for GenerateDataKeyWithoutPlaintext {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "GenerateDataKeyWithoutPlaintext";
    const ACCESS: Access<Input> = Access::Within {
        action: "kms:GenerateDataKeyWithoutPlaintext",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let made = generate(call, input, GrantOperation::GenerateDataKeyWithoutPlaintext).await?;
        Ok(Output {
            plaintext: None,
            ..made
        })
    }
}
