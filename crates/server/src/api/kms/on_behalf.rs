//! What another service encrypts and decrypts for its caller: with the caller's own permission, and bound to a context.
//!
//! Policies see that the service asks (`kms:ViaService`), so that a key can be for that service's values alone.

use std::collections::BTreeMap;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::KmsCode;
use super::key_policies::default_policy;
use super::permitted::{Wish, permitted, permitted_by_id};
use super::wire::{encryption_context, invalid_ciphertext, refusal};
use crate::api::Call;
use crate::error::{ApiError, Code};
use crate::keys::{self, Blob, GrantOperation, next_material};
use crate::limits;
use crate::store::{KeyRow, KeyState};

/// Encrypts under the key that `key_id` names. At most 4096 bytes.
///
/// # Errors
/// What `kms:Encrypt` would answer.
pub(crate) async fn encrypt_for(
    call: Call<'_>,
    service: &'static str,
    key_id: &str,
    pairs: BTreeMap<String, String>,
    plaintext: &[u8],
) -> Result<Vec<u8>, ApiError> {
    let encryption = encryption_context(Some(pairs))?;
    let wish = Wish::to(GrantOperation::Encrypt, Some(&encryption)).via(service);
    let key = permitted(call.context, call.caller, key_id, wish).await?;
    let encrypted = keys::encrypt(call.context, &key, plaintext, &encryption).await;
    let encrypted = encrypted.map_err(|error| refusal(call.context, &key, error))?;
    Ok(encrypted.blob)
}

/// Decrypts what [`encrypt_for`] made, under whatever key that was.
///
/// # Errors
/// What `kms:Decrypt` would answer.
pub(crate) async fn decrypt_for(
    call: Call<'_>,
    service: &'static str,
    pairs: BTreeMap<String, String>,
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let encryption = encryption_context(Some(pairs))?;
    let blob = Blob::parse(ciphertext).map_err(|_| invalid_ciphertext())?;
    let wish = Wish::to(GrantOperation::Decrypt, Some(&encryption)).via(service);
    let key = permitted_by_id(call.context, call.caller, blob.key_id, wish).await?;
    let decrypted = keys::decrypt(call.context, &key, &blob, &encryption).await;
    let decrypted = decrypted.map_err(|error| refusal(call.context, &key, error))?;
    Ok(decrypted.plaintext)
}

/// Makes the key behind a service's own alias (`alias/aws/…`), where there is none yet. Who may use it is for
/// identity-based policies to say, as with any key.
pub(crate) async fn ensure_service_key(
    call: Call<'_>,
    alias: &str,
    description: &str,
) -> Result<(), ApiError> {
    let context = call.context;
    if context.store.alias(alias).await?.is_some() {
        return Ok(());
    }
    let policy = default_policy(call);
    let key = KeyRow {
        key_id: Uuid::new_v4().to_string(),
        description: description.to_owned(),
        state: KeyState::Enabled,
        policy: policy.document,
        policy_ids: policy.ids,
        created: context.now(),
        deletion: None,
        rotation: None,
    };
    let material = next_material(context, &key.key_id, 1, "CREATION")?;
    let store = &context.store;
    let made = store.insert_aliased_key(&key, &material, alias, limits::KEYS);
    if made.await? || store.alias(alias).await?.is_some() {
        return Ok(());
    }
    Err(ApiError::new(
        Code::Kms(KmsCode::LimitExceeded),
        format!("This server has {} keys, which is its limit.", limits::KEYS),
    ))
}
