//! The encryption context: names and values that a ciphertext is bound to.
//!
//! Owns its canonical form, which is what the cipher authenticates: the count of pairs, then each name and value with
//! its length, in the order of the names' bytes. Two contexts have one form only if they are equal to the byte.

use std::collections::{BTreeMap, BTreeSet};

use usher_policy::Context as Keys;

/// Bytes of all names and values together; AWS's limit for the canonical form.
const LONGEST: usize = 8192;

/// Why a context is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ContextError {
    /// Policies could not tell the names apart.
    #[error(
        "The encryption context has names that differ only in case, which policies cannot tell apart."
    )]
    NamesDifferInCaseOnly,
    /// A name without a letter.
    #[error("The encryption context has an empty name.")]
    EmptyName,
    /// More than 8,192 bytes.
    #[error("The encryption context is longer than 8192 bytes.")]
    TooLong,
}

/// A context that was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EncryptionContext(BTreeMap<String, String>);

impl EncryptionContext {
    /// Takes the pairs as a caller gave them.
    ///
    /// # Errors
    /// If policies could not decide on them, or if they are too long.
    pub(crate) fn new(pairs: BTreeMap<String, String>) -> Result<Self, ContextError> {
        if pairs.keys().any(String::is_empty) {
            return Err(ContextError::EmptyName);
        }
        if pairs
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum::<usize>()
            > LONGEST
        {
            return Err(ContextError::TooLong);
        }
        let folded: BTreeSet<String> = pairs.keys().map(|name| name.to_lowercase()).collect();
        if folded.len() != pairs.len() {
            return Err(ContextError::NamesDifferInCaseOnly);
        }
        Ok(Self(pairs))
    }

    /// The value of the name spelled exactly so.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The pairs, in the order of the canonical form.
    pub(crate) fn pairs(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// What the cipher authenticates.
    pub(super) fn canonical(&self) -> Vec<u8> {
        let mut form = length(self.0.len()).to_vec();
        for text in self.0.iter().flat_map(|(name, value)| [name, value]) {
            form.extend_from_slice(&length(text.len()));
            form.extend_from_slice(text.as_bytes());
        }
        form
    }

    /// The condition keys by which policies see the context.
    pub(crate) fn condition_keys(&self) -> Keys {
        if self.0.is_empty() {
            return Keys::default();
        }
        let keys = Keys::default().with_set("kms:EncryptionContextKeys", self.0.keys());
        self.0.iter().fold(keys, |keys, (name, value)| {
            keys.with(&format!("kms:EncryptionContext:{name}"), value)
        })
    }
}

fn length(bytes: usize) -> [u8; 4] {
    // `LONGEST` is far below.
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> Result<EncryptionContext, ContextError> {
        let pairs = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        EncryptionContext::new(pairs.collect())
    }

    #[test]
    fn names_that_policies_cannot_tell_apart_are_refused() {
        assert_eq!(
            context(&[("aws:ssm:TargetId", "a"), ("AWS:ssm:targetid", "b")]),
            Err(ContextError::NamesDifferInCaseOnly)
        );
        assert_eq!(context(&[("", "a")]), Err(ContextError::EmptyName));
        let long = "x".repeat(LONGEST);
        assert_eq!(context(&[("a", &long)]), Err(ContextError::TooLong));
    }

    #[test]
    fn contexts_that_look_alike_joined_have_different_forms() {
        let form = |pairs: &[(&str, &str)]| context(pairs).unwrap().canonical();
        let ones = [
            form(&[]),
            form(&[("a", "")]),
            form(&[("a", "bc")]),
            form(&[("ab", "c")]),
            form(&[("a", "b"), ("c", "")]),
            form(&[("a", ""), ("b", "c")]),
        ];
        let different: BTreeSet<_> = ones.iter().collect();
        assert_eq!(different.len(), ones.len());
        assert_eq!(
            form(&[("b", "1"), ("a", "2")]),
            form(&[("a", "2"), ("b", "1")])
        );
    }
}
