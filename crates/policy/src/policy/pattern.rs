//! A text of a policy for one request: no variables any more, perhaps wildcards.

use super::outline::Outline;
use crate::glob::{Token, matches};

/// The text, prepared for matching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// All of it as text, wildcards as they are written.
    text: String,
    tokens: Vec<Token>,
    outline: Outline,
}

impl Pattern {
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        let plain = |token: &Token| match token {
            Token::Char(character) => Some(*character),
            Token::AnyOne | Token::AnyRun => None,
        };
        let written = tokens.iter().map(|token| match token {
            Token::Char(character) => *character,
            Token::AnyOne => '?',
            Token::AnyRun => '*',
        });
        Self {
            text: written.collect(),
            outline: Outline::of(tokens.iter().map(plain)),
            tokens,
        }
    }

    /// The text itself, for operators without wildcards.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Whether all of `value` matches.
    pub(super) fn matches(&self, value: &str) -> bool {
        match self.tokens.as_slice() {
            [Token::AnyRun] => true,
            _ if self.outline.is_whole() => self.text == value,
            tokens => self.outline.admits(value) && matches(tokens, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(
            text.chars()
                .map(|character| match character {
                    '*' => Token::AnyRun,
                    '?' => Token::AnyOne,
                    other => Token::Char(other),
                })
                .collect(),
        )
    }

    #[test]
    fn a_short_cut_changes_no_answer() {
        for glob in ["", "é", "é*", "aé?", "*é", "ab*b?", "**", "a*é*"] {
            for value in ["", "é", "aé", "aéé", "ab", "abbé", "éé", "aéaé"] {
                let pattern = pattern(glob);
                let expected = matches(pattern.tokens(), value);
                assert_eq!(pattern.matches(value), expected, "{glob} {value}");
            }
        }
    }
}
