//! What is known about a request, as IAM condition keys.
//!
//! Keys compare without case, tag keys included (`aws:PrincipalTag/Team`). A key holds one value or a set; the
//! difference matters, because a set is only ever matched through `ForAnyValue` or `ForAllValues`.

use std::collections::BTreeMap;

/// One request's condition keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context(BTreeMap<String, Values>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Values {
    One(String),
    Set(Vec<String>),
}

impl Context {
    /// Adds a key with one value, replacing an earlier one.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0
            .insert(key.to_ascii_lowercase(), Values::One(value.into()));
        self
    }

    /// Adds a key that holds a set, such as `aws:TagKeys`, even when the set has one member or none.
    #[must_use]
    pub fn with_set(
        mut self,
        key: &str,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.0.insert(key.to_ascii_lowercase(), Values::Set(values));
        self
    }

    /// Adds all keys of `other`, replacing earlier ones.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.0.extend(
            other
                .0
                .iter()
                .map(|(key, values)| (key.clone(), values.clone())),
        );
        self
    }

    /// `key` must be in lower case.
    pub(crate) fn values(&self, key: &str) -> Option<&Values> {
        self.0.get(key)
    }

    /// Whether the key has a value or a set. `key` may be in any case.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.contains_key(&key.to_ascii_lowercase())
    }

    /// The value a policy variable stands for; sets stand for nothing. `key` may be in any case.
    pub(crate) fn variable(&self, key: &str) -> Option<&str> {
        match self.0.get(&key.to_ascii_lowercase()) {
            Some(Values::One(value)) => Some(value),
            _ => None,
        }
    }
}
