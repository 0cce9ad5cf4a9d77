//! Tags of principals, kept as they were spelled.
//!
//! Looking a tag up is exact on purpose: IAM compares keys without case when tags are *set*, but the key that decides
//! the OS user counts in one spelling only.

use std::collections::BTreeMap;

/// The tag that names the OS user of a principal's sessions, in the only spelling that is read.
pub const RUN_AS_TAG: &str = "SSMSessionRunAs";

/// Tags by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(BTreeMap<String, String>);

impl Tags {
    /// The value of the key spelled exactly so; an empty value is a value.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Keys and values in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Tags {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(tags: I) -> Self {
        Self(
            tags.into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}
