//! Key material at work: making it, encrypting and decrypting with it.
//!
//! A cipher key and nonce are derived for each ciphertext by HKDF-SHA-256 from the material and 32 random bytes, so the
//! number of ciphertexts under one material is not limited by GCM's nonce. Material is wiped when it is dropped.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::rand;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::EncryptionContext;
use super::blob::{self, Blob, BlobError};
use crate::error::ApiError;
use crate::vault::Vault;

const KEY: usize = 32;
/// What the derived bytes are for.
const PURPOSE: &[u8] = b"usher kms ciphertext 1";

/// One version of a key's material, open.
pub(crate) struct Material {
    key_id: Uuid,
    version: u32,
    bytes: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Material({} {})", self.key_id, self.version)
    }
}

/// New material for a version of a key, sealed under the root key.
pub(crate) fn fresh_material(
    vault: &Vault,
    key_id: Uuid,
    version: u32,
) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Zeroizing::new([0u8; KEY]);
    rand::fill(&mut *bytes).map_err(|_| ApiError::internal("no random bytes"))?;
    Ok(vault.seal(&place(key_id, version), &*bytes)?)
}

/// The public name of new material: 64 hexadecimal digits, of no other meaning.
pub(crate) fn fresh_material_id() -> Result<String, ApiError> {
    let mut bytes = [0u8; 32];
    rand::fill(&mut bytes).map_err(|_| ApiError::internal("no random bytes"))?;
    Ok(hex::encode(bytes))
}

/// The name that material is sealed for: it opens as no other version and no other key.
fn place(key_id: Uuid, version: u32) -> String {
    format!("kms/{key_id}/{version}")
}

impl Material {
    /// Takes sealed material out of the vault.
    pub(crate) fn open(
        vault: &Vault,
        key_id: Uuid,
        version: u32,
        sealed: &[u8],
    ) -> Result<Self, ApiError> {
        let bytes = vault.unseal(&place(key_id, version), sealed)?;
        Ok(Self {
            key_id,
            version,
            bytes,
        })
    }

    /// Encrypts `plaintext`, bound to `context`.
    pub(crate) fn encrypt(
        &self,
        plaintext: &[u8],
        context: &EncryptionContext,
    ) -> Result<Vec<u8>, ApiError> {
        let refused = || ApiError::internal("the cryptographic library refused to encrypt");
        let mut salt = [0u8; blob::SALT];
        rand::fill(&mut salt).map_err(|_| ApiError::internal("no random bytes"))?;
        let mut made = blob::header(self.key_id, self.version);
        let bound = additional_data(&made, context);
        let (key, nonce) = self.cipher(&salt).ok_or_else(refused)?;
        let mut text = Zeroizing::new(plaintext.to_vec());
        let tag = key
            .seal_in_place_separate_tag(nonce, Aad::from(bound), &mut text)
            .map_err(|_| refused())?;
        made.extend_from_slice(&salt);
        made.extend_from_slice(&text);
        made.extend_from_slice(tag.as_ref());
        Ok(made)
    }

    /// Decrypts what this material made for `context`. Why it does not open is not said, to nobody.
    pub(crate) fn decrypt(
        &self,
        blob: &Blob<'_>,
        context: &EncryptionContext,
    ) -> Result<Zeroizing<Vec<u8>>, BlobError> {
        let bound = additional_data(blob.header, context);
        let (key, nonce) = self.cipher(blob.salt).ok_or(BlobError::DoesNotOpen)?;
        let mut text = Zeroizing::new(blob.sealed.to_vec());
        let length = key
            .open_in_place(nonce, Aad::from(bound), &mut text)
            .map_err(|_| BlobError::DoesNotOpen)?
            .len();
        text.truncate(length);
        Ok(text)
    }

    fn cipher(&self, salt: &[u8]) -> Option<(LessSafeKey, Nonce)> {
        let derived = Salt::new(HKDF_SHA256, salt).extract(&self.bytes);
        let mut bytes = Zeroizing::new([0u8; KEY + NONCE_LEN]);
        derived
            .expand(&[PURPOSE], KeyAndNonce)
            .ok()?
            .fill(&mut *bytes)
            .ok()?;
        let (key, nonce) = bytes.split_at_checked(KEY)?;
        let key = UnboundKey::new(&AES_256_GCM, key).ok()?;
        Some((
            LessSafeKey::new(key),
            Nonce::try_assume_unique_for_key(nonce).ok()?,
        ))
    }
}

struct KeyAndNonce;

impl KeyType for KeyAndNonce {
    fn len(&self) -> usize {
        KEY + NONCE_LEN
    }
}

fn additional_data(header: &[u8], context: &EncryptionContext) -> Vec<u8> {
    [header, &context.canonical()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn material(id: u128, version: u32, byte: u8) -> Material {
        Material {
            key_id: Uuid::from_u128(id),
            version,
            bytes: Zeroizing::new(vec![byte; KEY]),
        }
    }

    fn context(value: &str) -> EncryptionContext {
        EncryptionContext::new([("target".to_owned(), value.to_owned())].into()).unwrap()
    }

    #[test]
    fn a_ciphertext_opens_under_no_other_context_material_or_header() {
        let made = material(1, 1, 7).encrypt(b"secret", &context("a")).unwrap();
        let blob = Blob::parse(&made).unwrap();
        let closed = Err(BlobError::DoesNotOpen);
        assert_eq!(material(1, 1, 7).decrypt(&blob, &context("b")), closed);
        assert_eq!(
            material(1, 1, 7).decrypt(&blob, &EncryptionContext::default()),
            closed
        );
        assert_eq!(material(1, 1, 8).decrypt(&blob, &context("a")), closed);
        // A blob that claims to be of another key or version, with the same material behind both.
        for place in 1..blob::HEADER {
            let mut moved = made.clone();
            moved[place] ^= 1;
            let moved = Blob::parse(&moved).unwrap();
            assert_eq!(
                material(1, 1, 7).decrypt(&moved, &context("a")),
                closed,
                "{place}"
            );
        }
        assert_eq!(
            &**material(1, 1, 7).decrypt(&blob, &context("a")).unwrap(),
            b"secret"
        );
    }

    #[test]
    fn a_changed_or_cut_ciphertext_does_not_open() {
        let material = material(1, 1, 7);
        let made = material.encrypt(b"secret", &context("a")).unwrap();
        let opens = |bytes: &[u8]| {
            Blob::parse(bytes)
                .and_then(|blob| material.decrypt(&blob, &context("a")))
                .is_ok()
        };
        for place in 0..made.len() {
            let mut changed = made.clone();
            changed[place] ^= 1;
            assert!(!opens(&changed), "byte {place}");
            assert!(!opens(&made[..place]), "cut at {place}");
        }
        assert!(opens(&made));
    }

    #[test]
    fn equal_plaintexts_have_unequal_ciphertexts_that_name_key_and_version() {
        let material = material(0xabc, 3, 7);
        let [one, other] = [0, 1].map(|_| material.encrypt(b"secret", &context("a")).unwrap());
        assert_ne!(one, other);
        let blob = Blob::parse(&one).unwrap();
        assert_eq!((blob.key_id, blob.version), (Uuid::from_u128(0xabc), 3));
        assert!(!one.windows(6).any(|part| part == b"secret"));
    }
}
