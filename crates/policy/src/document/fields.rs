//! Reading the keys of one map of a document, strictly and with the key's path in every refusal.

use serde_json::{Map, Value};

use super::DocumentError;
use super::placeholder::has_placeholder;

/// Whether the document still waits for its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Being stored: the rules hold for every value without a placeholder.
    Stored,
    /// Parameters are filled in: the rules hold for every value.
    Bound,
}

/// A rule on a text value that is neither empty nor absent.
pub(crate) struct Rule {
    pub(crate) accepts: fn(&str) -> bool,
    /// Completes the sentence that begins with the key's path.
    pub(crate) says: &'static str,
}

impl Rule {
    /// Any text.
    pub(crate) const ANY: Self = Self {
        accepts: |_| true,
        says: "must be text",
    };
}

/// One map and where it stands.
pub(crate) struct Fields<'a> {
    path: String,
    map: &'a Map<String, Value>,
    stage: Stage,
}

impl<'a> Fields<'a> {
    /// `path` is empty for the document itself.
    pub(crate) fn new(path: impl Into<String>, map: &'a Map<String, Value>, stage: Stage) -> Self {
        Self {
            path: path.into(),
            map,
            stage,
        }
    }

    /// Whether the value of `key` is not known before a session is started.
    fn waits(&self, key: &str) -> bool {
        self.stage == Stage::Stored
            && self
                .value(key)
                .and_then(Value::as_str)
                .is_some_and(has_placeholder)
    }

    /// The key's place in the document, such as `inputs.kmsKeyId`.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    pub(crate) fn broken(&self, key: &str, rule: impl Into<String>) -> DocumentError {
        DocumentError::RuleBroken {
            path: self.path_of(key),
            rule: rule.into(),
        }
    }

    /// Refuses keys other than `known`.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), DocumentError> {
        match self.map.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(DocumentError::UnknownKey {
                path: self.path_of(key),
            }),
            None => Ok(()),
        }
    }

    pub(crate) fn value(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key)
    }

    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>, DocumentError> {
        match self.map.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.broken(key, "must be text")),
        }
    }

    /// As [`Fields::text_or_empty`], refusing an absent or empty text.
    pub(crate) fn required_text(&self, key: &str, rule: &Rule) -> Result<String, DocumentError> {
        if self.text(key)?.is_none_or(str::is_empty) {
            return Err(DocumentError::MissingKey {
                path: self.path_of(key),
            });
        }
        self.text_or_empty(key, rule)
    }

    /// The text, or empty where it is absent; the rule is for texts that are not empty. A text that waits for a parameter
    /// comes back as it stands.
    pub(crate) fn text_or_empty(&self, key: &str, rule: &Rule) -> Result<String, DocumentError> {
        let text = self.text(key)?.unwrap_or_default();
        let fits = text.is_empty() || self.waits(key) || (rule.accepts)(text);
        if fits {
            Ok(text.to_owned())
        } else {
            Err(self.broken(key, rule.says))
        }
    }

    /// A boolean, or `"true"` or `"false"` as parameters produce them.
    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>, DocumentError> {
        match self.map.get(key) {
            _ if self.waits(key) => Ok(None),
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(_) => Err(self.broken(key, "must be true or false")),
        }
    }

    /// As [`Fields::flag`], also `True` and `False`: AWS's own document for commands writes this one flag so.
    pub(crate) fn flag_of_any_case(&self, key: &str) -> Result<Option<bool>, DocumentError> {
        match self.value(key).and_then(Value::as_str) {
            Some("True") => Ok(Some(true)),
            Some("False") => Ok(Some(false)),
            _ => self.flag(key),
        }
    }

    /// Refuses placeholders in a key that no parameter may feed.
    pub(crate) fn fixed(&self, key: &str) -> Result<(), DocumentError> {
        match self.value(key).and_then(Value::as_str) {
            Some(text) if text.contains("{{") => Err(DocumentError::PlaceholderRefused {
                path: self.path_of(key),
            }),
            _ => Ok(()),
        }
    }

    /// A whole number of minutes written as text, from 1 to `limit`; empty means none.
    pub(crate) fn minutes(&self, key: &str, limit: u16) -> Result<Option<u16>, DocumentError> {
        let text = self.text(key)?.unwrap_or_default();
        if text.is_empty() || self.waits(key) {
            return Ok(None);
        }
        match whole_number(text) {
            Some(minutes) if (1..=limit).contains(&minutes) => Ok(Some(minutes)),
            _ => Err(self.broken(
                key,
                format!("must be a whole number of minutes from 1 to {limit}, written as text"),
            )),
        }
    }

    pub(crate) fn map(&self, key: &str) -> Result<Option<Fields<'a>>, DocumentError> {
        match self.map.get(key) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Fields::new(self.path_of(key), map, self.stage))),
            Some(_) => Err(self.broken(key, "must be a map")),
        }
    }

    /// Keys and the maps they hold; anything else than a map is refused.
    pub(crate) fn maps(&self) -> Result<Vec<(&'a str, Fields<'a>)>, DocumentError> {
        self.map
            .iter()
            .map(|(key, value)| match value {
                Value::Object(map) => Ok((
                    key.as_str(),
                    Fields::new(self.path_of(key), map, self.stage),
                )),
                _ => Err(self.broken(key, "must be a map")),
            })
            .collect()
    }
}

/// Plain decimal digits without a leading zero: `str::parse` alone would take `+7` and `007`.
pub(crate) fn whole_number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = text == "0" || !text.starts_with('0');
    (digits && plain).then(|| text.parse().ok())?
}
