//! Filter patterns: terms that a message must have, may have, or must not have; or a condition on its JSON.
//!
//! Matching takes time in proportion to message and pattern: a pattern is somebody's input, too.

use super::json_filter::JsonFilter;

/// The longest pattern, characters.
const LONGEST: usize = 1024;

/// A pattern that was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    /// Words and phrases.
    Terms(Terms),
    /// `{ $.a = "b" }`
    Json(JsonFilter),
}

/// Words and phrases, by what they ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FilterError {
    /// More than 1,024 characters.
    #[error("Filter pattern exceeds maximum length of 1024 characters")]
    TooLong,
    /// A quotation mark that nothing closes.
    #[error("Invalid filter pattern: a quoted phrase is not closed")]
    OpenQuote,
    /// `[a, b]`
    #[error(
        "Invalid filter pattern: patterns in brackets, for fields between spaces, are not served"
    )]
    Fields,
    /// The condition in braces.
    #[error("Invalid filter pattern: {0}")]
    Json(String),
}

impl Filter {
    /// Reads a pattern; the empty one matches everything.
    ///
    /// # Errors
    /// If it cannot be matched as it says.
    pub(crate) fn parse(text: &str) -> Result<Self, FilterError> {
        if text.chars().count() > LONGEST {
            return Err(FilterError::TooLong);
        }
        let text = text.trim();
        if text.starts_with('{') {
            return JsonFilter::parse(text)
                .map(Self::Json)
                .map_err(FilterError::Json);
        }
        if text.starts_with('[') {
            return Err(FilterError::Fields);
        }
        terms(text).map(Self::Terms)
    }

    /// Whether a message matches.
    pub(crate) fn matches(&self, message: &str) -> bool {
        match self {
            Self::Terms(terms) => terms.match_in(message),
            Self::Json(filter) => filter.matches(message),
        }
    }
}

impl Terms {
    fn match_in(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        // As in AWS, terms of which any is enough count only where they stand alone.
        let any = !self.all.is_empty() || self.any.is_empty() || self.any.iter().any(has);
        any && self.all.iter().all(has) && !self.none.iter().any(has)
    }
}

fn terms(text: &str) -> Result<Terms, FilterError> {
    let mut terms = Terms::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (list, term) = match first {
            '?' => (&mut terms.any, rest.strip_prefix('?').unwrap_or(rest)),
            '-' => (&mut terms.none, rest.strip_prefix('-').unwrap_or(rest)),
            _ => (&mut terms.all, rest),
        };
        let (found, after) = match term.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or(FilterError::OpenQuote)?,
            None => term.split_once(char::is_whitespace).unwrap_or((term, "")),
        };
        if !found.is_empty() {
            list.push(found.to_owned());
        }
        rest = after.trim_start();
    }
    Ok(terms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_cannot_be_matched_are_refused() {
        let long = "x".repeat(1025);
        for pattern in ["\"open", "[a, b]", "{ $.a }", "{", &long] {
            assert!(Filter::parse(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn terms_are_all_or_any_or_none() {
        for (pattern, refused, accepted) in [
            ("", &[][..], &["", "anything"][..]),
            ("ERROR", &["error", "ERR"], &["an ERROR here", "ERRORS"]),
            ("ERROR disk", &["ERROR", "disk"], &["disk ERROR"]),
            (
                "\"disk full\"",
                &["disk is full", "full disk"],
                &["the disk full"],
            ),
            ("?WARN ?ERROR", &["INFO"], &["WARN", "ERROR"]),
            ("?WARN ERROR", &["WARN"], &["ERROR"]),
            ("ERROR -retry", &["ERROR retry", "x"], &["ERROR"]),
            ("-\"a b\"", &["a b"], &["b a"]),
        ] {
            let filter = Filter::parse(pattern).unwrap();
            for message in refused {
                assert!(!filter.matches(message), "{pattern}: {message}");
            }
            for message in accepted {
                assert!(filter.matches(message), "{pattern}: {message}");
            }
        }
    }
}
