//! Making secrets and identifiers, and comparing secrets by digest in constant time.
//!
//! Alphabets have a power of two of letters, so that masking random bytes leaves no letter likelier.

use aws_lc_rs::digest::SHA256;
use aws_lc_rs::{constant_time, rand};
use zeroize::Zeroizing;

use crate::error::ApiError;

/// The letters a fresh text is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Alphabet {
    /// AWS's identifiers: `AKIA…`, `AIDA…`; also activation codes, which people type.
    Base32,
    /// Node ids.
    Hex,
    /// Secret keys and session tokens.
    Base64,
}

impl Alphabet {
    fn letters(self) -> &'static [u8] {
        match self {
            Self::Base32 => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
            Self::Hex => b"0123456789abcdef",
            Self::Base64 => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        }
    }
}

/// `length` random letters.
pub(crate) fn fresh(alphabet: Alphabet, length: usize) -> Result<Zeroizing<String>, ApiError> {
    let letters = alphabet.letters();
    let mut bytes = Zeroizing::new(vec![0u8; length]);
    rand::fill(&mut bytes).map_err(|_| ApiError::internal("no random bytes"))?;
    let text = bytes
        .iter()
        .filter_map(|byte| letters.get(usize::from(*byte) % letters.len()));
    Ok(Zeroizing::new(
        text.map(|letter| char::from(*letter)).collect(),
    ))
}

/// An identifier: a four-letter prefix and `length` letters.
pub(crate) fn fresh_id(prefix: &str, length: usize) -> Result<String, ApiError> {
    Ok(format!(
        "{prefix}{}",
        fresh(Alphabet::Base32, length)?.as_str()
    ))
}

/// What is stored of a secret that is only ever compared. The secrets are random and long, so a
/// plain SHA-256 is enough.
pub(crate) fn digest(secret: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&SHA256, secret.as_bytes())
        .as_ref()
        .to_vec()
}

/// Whether `secret` is the one behind `stored`.
pub(crate) fn same_digest(secret: &str, stored: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(&digest(secret), stored).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_secret_has_another_digest() {
        let stored = digest("right");
        assert!(!same_digest("wrong", &stored));
        assert!(!same_digest("right", &[]));
        assert!(same_digest("right", &stored));
    }

    #[test]
    fn every_alphabet_is_a_power_of_two_of_different_letters() {
        for alphabet in [Alphabet::Base32, Alphabet::Hex, Alphabet::Base64] {
            let letters: std::collections::BTreeSet<_> = alphabet.letters().iter().collect();
            assert_eq!(letters.len(), alphabet.letters().len());
            assert!(letters.len().is_power_of_two());
            assert_eq!(fresh(alphabet, 40).unwrap().len(), 40);
        }
    }
}
