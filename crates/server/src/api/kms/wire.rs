//! What the KMS operations share on the wire: blobs, paging, encryption contexts, and how a key is described.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::KmsCode;
use super::permitted::arn;
use crate::api::Call;
use crate::api::page::{self, Page};
use crate::codec::EpochSeconds;
use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::keys::{CipherError, EncryptionContext};
use crate::store::{KeyRow, KeyState};

/// Bytes, base64 on the wire; wiped when dropped, because some of them are secrets.
pub(super) struct Bytes(pub(super) Zeroizing<Vec<u8>>);

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&Zeroizing::new(STANDARD.encode(&*self.0)))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        let bytes = STANDARD.decode(&*text).map_err(D::Error::custom)?;
        Ok(Self(Zeroizing::new(bytes)))
    }
}

/// An operation whose input is a key alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct KeyInput {
    pub(super) key_id: String,
}

/// `EncryptionContext` as it comes.
pub(super) type Pairs = Option<BTreeMap<String, String>>;

/// Checks an encryption context.
pub(super) fn encryption_context(pairs: Pairs) -> Result<EncryptionContext, ApiError> {
    EncryptionContext::new(pairs.unwrap_or_default())
        .map_err(|error| ApiError::new(Code::Validation, error.to_string()))
}

/// Refuses any algorithm but the one that our keys have.
pub(super) fn only_symmetric(algorithm: Option<&str>) -> Result<(), ApiError> {
    match algorithm {
        None | Some(ALGORITHM) => Ok(()),
        Some(_) => Err(unsupported(
            "EncryptionAlgorithm must be SYMMETRIC_DEFAULT.",
        )),
    }
}

/// The only algorithm of the only kind of key.
pub(super) const ALGORITHM: &str = "SYMMETRIC_DEFAULT";

/// What this KMS does not have.
pub(super) fn unsupported(sentence: &str) -> ApiError {
    ApiError::new(Code::Kms(KmsCode::UnsupportedOperation), sentence)
}

/// Ends a rehearsal that went well.
pub(super) fn unless_rehearsed(dry_run: Option<bool>) -> Result<(), ApiError> {
    match dry_run {
        Some(true) => Err(ApiError::new(
            Code::Kms(KmsCode::DryRun),
            "The request would have succeeded, but the DryRun option is set.",
        )),
        _ => Ok(()),
    }
}

/// A member that must have this many bytes.
pub(super) fn check_length(
    member: &str,
    length: usize,
    least: usize,
    most: usize,
) -> Result<(), ApiError> {
    if (least..=most).contains(&length) {
        return Ok(());
    }
    let rule = format!("Member must have length between {least} and {most}");
    Err(ApiError::constraint(member, &rule))
}

/// Why a key did not do it, to its caller.
pub(super) fn refusal(context: &Context, key: &KeyRow, error: CipherError) -> ApiError {
    let name = arn(context, &key.key_id);
    match error {
        CipherError::Disabled => {
            ApiError::new(Code::Kms(KmsCode::Disabled), format!("{name} is disabled."))
        }
        CipherError::PendingDeletion => pending_deletion(context, key),
        CipherError::Ciphertext(_) => invalid_ciphertext(),
        CipherError::Internal(error) => error,
    }
}

/// The ciphertext is not one that opens. Why not is not said.
pub(super) fn invalid_ciphertext() -> ApiError {
    ApiError::new(
        Code::Kms(KmsCode::InvalidCiphertext),
        "The ciphertext is not valid for this key and encryption context.",
    )
}

/// The key will be destroyed.
pub(super) fn pending_deletion(context: &Context, key: &KeyRow) -> ApiError {
    ApiError::new(
        Code::Kms(KmsCode::InvalidState),
        format!("{} is pending deletion.", arn(context, &key.key_id)),
    )
}

/// Refuses for a key that will be destroyed.
pub(super) fn unless_pending_deletion(context: &Context, key: &KeyRow) -> Result<(), ApiError> {
    match key.state {
        KeyState::PendingDeletion => Err(pending_deletion(context, key)),
        KeyState::Enabled | KeyState::Disabled => Ok(()),
    }
}

/// Puts a changed key back, unless it is no longer what it was when its change was decided.
pub(super) async fn put_back(
    context: &Context,
    changed: &KeyRow,
    before: &KeyRow,
) -> Result<(), ApiError> {
    if context.store.update_key(changed, before).await? {
        return Ok(());
    }
    Err(ApiError::new(
        Code::Kms(KmsCode::InvalidState),
        format!(
            "{} was changed at the same time.",
            arn(context, &changed.key_id)
        ),
    ))
}

/// `Limit` and `Marker` of every list.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Paging {
    limit: Option<i64>,
    marker: Option<String>,
}

impl Paging {
    /// How many items go on a page: 100 unless the caller says otherwise.
    pub(super) fn limit(&self) -> Result<usize, ApiError> {
        match self.limit.map(usize::try_from) {
            None => Ok(100),
            Some(Ok(items @ 1..=1000)) => Ok(items),
            Some(_) => Err(ApiError::constraint(
                "limit",
                "Member must be between 1 and 1000",
            )),
        }
    }

    /// How many rows to fetch, to see whether there is another page.
    pub(super) fn fetched(&self) -> Result<i64, ApiError> {
        Ok(i64::try_from(self.limit()?)
            .unwrap_or(i64::MAX)
            .saturating_add(1))
    }

    /// The key of the last item on the page before; empty for the first page.
    pub(super) fn after(&self) -> Result<String, ApiError> {
        let known = self.marker.as_deref().map(page::key_of);
        known.unwrap_or_else(|| Some(String::new())).ok_or_else(|| {
            ApiError::new(
                Code::Kms(KmsCode::InvalidMarker),
                "The Marker is not one that this operation returned.",
            )
        })
    }

    /// The page of rows that were fetched after the marker.
    pub(super) fn cut<T>(
        &self,
        rows: Vec<T>,
        key: impl Fn(&T) -> &str,
    ) -> Result<Page<T>, ApiError> {
        Ok(page::cut(rows, self.limit()?, key))
    }
}

/// `KeyMetadata`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct KeyMetadata {
    #[serde(rename = "AWSAccountId")]
    account: String,
    key_id: String,
    arn: String,
    creation_date: EpochSeconds,
    enabled: bool,
    description: String,
    key_usage: &'static str,
    key_state: &'static str,
    deletion_date: Option<EpochSeconds>,
    origin: &'static str,
    key_manager: &'static str,
    customer_master_key_spec: &'static str,
    key_spec: &'static str,
    encryption_algorithms: [&'static str; 1],
    multi_region: bool,
    current_key_material_id: Option<String>,
}

/// Describes a key.
pub(super) async fn metadata(call: Call<'_>, key: KeyRow) -> Result<KeyMetadata, ApiError> {
    let context = call.context;
    let current = context.store.material(&key.key_id, None).await?;
    Ok(KeyMetadata {
        account: context.config.account.to_string(),
        arn: arn(context, &key.key_id),
        creation_date: EpochSeconds(key.created),
        enabled: key.state == KeyState::Enabled,
        description: key.description,
        key_usage: "ENCRYPT_DECRYPT",
        key_state: key.state.as_str(),
        deletion_date: key.deletion.map(|(at, _)| EpochSeconds(at)),
        origin: "AWS_KMS",
        key_manager: "CUSTOMER",
        customer_master_key_spec: ALGORITHM,
        key_spec: ALGORITHM,
        encryption_algorithms: [ALGORITHM],
        multi_region: false,
        current_key_material_id: current.map(|row| row.material_id),
        key_id: key.key_id,
    })
}
