//! What a client says about its terminal before the shell starts.
//!
//! Invariant: a `Terminal` that came over the wire has a plain terminal name and only locale variables with plain
//! values, so it can become a process environment. Anything else is dropped, not repaired.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

const MAX_TEXT: usize = 64;
const MAX_LOCALE: usize = 16;

/// The person's terminal: size, type and locale.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", from = "Unchecked")]
pub struct Terminal {
    /// Columns; 0 when unknown.
    pub cols: u16,
    /// Rows; 0 when unknown.
    pub rows: u16,
    /// The value for `TERM`; empty when unknown.
    pub term: String,
    /// `LANG` and `LC_*` variables by name.
    pub locale: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Unchecked {
    cols: u16,
    rows: u16,
    term: String,
    locale: BTreeMap<String, String>,
}

impl From<Unchecked> for Terminal {
    fn from(unchecked: Unchecked) -> Self {
        let Unchecked {
            cols,
            rows,
            term,
            mut locale,
        } = unchecked;
        locale.retain(|name, value| is_locale_variable(name) && is_plain(value));
        while locale.len() > MAX_LOCALE {
            locale.pop_last();
        }
        let term = if is_plain(&term) { term } else { String::new() };
        Self {
            cols,
            rows,
            term,
            locale,
        }
    }
}

fn is_locale_variable(name: &str) -> bool {
    let category =
        |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    name == "LANG" || (name.len() <= MAX_TEXT && name.strip_prefix("LC_").is_some_and(category))
}

/// Terminal and locale names: no path separators, since both select files that libraries open.
fn is_plain(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.@+-".contains(&b);
    (1..=MAX_TEXT).contains(&text.len()) && !text.starts_with('.') && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_process_is_dropped() {
        let terminal: Terminal = serde_json::from_str(
            r#"{"Cols":80,"Rows":24,"Term":"../../tmp/x","Locale":{"LD_PRELOAD":"x","LANG":"/tmp/l","LC_ALL":"de_DE.UTF-8","LC_":"x"}}"#,
        )
        .unwrap();
        assert_eq!(terminal.term, "");
        assert_eq!(
            terminal.locale,
            BTreeMap::from([("LC_ALL".to_owned(), "de_DE.UTF-8".to_owned())])
        );
    }

    #[test]
    fn an_ordinary_terminal_survives_the_round_trip() {
        let terminal = Terminal {
            cols: 120,
            rows: 40,
            term: "xterm-256color".to_owned(),
            locale: BTreeMap::from([("LANG".to_owned(), "C.UTF-8".to_owned())]),
        };
        let json = serde_json::to_string(&terminal).unwrap();
        assert_eq!(serde_json::from_str::<Terminal>(&json).unwrap(), terminal);
    }
}
