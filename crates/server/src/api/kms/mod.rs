//! KMS: keys, aliases, key policies and grants, and what is encrypted under keys (control-plane.md 5.1).

mod aliases;
mod code;
mod create_key;
mod crypto;
mod data_keys;
mod grants;
mod key_policies;
mod keys;
mod on_behalf;
mod permitted;
mod re_encrypt;
mod rehearsal;
mod retire_grant;
mod rotation;
mod states;
mod tags;
mod wire;

pub(crate) use aliases::{CreateAlias, DeleteAlias, ListAliases, UpdateAlias};
pub(crate) use code::KmsCode;
pub(crate) use create_key::CreateKey;
pub(crate) use crypto::{Decrypt, Encrypt};
pub(crate) use data_keys::{GenerateDataKey, GenerateDataKeyWithoutPlaintext};
pub(crate) use grants::{CreateGrant, ListGrants, RevokeGrant};
pub(crate) use key_policies::{GetKeyPolicy, ListKeyPolicies, PutKeyPolicy};
pub(crate) use keys::{DescribeKey, ListKeys, UpdateKeyDescription};
pub(crate) use on_behalf::{decrypt_for, encrypt_for, ensure_service_key};
pub(crate) use permitted::{Wish, arn as key_arn, permitted};
pub(crate) use re_encrypt::ReEncrypt;
pub(crate) use rehearsal::rehearse;
pub(crate) use retire_grant::RetireGrant;
pub(crate) use rotation::{
    DisableKeyRotation, EnableKeyRotation, GetKeyRotationStatus, ListKeyRotations,
    RotateKeyOnDemand,
};
pub(crate) use states::{CancelKeyDeletion, DisableKey, EnableKey, ScheduleKeyDeletion};
pub(crate) use tags::{ListResourceTags, TagResource, UntagResource};
