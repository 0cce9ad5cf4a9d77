//! The data key that seals a group's messages at rest: kept under the group's KMS key, or else under the root key.
//!
//! Owns one invariant: a message opens only as the event that it was stored as. Without its KMS key, disabled or gone,
//! a group's messages are closed to everybody, as in AWS.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::ApiError;
use crate::keys::{self, Blob, CipherError, EncryptionContext};
use crate::store::{GroupKeyRow, KeyRow};

const KEY: usize = 32;

/// Why messages cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GroupKeyError {
    /// The group's KMS key is disabled, waits for its deletion, or is gone.
    #[error(
        "The KMS key {0} of the log group cannot be used: it is disabled, pending deletion or deleted."
    )]
    KeyUnusable(String),
    /// A message was changed on the disk.
    #[error("a stored log event does not open")]
    Damaged,
    /// Our own failure.
    #[error("{0}")]
    Internal(ApiError),
}

impl From<ApiError> for GroupKeyError {
    fn from(error: ApiError) -> Self {
        Self::Internal(error)
    }
}

/// What a message is sealed for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The stream's id.
    pub(crate) stream_id: &'a str,
    /// The event's time.
    pub(crate) at: i64,
    /// Its number.
    pub(crate) number: i64,
}

/// An open data key.
pub(crate) struct GroupKey(RandomizedNonceKey);

impl std::fmt::Debug for GroupKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GroupKey")
    }
}

/// A new data key for a generation of a group, under `kms` or else under the root key.
pub(crate) async fn fresh_group_key(
    context: &Context,
    group_id: &str,
    generation: i64,
    kms: Option<(&KeyRow, &str)>,
    encryption: &EncryptionContext,
) -> Result<GroupKeyRow, GroupKeyError> {
    let mut bytes = Zeroizing::new([0u8; KEY]);
    rand::fill(&mut *bytes).map_err(|_| ApiError::internal("no random bytes"))?;
    let sealed = match kms {
        Some((key, arn)) => {
            keys::encrypt(context, key, &*bytes, encryption)
                .await
                .map_err(|error| refusal(arn, error))?
                .blob
        }
        None => context
            .vault
            .seal(&place(group_id, generation), &*bytes)
            .map_err(ApiError::from)?,
    };
    Ok(GroupKeyRow {
        group_id: group_id.to_owned(),
        generation,
        kms_key: kms.map(|(_, arn)| arn.to_owned()),
        sealed,
    })
}

fn place(group_id: &str, generation: i64) -> String {
    format!("logs/{group_id}/{generation}")
}

fn refusal(arn: &str, error: CipherError) -> GroupKeyError {
    match error {
        CipherError::Internal(error) => GroupKeyError::Internal(error),
        CipherError::Disabled | CipherError::PendingDeletion => {
            GroupKeyError::KeyUnusable(arn.to_owned())
        }
        CipherError::Ciphertext(_) => GroupKeyError::Damaged,
    }
}

impl GroupKey {
    /// Opens a data key.
    pub(crate) async fn open(
        context: &Context,
        row: &GroupKeyRow,
        encryption: &EncryptionContext,
    ) -> Result<Self, GroupKeyError> {
        let bytes = match &row.kms_key {
            None => context
                .vault
                .unseal(&place(&row.group_id, row.generation), &row.sealed)
                .map_err(ApiError::from)?,
            Some(arn) => {
                let blob = Blob::parse(&row.sealed).map_err(|_| GroupKeyError::Damaged)?;
                let id = blob.key_id.to_string();
                let key = context
                    .store
                    .key(&id, context.now())
                    .await
                    .map_err(ApiError::from)?;
                let key = key.ok_or_else(|| GroupKeyError::KeyUnusable(arn.clone()))?;
                keys::decrypt(context, &key, &blob, encryption)
                    .await
                    .map_err(|error| refusal(arn, error))?
                    .plaintext
            }
        };
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes);
        key.map(Self).map_err(|_| GroupKeyError::Damaged)
    }

    /// Seals a message.
    pub(crate) fn seal(&self, place: Place<'_>, message: &str) -> Result<Vec<u8>, GroupKeyError> {
        let mut text = message.as_bytes().to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(bound_to(place)), &mut text)
            .map_err(|_| ApiError::internal("the cryptographic library refused to encrypt"))?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    /// Opens a message.
    pub(crate) fn open_message(
        &self,
        place: Place<'_>,
        sealed: &[u8],
    ) -> Result<String, GroupKeyError> {
        let damaged = |_| GroupKeyError::Damaged;
        let (nonce, text) = sealed
            .split_at_checked(NONCE_LEN)
            .ok_or(GroupKeyError::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(damaged)?;
        let mut text = text.to_vec();
        let length = self
            .0
            .open_in_place(nonce, Aad::from(bound_to(place)), &mut text)
            .map_err(damaged)?
            .len();
        text.truncate(length);
        String::from_utf8(text).map_err(|_| GroupKeyError::Damaged)
    }
}

fn bound_to(place: Place<'_>) -> Vec<u8> {
    let (at, number) = (place.at.to_be_bytes(), place.number.to_be_bytes());
    [place.stream_id.as_bytes(), &at, &number].concat()
}
