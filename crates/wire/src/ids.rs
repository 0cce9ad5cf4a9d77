//! Names that cross the wire and reach the disk or the operating system, as types.
//!
//! Invariant: a value of one of these types has passed its `parse`, also when it came through serde; nothing is
//! trimmed or repaired on the way. Whether a name exists anywhere, or may be used, is decided elsewhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is not one of these names. The text itself is left out: it may be hostile or secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IdError {
    /// Not `mi-` followed by 17 lower-case hexadecimal digits.
    #[error("not a managed node id (mi- and 17 lower-case hexadecimal digits)")]
    NotANodeId,
    /// Not 1 to 96 of the allowed characters, or a name that file systems give a meaning of its own.
    #[error("not a session id (1 to 96 letters, digits or any of +=,.@_-, and neither . nor ..)")]
    NotASessionId,
    /// Outside the accepted form of an OS user name.
    #[error(
        "not a valid OS user name (1 to 256 characters: a letter or _ first, then letters, digits or any of _.@-, \
         a $ only at the end)"
    )]
    NotAnOsUserName,
    /// Not 12 decimal digits.
    #[error("not an account id (12 digits)")]
    NotAnAccountId,
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $error:ident, $accepts:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name, if `text` is one exactly as it stands.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                if $accepts(text) { Ok(Self(text.to_owned())) } else { Err(IdError::$error) }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                if $accepts(&text) { Ok(Self(text)) } else { Err(IdError::$error) }
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name_type! {
    /// A managed node's id: `mi-` and 17 lower-case hexadecimal digits, as AWS gives hybrid nodes.
    NodeId, NotANodeId, is_node_id
}

name_type! {
    /// A session's id: 1 to 96 of `[A-Za-z0-9+=,.@_-]` (the pattern of SSM's API model), except `.` and `..`, since the
    /// id also names files and log streams.
    SessionId, NotASessionId, is_session_id
}

name_type! {
    /// A well-formed OS user name: 1 to 256 bytes, a letter or `_` first, then `[A-Za-z0-9_.@-]`, with an optional final
    /// `$`. It can be passed to a lookup; it says nothing about whether the account exists or may be used.
    OsUserName, NotAnOsUserName, is_os_user_name
}

name_type! {
    /// An AWS account id: 12 decimal digits.
    AccountId, NotAnAccountId, is_account_id
}

impl OsUserName {
    /// Whether this is the name `root`. Other names of uid 0 are for the account lookup to find.
    pub fn is_root(&self) -> bool {
        self.0 == "root"
    }
}

fn is_node_id(text: &str) -> bool {
    text.strip_prefix("mi-").is_some_and(|digits| {
        digits.len() == 17
            && digits
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn is_session_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b);
    (1..=96).contains(&text.len()) && text.bytes().all(allowed) && text != "." && text != ".."
}

fn is_os_user_name(text: &str) -> bool {
    if text.len() > 256 {
        return false;
    }
    let mut bytes = text.strip_suffix('$').unwrap_or(text).bytes();
    let first = bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    first && bytes.all(|b| b.is_ascii_alphanumeric() || b"_.@-".contains(&b))
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accepts: impl Fn(&str) -> bool, refused: &[&str], accepted: &[&str]) {
        for text in refused {
            assert!(!accepts(text), "{text:?} should be refused");
        }
        for text in accepted {
            assert!(accepts(text), "{text:?} should be accepted");
        }
    }

    #[test]
    fn os_user_names_are_taken_whole_or_refused() {
        check(
            |text| OsUserName::parse(text).is_ok(),
            &[
                "",
                " ",
                "$",
                " alice",
                "alice ",
                "alice\n",
                "al ice",
                "1001",
                "-alice",
                ".alice",
                "@alice",
                "alice;id",
                "al$ice",
                "alice$$",
                "$(id)",
                "alice/../root",
                "älice",
                "alice\0",
                "\"true\"",
                &"a".repeat(257),
            ],
            &[
                "alice",
                "Alice",
                "_apt",
                "a",
                "svc$",
                "first.last",
                "alice@corp.example",
                "a-b_c",
                &"a".repeat(256),
            ],
        );
    }

    #[test]
    fn only_the_name_root_is_root() {
        assert!(OsUserName::parse("root").unwrap().is_root());
        assert!(!OsUserName::parse("Root").unwrap().is_root());
        assert!(!OsUserName::parse("toor").unwrap().is_root());
    }

    #[test]
    fn session_ids_cannot_walk_directories() {
        check(
            |text| SessionId::parse(text).is_ok(),
            &[
                "",
                ".",
                "..",
                "a/b",
                "a b",
                "a:b",
                "a\0",
                "sitzung-ä",
                &"s".repeat(97),
            ],
            &[
                "alice-8c75146cba29d6d96",
                "a+b=c,d.e@f_g-h",
                "...",
                &"s".repeat(96),
            ],
        );
    }

    #[test]
    fn node_ids_are_lower_case_hexadecimal_of_one_length() {
        check(
            |text| NodeId::parse(text).is_ok(),
            &[
                "",
                "mi-",
                "i-779936683e2154b23",
                "mi-779936683e2154b2",
                "mi-779936683e2154b234",
                "mi-779936683E2154B23",
            ],
            &["mi-779936683e2154b23"],
        );
    }

    #[test]
    fn account_ids_have_twelve_digits() {
        check(
            |text| AccountId::parse(text).is_ok(),
            &["", "1", "00000000000a", "0000000000000"],
            &["000000000000"],
        );
    }

    #[test]
    fn serde_goes_through_parse() {
        assert!(serde_json::from_str::<OsUserName>("\"alice;id\"").is_err());
        let name: OsUserName = serde_json::from_str("\"alice\"").unwrap();
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"alice\"");
    }
}
