//! A key at work: which of its materials encrypts, and whether it may be used at all.
//!
//! Owns the rule that only an enabled key is used. Whether the caller may use it was decided before.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Blob, BlobError, EncryptionContext, Material, fresh_material, fresh_material_id};
use crate::context::Context;
use crate::error::ApiError;
use crate::store::{KeyRow, KeyState, MaterialRow};

/// Why a key does not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CipherError {
    /// It is disabled.
    #[error("the key is disabled")]
    Disabled,
    /// It waits for its deletion.
    #[error("the key is pending deletion")]
    PendingDeletion,
    /// It is not what made the ciphertext.
    #[error(transparent)]
    Ciphertext(#[from] BlobError),
    /// Our own failure.
    #[error("{0}")]
    Internal(ApiError),
}

impl From<ApiError> for CipherError {
    fn from(error: ApiError) -> Self {
        Self::Internal(error)
    }
}

impl From<crate::store::StoreError> for CipherError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

/// Something encrypted, and the public name of the material that did it.
#[derive(Debug)]
pub(crate) struct Encrypted {
    /// The blob.
    pub(crate) blob: Vec<u8>,
    /// 64 hexadecimal digits.
    pub(crate) material_id: String,
}

/// Something decrypted.
#[derive(Debug)]
pub(crate) struct Decrypted {
    /// Wiped when dropped.
    pub(crate) plaintext: Zeroizing<Vec<u8>>,
    /// 64 hexadecimal digits.
    pub(crate) material_id: String,
}

/// Whether the key may be used.
pub(crate) fn usable(key: &KeyRow) -> Result<(), CipherError> {
    match key.state {
        KeyState::Enabled => Ok(()),
        KeyState::Disabled => Err(CipherError::Disabled),
        KeyState::PendingDeletion => Err(CipherError::PendingDeletion),
    }
}

/// Encrypts under the key's current material, after a rotation that is due.
pub(crate) async fn encrypt(
    context: &Context,
    key: &KeyRow,
    plaintext: &[u8],
    encryption: &EncryptionContext,
) -> Result<Encrypted, CipherError> {
    usable(key)?;
    rotate_if_due(context, key).await?;
    let row = material_row(context, key, None).await?;
    let blob = open(context, key, &row)?.encrypt(plaintext, encryption)?;
    Ok(Encrypted {
        blob,
        material_id: row.material_id,
    })
}

/// Decrypts what one of the key's materials encrypted.
pub(crate) async fn decrypt(
    context: &Context,
    key: &KeyRow,
    blob: &Blob<'_>,
    encryption: &EncryptionContext,
) -> Result<Decrypted, CipherError> {
    usable(key)?;
    if blob.key_id.to_string() != key.key_id {
        return Err(BlobError::DoesNotOpen.into());
    }
    let row = material_row(context, key, Some(blob.version)).await?;
    let plaintext = open(context, key, &row)?.decrypt(blob, encryption)?;
    Ok(Decrypted {
        plaintext,
        material_id: row.material_id,
    })
}

/// Rotates a key whose time has come. Being overtaken by another call is as good.
pub(crate) async fn rotate_if_due(context: &Context, key: &KeyRow) -> Result<(), CipherError> {
    match key.rotation {
        Some((_, due)) if due <= context.now() && key.state == KeyState::Enabled => {
            rotate(context, key, "AUTOMATIC").await.map(drop)
        }
        _ => Ok(()),
    }
}

/// Makes the next version of a key's material; the old ones stay. False if another call was faster.
pub(crate) async fn rotate(
    context: &Context,
    key: &KeyRow,
    cause: &str,
) -> Result<bool, CipherError> {
    let version = material_row(context, key, None).await?.version + 1;
    let row = next_material(context, &key.key_id, version, cause)?;
    let next = match key.rotation {
        Some((days, _)) if cause == "AUTOMATIC" => Some(after_days(context.now(), days)),
        _ => None,
    };
    Ok(context.store.rotate_key(&key.key_id, &row, next).await?)
}

/// Sealed material for a version of a key.
pub(crate) fn next_material(
    context: &Context,
    key_id: &str,
    version: i64,
    cause: &str,
) -> Result<MaterialRow, ApiError> {
    Ok(MaterialRow {
        version,
        material_id: fresh_material_id()?,
        sealed: fresh_material(&context.vault, uuid_of(key_id)?, number_of(version)?)?,
        cause: cause.to_owned(),
        created: context.now(),
    })
}

/// `days` after `now`, in milliseconds.
pub(crate) fn after_days(now: i64, days: i64) -> i64 {
    now.saturating_add(days.saturating_mul(24 * 60 * 60 * 1000))
}

async fn material_row(
    context: &Context,
    key: &KeyRow,
    version: Option<u32>,
) -> Result<MaterialRow, CipherError> {
    // Version 0 never is: a blob that says so is none of ours.
    if version == Some(0) {
        return Err(BlobError::DoesNotOpen.into());
    }
    let row = context
        .store
        .material(&key.key_id, version.map(i64::from))
        .await?;
    row.ok_or_else(|| BlobError::DoesNotOpen.into())
}

fn open(context: &Context, key: &KeyRow, row: &MaterialRow) -> Result<Material, ApiError> {
    let (id, version) = (uuid_of(&key.key_id)?, number_of(row.version)?);
    Material::open(&context.vault, id, version, &row.sealed)
}

fn uuid_of(key_id: &str) -> Result<Uuid, ApiError> {
    key_id.parse().map_err(ApiError::internal)
}

fn number_of(version: i64) -> Result<u32, ApiError> {
    u32::try_from(version).map_err(ApiError::internal)
}
