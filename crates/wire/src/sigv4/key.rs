//! Signing keys, derived from a secret access key and wiped as soon as they were used.

use aws_lc_rs::{constant_time, hmac};
use zeroize::Zeroizing;

use super::{CredentialScope, TERMINATOR};
use crate::secret::Secret;

/// The HMAC of `string_to_sign` under the key derived from `secret` for `scope`.
pub(super) fn signature(
    secret: &Secret,
    scope: &CredentialScope,
    string_to_sign: &[u8],
) -> [u8; 32] {
    *hmac_sha256(&*signing_key(secret, scope), string_to_sign)
}

/// The key derived from `secret` for `scope`.
pub(super) fn signing_key(secret: &Secret, scope: &CredentialScope) -> Zeroizing<[u8; 32]> {
    let start = Zeroizing::new(format!("AWS4{}", secret.expose()));
    let mut key = hmac_sha256(start.as_bytes(), scope.day().as_bytes());
    for part in [scope.region(), scope.service(), TERMINATOR] {
        key = hmac_sha256(key.as_slice(), part.as_bytes());
    }
    key
}

/// Compares in time that does not depend on where the difference is.
pub(super) fn equal_in_constant_time(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

pub(super) fn hmac_sha256(key: &[u8], data: &[u8]) -> Zeroizing<[u8; 32]> {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data);
    let mut out = Zeroizing::new([0; 32]);
    // Both are 32 bytes by the algorithm; zip leaves no length to be wrong about.
    out.iter_mut()
        .zip(tag.as_ref())
        .for_each(|(to, from)| *to = *from);
    out
}
