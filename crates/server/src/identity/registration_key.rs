//! A node's public registration key: an RSA key of at least 2048 bits, as DER SubjectPublicKeyInfo.

use aws_lc_rs::rsa::PublicEncryptingKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::{ApiError, Code};

/// The key types on the wire; only this one exists.
const TYPE_RSA: &str = "Rsa";
const MIN_BITS: usize = 2048;
const MAX_BITS: usize = 4096;

/// A parsed key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegistrationKey {
    der: Vec<u8>,
}

impl RegistrationKey {
    /// Reads `PublicKey` and `PublicKeyType` of a request.
    pub(crate) fn parse(text: &str, type_: &str) -> Result<Self, ApiError> {
        if type_ != TYPE_RSA {
            return Err(ApiError::constraint(
                "publicKeyType",
                "Member must satisfy enum value set: [Rsa]",
            ));
        }
        Self::of_der_text(text).ok_or_else(|| {
            ApiError::new(
                Code::Validation,
                format!(
                    "PublicKey is not the base64 of an RSA key of {MIN_BITS} to {MAX_BITS} bits in DER SubjectPublicKeyInfo"
                ),
            )
        })
    }

    /// Reads back what [`RegistrationKey::as_text`] gave.
    pub(crate) fn of_der_text(text: &str) -> Option<Self> {
        let der = STANDARD.decode(text).ok()?;
        let bits = PublicEncryptingKey::from_der(&der).ok()?.key_size_bits();
        (MIN_BITS..=MAX_BITS)
            .contains(&bits)
            .then_some(Self { der })
    }

    /// As it is stored and sent.
    pub(crate) fn as_text(&self) -> String {
        STANDARD.encode(&self.der)
    }

    /// For the verifier.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::KeyPair as _;

    use super::*;

    #[test]
    fn what_is_no_rsa_key_is_refused() {
        for text in ["", "!", "AAAA", &STANDARD.encode([0x30, 0x82, 0xff, 0xff])] {
            assert_eq!(
                RegistrationKey::parse(text, "Rsa").unwrap_err().code(),
                Code::Validation
            );
        }
    }

    #[test]
    fn an_rsa_key_of_2048_bits_is_taken_and_kept_as_sent() {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let text = STANDARD.encode(der.as_ref());
        assert!(RegistrationKey::parse(&text, "Ed25519").is_err());
        assert_eq!(
            RegistrationKey::parse(&text, "Rsa").unwrap().as_text(),
            text
        );
    }
}
