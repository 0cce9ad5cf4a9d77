//! `Action`, `Resource` and their opposites: lists of texts, of which any or none must match.

use serde_json::{Map, Value};

use super::pattern::Pattern;
use super::template::Template;
use super::{PolicyError, texts};

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OneOrNone<T> {
    /// Applies where any matches.
    OneOf(Vec<T>),
    /// Applies where none matches.
    NoneOf(Vec<T>),
}

impl<T> OneOrNone<T> {
    pub(super) fn applies(&self, matches: impl Fn(&T) -> bool) -> bool {
        match self {
            Self::OneOf(list) => list.iter().any(matches),
            Self::NoneOf(list) => !list.iter().any(matches),
        }
    }

    /// Either list.
    pub(super) fn entries(&self) -> &[T] {
        let (Self::OneOf(list) | Self::NoneOf(list)) = self;
        list
    }

    /// Reads exactly one of the two keys, with a text or a list of texts.
    pub(super) fn read(
        path: &str,
        map: &Map<String, Value>,
        [positive, negative]: [&'static str; 2],
        read: impl Fn(&str) -> Result<T, PolicyError>,
    ) -> Result<Self, PolicyError> {
        let list = |key: &str, value: &Value| -> Result<Vec<T>, PolicyError> {
            let path = format!("{path}.{key}");
            let texts = texts(&path, value)?.into_iter();
            texts
                .map(|text| read(text).map_err(|error| error.at(&path)))
                .collect()
        };
        match (map.get(positive), map.get(negative)) {
            (Some(value), None) => list(positive, value).map(Self::OneOf),
            (None, Some(value)) => list(negative, value).map(Self::NoneOf),
            (None, None) => Err(PolicyError::MissingElement {
                path: format!("{path}.{positive}"),
            }),
            (Some(_), Some(_)) => Err(PolicyError::Contradiction {
                path: path.to_owned(),
                one: positive,
                other: negative,
            }),
        }
    }
}

/// Reads an action. Actions compare without case, so this one is in lower case.
pub(super) fn action(text: &str) -> Result<Pattern, PolicyError> {
    let well_formed = text == "*"
        || text.split_once(':').is_some_and(|(service, name)| {
            let in_service = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"*?-_".contains(&byte);
            !service.is_empty()
                && !name.is_empty()
                && service.bytes().all(in_service)
                && name.bytes().all(in_name)
        });
    if !well_formed {
        return Err(PolicyError::MalformedAction(text.to_owned()));
    }
    Ok(Template::plain(&text.to_ascii_lowercase()))
}

/// Reads a resource: an ARN, perhaps abbreviated, or `*`.
pub(super) fn resource(text: &str, variables: bool) -> Result<Template, PolicyError> {
    if text.starts_with("arn:") {
        Template::parse_arn(text, variables)
    } else if text == "*" {
        Template::parse(text, variables)
    } else {
        Err(PolicyError::MalformedResource(text.to_owned()))
    }
}
