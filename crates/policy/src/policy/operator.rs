//! Condition operators: their names and how each compares one value of the policy with one of the request.

use std::cmp::Ordering;

use super::decimal::Decimal;
use super::operand::{Network, arn_parts, boolean, bytes, instant};
use super::pattern::Pattern;
use crate::glob::matches;

/// An operator as written, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) kind: Kind,
    /// `StringNotEquals` and its kin.
    pub(super) negated: bool,
    /// The suffix `IfExists`.
    pub(super) if_exists: bool,
    pub(super) prefix: Option<SetPrefix>,
}

/// How the members of a set are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SetPrefix {
    ForAnyValue,
    ForAllValues,
}

/// What is compared, in the positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Exact,
    ExactIgnoringCase,
    Glob,
    Number(Comparison),
    Date(Comparison),
    Bool,
    Binary,
    Address,
    Arn,
    Null,
}

/// An ordering test of the request's value against the policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    /// Reads a name such as `ForAnyValue:StringNotLikeIfExists`; `None` where there is no such operator.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (prefix, rest) = if let Some(rest) = name.strip_prefix("ForAnyValue:") {
            (Some(SetPrefix::ForAnyValue), rest)
        } else if let Some(rest) = name.strip_prefix("ForAllValues:") {
            (Some(SetPrefix::ForAllValues), rest)
        } else {
            (None, name)
        };
        let (base, if_exists) = match rest.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        let (kind, negated) = base_operator(base)?;
        // Null asks whether the key is there; neither a set nor IfExists can be asked that.
        let sensible = kind != Kind::Null || (prefix.is_none() && !if_exists);
        sensible.then_some(Self {
            kind,
            negated,
            if_exists,
            prefix,
        })
    }
}

fn base_operator(name: &str) -> Option<(Kind, bool)> {
    Some(match name {
        "StringEquals" => (Kind::Exact, false),
        "StringNotEquals" => (Kind::Exact, true),
        "StringEqualsIgnoreCase" => (Kind::ExactIgnoringCase, false),
        "StringNotEqualsIgnoreCase" => (Kind::ExactIgnoringCase, true),
        "StringLike" => (Kind::Glob, false),
        "StringNotLike" => (Kind::Glob, true),
        "Bool" => (Kind::Bool, false),
        "BinaryEquals" => (Kind::Binary, false),
        "IpAddress" => (Kind::Address, false),
        "NotIpAddress" => (Kind::Address, true),
        "ArnEquals" | "ArnLike" => (Kind::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Kind::Arn, true),
        "Null" => (Kind::Null, false),
        _ => {
            let (kind, name): (fn(Comparison) -> Kind, &str) = match name.strip_prefix("Numeric") {
                Some(name) => (Kind::Number, name),
                None => (Kind::Date, name.strip_prefix("Date")?),
            };
            match name {
                "Equals" => (kind(Comparison::Equal), false),
                "NotEquals" => (kind(Comparison::Equal), true),
                "LessThan" => (kind(Comparison::Less), false),
                "LessThanEquals" => (kind(Comparison::LessOrEqual), false),
                "GreaterThan" => (kind(Comparison::Greater), false),
                "GreaterThanEquals" => (kind(Comparison::GreaterOrEqual), false),
                _ => return None,
            }
        }
    })
}

impl Kind {
    /// Whether a text of the policy is a value for this operator; one that is not could never match, which in a Deny
    /// would be silent.
    pub(super) fn takes(self, text: &str) -> bool {
        match self {
            Self::Exact | Self::ExactIgnoringCase | Self::Glob | Self::Arn => true,
            Self::Number(_) => Decimal::parse(text).is_some(),
            Self::Date(_) => instant(text).is_some(),
            Self::Bool | Self::Null => boolean(text).is_some(),
            Self::Binary => bytes(text).is_some(),
            Self::Address => Network::parse(text).is_some(),
        }
    }

    /// Compares the policy's value with the request's.
    pub(super) fn matches(self, wanted: &Pattern, value: &str) -> bool {
        match self {
            Self::Exact => wanted.text() == value,
            Self::ExactIgnoringCase => wanted.text().to_lowercase() == value.to_lowercase(),
            Self::Glob => wanted.matches(value),
            Self::Number(comparison) => both(wanted, value, Decimal::parse)
                .is_some_and(|(wanted, found)| comparison.holds(found.cmp(&wanted))),
            Self::Date(comparison) => both(wanted, value, instant)
                .is_some_and(|(wanted, found)| comparison.holds(found.cmp(&wanted))),
            Self::Bool | Self::Null => {
                both(wanted, value, boolean).is_some_and(|(wanted, found)| wanted == found)
            }
            Self::Binary => {
                both(wanted, value, bytes).is_some_and(|(wanted, found)| wanted == found)
            }
            Self::Address => {
                Network::parse(wanted.text()).is_some_and(|network| network.contains(value))
            }
            Self::Arn => {
                let (parts, found) = (
                    arn_parts(wanted.tokens()),
                    value.splitn(6, ':').collect::<Vec<_>>(),
                );
                parts.len() == 6
                    && found.len() == 6
                    && parts
                        .iter()
                        .zip(found)
                        .all(|(pattern, part)| matches(pattern, part))
            }
        }
    }
}

/// Both sides read the same way; `None` where one cannot be.
fn both<T>(wanted: &Pattern, value: &str, read: impl Fn(&str) -> Option<T>) -> Option<(T, T)> {
    Some((read(wanted.text())?, read(value)?))
}

impl Comparison {
    fn holds(self, found_to_wanted: Ordering) -> bool {
        match self {
            Self::Equal => found_to_wanted.is_eq(),
            Self::Less => found_to_wanted.is_lt(),
            Self::LessOrEqual => found_to_wanted.is_le(),
            Self::Greater => found_to_wanted.is_gt(),
            Self::GreaterOrEqual => found_to_wanted.is_ge(),
        }
    }
}
