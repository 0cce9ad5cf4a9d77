//! Text that must not be seen: tokens and secret keys inside messages.
//!
//! Invariant: the text appears in serialised messages and where [`Secret::expose`] is called by name, never through
//! `Debug`, and it is wiped from memory when dropped.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret string. It compares and serialises like the string it holds.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text itself. Each call site is a place where the secret leaves our hands.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_text() {
        let shown = format!("{:?}", Secret::from("hunter2"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn it_travels_as_a_plain_json_string() {
        assert_eq!(serde_json::to_string(&Secret::from("t")).unwrap(), "\"t\"");
        assert_eq!(
            serde_json::from_str::<Secret>("\"t\"").unwrap().expose(),
            "t"
        );
    }
}
