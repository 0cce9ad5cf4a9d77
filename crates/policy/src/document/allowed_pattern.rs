//! `allowedPattern`: what a value must look like, in documents and in Parameter Store.
//!
//! The pattern holds for the whole value, whatever anchors it has of its own.

use regex_lite::Regex;

/// A pattern that was understood.
#[derive(Debug, Clone)]
pub struct AllowedPattern {
    text: String,
    whole: Regex,
}

impl AllowedPattern {
    /// What a pattern must be, to follow its key in a sentence.
    pub const RULE: &'static str =
        "must be a regular expression without look-around or back-references";

    /// Reads a pattern; none if it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // Compiled alone first: `a)(b` would only be balanced by the group around it.
        Regex::new(text).ok()?;
        let whole = Regex::new(&format!("^(?:{text})$")).ok()?;
        Some(Self {
            text: text.to_owned(),
            whole,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole value looks so.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        self.whole.is_match(value)
    }
}
