//! The embedded KMS's heart: names of keys, their material, and the ciphertexts they make.
//!
//! Owns two invariants: material leaves the vault for one operation only and never leaves this room, and a ciphertext
//! opens only under the key, the material and the encryption context it was made with. Knows no callers, no policies and no SQL.

mod blob;
mod cipher;
mod context;
mod grant;
mod material;
mod name;

pub(crate) use blob::{Blob, BlobError};
pub(crate) use cipher::{
    CipherError, after_days, decrypt, encrypt, next_material, rotate, rotate_if_due, usable,
};
pub(crate) use context::EncryptionContext;
pub(crate) use grant::{GrantConstraints, GrantOperation, check_constraints};
use material::{Material, fresh_material, fresh_material_id};
pub(crate) use name::{ALIAS, KeyName, NameError};
