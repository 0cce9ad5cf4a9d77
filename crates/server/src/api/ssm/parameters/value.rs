//! A parameter's value at rest, and the two ways to open it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::ParameterCode;
use crate::api::{Call, decrypt_for, encrypt_for, ensure_service_key};
use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::store::{ParameterKind, ParameterRow};

/// Who asks KMS, as policies see it.
const SERVICE: &str = "ssm";

/// The key of a SecureString whose author names none.
const DEFAULT_KEY: &str = "alias/aws/ssm";

/// What the root key binds a value to: another name or version does not open it.
fn place(name: &str, version: i64) -> String {
    format!("parameter/{version}/{name}")
}

/// What KMS binds a value to, as in AWS (Parameter Store's user guide, "PARAMETER_ARN").
fn encryption_context(context: &Context, name: &str) -> BTreeMap<String, String> {
    let arn = context.config.scope().parameter(name);
    BTreeMap::from([("PARAMETER_ARN".to_owned(), arn)])
}

/// Seals the value of a String or StringList.
pub(super) fn seal_plain(
    context: &Context,
    name: &str,
    version: i64,
    value: &str,
) -> Result<Vec<u8>, ApiError> {
    let sealed = context.vault.seal(&place(name, version), value.as_bytes());
    Ok(sealed?)
}

/// Seals the value of a SecureString, and names its key.
pub(super) async fn seal_secure(
    call: Call<'_>,
    name: &str,
    key_id: Option<String>,
    value: &str,
) -> Result<(Vec<u8>, String), ApiError> {
    let key_id = match key_id {
        Some(key_id) => key_id,
        None => {
            let description =
                "Protects parameters of type SecureString whose author named no other key";
            ensure_service_key(call, DEFAULT_KEY, description).await?;
            DEFAULT_KEY.to_owned()
        }
    };
    let pairs = encryption_context(call.context, name);
    let blob = encrypt_for(call, SERVICE, &key_id, pairs, value.as_bytes()).await;
    Ok((blob.map_err(of_key)?, key_id))
}

/// The value of a String or StringList.
pub(in crate::api::ssm) fn open_plain(
    context: &Context,
    row: &ParameterRow,
) -> Result<String, ApiError> {
    let opened = context
        .vault
        .unseal(&place(&row.name, row.version), &row.value)?;
    text(&opened)
}

/// The value as it is answered: a SecureString's ciphertext, unless it is to be decrypted.
pub(super) async fn shown(
    call: Call<'_>,
    row: &ParameterRow,
    with_decryption: bool,
) -> Result<String, ApiError> {
    match (row.kind, with_decryption) {
        (ParameterKind::Text | ParameterKind::List, _) => open_plain(call.context, row),
        (ParameterKind::Secure, false) => Ok(STANDARD.encode(&row.value)),
        (ParameterKind::Secure, true) => {
            let pairs = encryption_context(call.context, &row.name);
            let opened = decrypt_for(call, SERVICE, pairs, &row.value).await;
            text(&opened.map_err(of_key)?)
        }
    }
}

fn text(bytes: &Zeroizing<Vec<u8>>) -> Result<String, ApiError> {
    String::from_utf8(bytes.to_vec())
        .map_err(|_| ApiError::internal("a stored parameter is not text"))
}

/// What KMS says of a key is, to Parameter Store's callers, one code; a denial stays one.
fn of_key(error: ApiError) -> ApiError {
    match error.code() {
        Code::Kms(_) => ApiError::new(
            Code::Parameter(ParameterCode::InvalidKeyId),
            error.message(),
        ),
        _ => error,
    }
}
