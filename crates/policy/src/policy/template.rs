//! A text of a policy that may hold wildcards and variables: `arn:aws:ssm:*:*:session/${aws:username}-*`.
//!
//! Read once when the policy is stored, resolved for each request. A variable's value is literal: its stars match stars.

use std::borrow::Cow;

use super::PolicyError;
use super::outline::Outline;
use super::pattern::Pattern;
use crate::Context;
use crate::glob::Token;

/// The text, its variables found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Template {
    /// The same for every request.
    Constant(Pattern),
    /// Made anew for each request.
    Varying { parts: Vec<Part>, outline: Outline },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Token(Token),
    Variable {
        /// As it is written; compared in lower case.
        key: String,
        default: Option<String>,
    },
}

impl Template {
    /// Reads a text. `variables` is false for policies of version 2008-10-17, where `${` is plain text.
    pub(super) fn parse(text: &str, variables: bool) -> Result<Self, PolicyError> {
        parts(text, variables).map(Self::of)
    }

    /// Reads an ARN, with the parts that an abbreviated one leaves out: `arn:aws:ssm` means every resource of the service.
    pub(super) fn parse_arn(text: &str, variables: bool) -> Result<Self, PolicyError> {
        let mut parts = parts(text, variables)?;
        let colon = Part::Token(Token::Char(':'));
        let colons = parts.iter().filter(|part| **part == colon).count();
        for _ in colons..5 {
            parts.extend([colon.clone(), Part::Token(Token::AnyRun)]);
        }
        Ok(Self::of(parts))
    }

    /// The pattern of a text that has no variables.
    pub(super) fn plain(text: &str) -> Pattern {
        Pattern::new(text.chars().map(token).collect())
    }

    fn of(parts: Vec<Part>) -> Self {
        let constant: Option<Vec<Token>> = parts
            .iter()
            .map(|part| match part {
                Part::Token(token) => Some(*token),
                Part::Variable { .. } => None,
            })
            .collect();
        if let Some(tokens) = constant {
            return Self::Constant(Pattern::new(tokens));
        }
        let plain = parts.iter().map(|part| match part {
            Part::Token(Token::Char(character)) => Some(*character),
            Part::Token(_) | Part::Variable { .. } => None,
        });
        Self::Varying {
            outline: Outline::of(plain),
            parts,
        }
    }

    /// The pattern for one request; `None` where a variable has neither a value nor a default: such a text matches nothing.
    pub(super) fn resolve(&self, context: &Context) -> Option<Cow<'_, Pattern>> {
        let parts = match self {
            Self::Constant(pattern) => return Some(Cow::Borrowed(pattern)),
            Self::Varying { parts, .. } => parts,
        };
        let mut tokens = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Part::Token(token) => tokens.push(*token),
                Part::Variable { key, default } => {
                    let value = context.variable(key).or(default.as_deref())?;
                    tokens.extend(value.chars().map(Token::Char));
                }
            }
        }
        Some(Cow::Owned(Pattern::new(tokens)))
    }

    /// Whether all of `value` matches for a request with this context.
    pub(super) fn matches(&self, value: &str, context: &Context) -> bool {
        match self {
            Self::Constant(pattern) => pattern.matches(value),
            Self::Varying { outline, .. } => {
                outline.admits(value)
                    && self
                        .resolve(context)
                        .is_some_and(|pattern| pattern.matches(value))
            }
        }
    }

    /// Whether the text is the same for every request.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// Whether this is `*`, or as many of them as one likes.
    pub(super) fn is_any_text(&self) -> bool {
        match self {
            Self::Constant(pattern) => {
                let tokens = pattern.tokens();
                !tokens.is_empty() && tokens.iter().all(|token| *token == Token::AnyRun)
            }
            Self::Varying { .. } => false,
        }
    }

    /// The keys of variables without a default, as they are written.
    pub(super) fn required_keys(&self) -> impl Iterator<Item = &str> {
        let parts = match self {
            Self::Constant(_) => &[],
            Self::Varying { parts, .. } => parts.as_slice(),
        };
        parts.iter().filter_map(|part| match part {
            Part::Variable { key, default: None } => Some(key.as_str()),
            Part::Variable { .. } | Part::Token(_) => None,
        })
    }
}

fn parts(text: &str, variables: bool) -> Result<Vec<Part>, PolicyError> {
    let malformed = || PolicyError::MalformedVariable(text.to_owned());
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(inner) = rest.strip_prefix("${").filter(|_| variables) {
            let (name, tail) = inner.split_once('}').ok_or_else(malformed)?;
            parts.push(Part::variable(name).ok_or_else(malformed)?);
            rest = tail;
        } else {
            parts.push(Part::Token(token(character)));
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
        }
    }
    Ok(parts)
}

fn token(character: char) -> Token {
    match character {
        '*' => Token::AnyRun,
        '?' => Token::AnyOne,
        other => Token::Char(other),
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
            key: key.to_owned(),
            default,
        })
    }
}
