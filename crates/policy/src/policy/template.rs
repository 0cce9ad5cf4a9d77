//! A text of a policy that may hold wildcards and variables: `arn:aws:ssm:*:*:session/${aws:username}-*`.
//!
//! Read once when the policy is stored, resolved for each request. A variable's value is literal: its stars match stars.

use super::PolicyError;
use crate::Context;
use crate::glob::Token;

/// The text, its variables found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Token(Token),
    Variable {
        key: String,
        default: Option<String>,
    },
}

impl Template {
    /// Reads a text. `variables` is false for policies of version 2008-10-17, where `${` is plain text.
    pub(super) fn parse(text: &str, variables: bool) -> Result<Self, PolicyError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            if let Some(inner) = rest.strip_prefix("${").filter(|_| variables) {
                let (name, tail) = inner
                    .split_once('}')
                    .ok_or_else(|| PolicyError::MalformedVariable(text.to_owned()))?;
                parts.push(
                    Part::variable(name)
                        .ok_or_else(|| PolicyError::MalformedVariable(text.to_owned()))?,
                );
                rest = tail;
            } else {
                parts.push(Part::Token(match character {
                    '*' => Token::AnyRun,
                    '?' => Token::AnyOne,
                    other => Token::Char(other),
                }));
                rest = rest.get(character.len_utf8()..).unwrap_or_default();
            }
        }
        Ok(Self(parts))
    }

    /// The tokens for one request; `None` where a variable has neither a value nor a default: such a text matches nothing.
    pub(super) fn resolve(&self, context: &Context) -> Option<Vec<Token>> {
        let mut tokens = Vec::with_capacity(self.0.len());
        for part in &self.0 {
            match part {
                Part::Token(token) => tokens.push(*token),
                Part::Variable { key, default } => {
                    let value = context.variable(key).or(default.as_deref())?;
                    tokens.extend(value.chars().map(Token::Char));
                }
            }
        }
        Some(tokens)
    }

    /// Whether the text is the same for every request.
    pub(super) fn is_constant(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Token(_)))
    }

    /// Whether this is `*`, or as many of them as one likes.
    pub(super) fn is_any_text(&self) -> bool {
        self.0
            .iter()
            .all(|part| matches!(part, Part::Token(Token::AnyRun)))
            && !self.0.is_empty()
    }

    /// Appends the parts an abbreviated ARN leaves out: `arn:aws:ssm` means every resource of the service.
    pub(super) fn complete_arn(&mut self) {
        let colons = self
            .0
            .iter()
            .filter(|part| **part == Part::Token(Token::Char(':')))
            .count();
        for _ in colons..5 {
            self.0.push(Part::Token(Token::Char(':')));
            self.0.push(Part::Token(Token::AnyRun));
        }
    }
}

impl Part {
    fn variable(inner: &str) -> Option<Self> {
        match inner {
            "*" => return Some(Self::Token(Token::Char('*'))),
            "?" => return Some(Self::Token(Token::Char('?'))),
            "$" => return Some(Self::Token(Token::Char('$'))),
            _ => {}
        }
        let (key, default) = match inner.split_once(',') {
            Some((key, default)) => {
                let default = default
                    .trim_start()
                    .strip_prefix('\'')?
                    .strip_suffix('\'')?;
                (key.trim_end(), Some(default.to_owned()))
            }
            None => (inner, None),
        };
        let allowed =
            |character: char| character.is_alphanumeric() || "_.:/=+-@ ".contains(character);
        let well_formed = !key.is_empty() && key.trim() == key && key.chars().all(allowed);
        well_formed.then(|| Self::Variable {
            key: key.to_ascii_lowercase(),
            default,
        })
    }
}

/// The text itself, for operators without wildcards.
pub(super) fn literal(tokens: &[Token]) -> String {
    tokens
        .iter()
        .map(|token| match token {
            Token::Char(character) => *character,
            Token::AnyOne => '?',
            Token::AnyRun => '*',
        })
        .collect()
}
