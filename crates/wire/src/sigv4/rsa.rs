//! The variant of hybrid nodes: the same string to sign, signed with the registration key instead of a secret.
//!
//! RSASSA-PSS with SHA-256, MGF1-SHA-256 and a salt of 32 bytes (amazon-ssm-agent `agent/managedInstances/auth`). Only
//! `RequestManagedInstanceRoleToken` and `UpdateManagedInstancePublicKey` use it.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::sign::{AddedHeaders, Draft};
use super::{Request, SigV4Error, SigningScope};

/// Signs as the node `node_id` with its registration key; otherwise as [`super::sign`].
///
/// # Errors
/// [`SigV4Error::MissingHost`] without a `Host` header, [`SigV4Error::RegistrationKeyUnusable`] where the key does not
/// sign.
pub fn sign_rsa(
    request: &Request<'_>,
    node_id: &str,
    key: &KeyPair,
    scope: &SigningScope<'_>,
) -> Result<AddedHeaders, SigV4Error> {
    let draft = Draft::new(request, None, scope)?;
    let mut signature = vec![0; key.public_modulus_len()];
    // The salt is as long as the digest in RSA_PSS_SHA256: 32 bytes.
    key.sign(
        &RSA_PSS_SHA256,
        &SystemRandom::new(),
        draft.text.as_bytes(),
        &mut signature,
    )
    .map_err(|_| SigV4Error::RegistrationKeyUnusable)?;
    Ok(draft.finish(node_id, &STANDARD.encode(signature)))
}

pub(super) fn verify_pss(public_key_der: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public_key_der)
        .verify(message, signature)
        .is_ok()
}
