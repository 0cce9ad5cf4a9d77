//! Matching a text against a pattern of `*` (any run, also empty) and `?` (one character).
//!
//! Patterns are tokens, not text, so that a star that came out of a policy variable is a character and nothing else.

/// One position of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// This character.
    Char(char),
    /// `?`.
    AnyOne,
    /// `*`.
    AnyRun,
}

/// Whether all of `text` is like `pattern`, whose `*` is any run of characters, also none, and whose `?` is any one; after
/// `\\` a character stands for itself.
#[must_use]
pub fn is_like(pattern: &str, text: &str) -> bool {
    let mut tokens = Vec::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        tokens.push(match letter {
            '*' => Token::AnyRun,
            '?' => Token::AnyOne,
            '\\' => Token::Char(letters.next().unwrap_or('\\')),
            plain => Token::Char(plain),
        });
    }
    matches(&tokens, text)
}

/// Whether all of `text` matches. Takes at most `pattern × text` steps: only the last star is ever retried.
pub(crate) fn matches(pattern: &[Token], text: &str) -> bool {
    let mut pattern = pattern;
    let mut text = text.chars();
    let mut retry: Option<(&[Token], std::str::Chars<'_>)> = None;
    loop {
        match pattern.split_first() {
            Some((Token::AnyRun, rest)) => {
                retry = Some((rest, text.clone()));
                pattern = rest;
                continue;
            }
            Some((token, rest)) => {
                let mut ahead = text.clone();
                let fits = match (ahead.next(), token) {
                    (None, _) => return false,
                    (Some(_), Token::AnyOne) => true,
                    (Some(found), Token::Char(wanted)) => found == *wanted,
                    (Some(_), Token::AnyRun) => false,
                };
                if fits {
                    pattern = rest;
                    text = ahead;
                    continue;
                }
            }
            None if text.as_str().is_empty() => return true,
            None => {}
        }
        // A mismatch: let the last star swallow one character more.
        let Some((rest, mut from)) = retry.take() else {
            return false;
        };
        if from.next().is_none() {
            return false;
        }
        pattern = rest;
        text = from.clone();
        retry = Some((rest, from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Vec<Token> {
        text.chars()
            .map(|character| match character {
                '*' => Token::AnyRun,
                '?' => Token::AnyOne,
                other => Token::Char(other),
            })
            .collect()
    }

    #[test]
    fn texts_match_as_a_whole_or_not_at_all() {
        for (glob, refused, accepted) in [
            ("", &["a"][..], &[""][..]),
            ("abc", &["", "ab", "abcd", "ABC"], &["abc"]),
            ("a?c", &["ac", "abbc"], &["abc", "aüc"]),
            ("*", &[], &["", "a", "a/b:c"]),
            ("a*", &["", "ba"], &["a", "ab"]),
            ("*a", &["", "ab"], &["a", "ba", "aaa"]),
            ("a*b*c", &["acb", "ab"], &["abc", "aXbYc", "abbcc"]),
            ("**?", &[""], &["a", "ab"]),
            ("*ab*ab", &["ab", "aab"], &["abab", "xabyab", "ababab"]),
        ] {
            for text in refused {
                assert!(!matches(&pattern(glob), text), "{glob} {text}");
            }
            for text in accepted {
                assert!(matches(&pattern(glob), text), "{glob} {text}");
            }
        }
    }

    #[test]
    fn what_is_escaped_stands_for_itself() {
        assert!(!is_like("a\\*", "ab"));
        assert!(!is_like("a\\?", "ab"));
        assert!(is_like("a\\*", "a*"));
        assert!(is_like("*\\\\?", "x\\y"));
    }

    #[test]
    fn many_stars_do_not_take_forever() {
        let glob = format!("{}b", "a*".repeat(200));
        assert!(!matches(&pattern(&glob), &"a".repeat(20_000)));
    }
}
