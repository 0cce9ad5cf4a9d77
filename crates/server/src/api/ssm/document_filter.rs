//! Filters of `ListDocuments`, in the current and in the legacy spelling.
//!
//! All filters must match; of one filter's values, any. Knows rows, not the database.

use serde::Deserialize;

use super::document_description::PLATFORMS;
use crate::error::{ApiError, Code};
use crate::store::TagRow;

/// What filters look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) name: &'a str,
    pub(super) owner: &'a str,
    pub(super) is_built_in: bool,
    pub(super) tags: &'a [TagRow],
}

/// `Filters`: `{"Key": …, "Values": […]}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Given {
    key: String,
    values: Vec<String>,
}

/// `DocumentFilterList`: `{"key": …, "value": …}`.
#[derive(Debug, Deserialize)]
pub(super) struct Legacy {
    key: String,
    value: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    /// The name, or what it begins with.
    Name,
    Owner,
    PlatformTypes,
    DocumentType,
    /// Words within the name.
    SearchKeyword,
    Tag(String),
}

/// One filter, understood.
#[derive(Debug)]
pub(super) struct Filter {
    key: Key,
    values: Vec<String>,
}

impl Filter {
    /// Reads both spellings.
    pub(super) fn all(given: Vec<Given>, legacy: Vec<Legacy>) -> Result<Vec<Self>, ApiError> {
        let given = given.into_iter().map(|filter| (filter.key, filter.values));
        let legacy = legacy
            .into_iter()
            .map(|filter| (filter.key, vec![filter.value]));
        given
            .chain(legacy)
            .map(|(key, values)| Self::parse(&key, values))
            .collect()
    }

    fn parse(key: &str, values: Vec<String>) -> Result<Self, ApiError> {
        let key = match key {
            "Name" => Key::Name,
            "Owner" => Key::Owner,
            "PlatformTypes" => Key::PlatformTypes,
            "DocumentType" => Key::DocumentType,
            "SearchKeyword" => Key::SearchKeyword,
            other => match other.strip_prefix("tag:") {
                Some(key) if !key.is_empty() => Key::Tag(key.to_lowercase()),
                _ => {
                    return Err(ApiError::new(
                        Code::InvalidFilterKey,
                        format!("The filter key {} is not valid.", other.escape_debug()),
                    ));
                }
            },
        };
        Ok(Self { key, values })
    }

    /// Whether a document passes.
    pub(super) fn matches(&self, facts: Facts<'_>) -> bool {
        self.values.iter().any(|value| match &self.key {
            Key::Name => facts.name.starts_with(value.as_str()),
            Key::Owner => match value.as_str() {
                "All" => true,
                "Self" | "Private" => !facts.is_built_in,
                "Amazon" | "Public" => facts.is_built_in,
                owner => owner == facts.owner,
            },
            Key::PlatformTypes => PLATFORMS.contains(&value.as_str()),
            Key::DocumentType => value == "Session",
            Key::SearchKeyword => facts.name.to_lowercase().contains(&value.to_lowercase()),
            Key::Tag(key) => {
                let has = |tag: &TagRow| tag.key.to_lowercase() == *key && tag.value == *value;
                facts.tags.iter().any(has)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, values: &[&str], expected: Result<bool, Code>) {
        let tags = [TagRow {
            key: "Team".to_owned(),
            value: "web".to_owned(),
        }];
        let facts = Facts {
            name: "Restart-web",
            owner: "000000000000",
            is_built_in: false,
            tags: &tags,
        };
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let got = Filter::parse(key, values)
            .map(|filter| filter.matches(facts))
            .map_err(|error| error.code());
        assert_eq!(got, expected, "{key}");
    }

    #[test]
    fn unknown_keys_are_refused() {
        for key in ["", "name", "tag:", "Color"] {
            check(key, &["x"], Err(Code::InvalidFilterKey));
        }
    }

    #[test]
    fn a_document_that_has_no_such_property_does_not_pass() {
        for (key, value) in [
            ("Name", "web"),
            ("Owner", "Amazon"),
            ("Owner", "111111111111"),
            ("DocumentType", "Command"),
            ("PlatformTypes", "Plan9"),
            ("SearchKeyword", "stop"),
            ("tag:Team", "db"),
            ("tag:Stage", "web"),
        ] {
            check(key, &[value], Ok(false));
        }
        check("Name", &[], Ok(false));
    }

    #[test]
    fn one_of_the_values_is_enough() {
        for (key, value) in [
            ("Name", "Restart-"),
            ("Owner", "Self"),
            ("Owner", "000000000000"),
            ("DocumentType", "Session"),
            ("PlatformTypes", "Linux"),
            ("SearchKeyword", "WEB"),
            ("tag:team", "web"),
        ] {
            check(key, &["none", value], Ok(true));
        }
    }
}
