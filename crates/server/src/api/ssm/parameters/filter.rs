//! Filters of Parameter Store's lists, in the current and in the legacy spelling.
//!
//! All filters must match; of one filter's values, any. Knows rows, not the database.

use serde::Deserialize;

use super::ParameterCode;
use crate::error::{ApiError, Code};
use crate::store::{ParameterRow, TagRow};

/// `ParameterFilters`: `{"Key": …, "Option": …, "Values": […]}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Given {
    key: String,
    option: Option<String>,
    #[serde(default)]
    values: Vec<String>,
}

/// `Filters`, the legacy spelling, whose names are beginnings.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Legacy {
    key: String,
    values: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Name,
    Type,
    /// `KeyId`: the key that a secret is under.
    Kms,
    /// The tag with this key, in lower case.
    Tag(String),
    Tier,
    DataType,
    /// Labels, which nothing here has.
    Label,
    /// The path that the name is in.
    Path,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Equals,
    BeginsWith,
    Contains,
    /// In the path itself.
    OneLevel,
    /// In the path or below it.
    Recursive,
}

/// One filter, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filter {
    key: Key,
    how: How,
    values: Vec<String>,
}

impl Filter {
    /// Those of DescribeParameters.
    pub(super) fn of_list(given: Vec<Given>, legacy: Vec<Legacy>) -> Result<Vec<Self>, ApiError> {
        let legacy = legacy.into_iter().map(|filter| Given {
            option: (filter.key == "Name").then(|| "BeginsWith".to_owned()),
            key: filter.key,
            values: filter.values,
        });
        given.into_iter().chain(legacy).map(Self::parse).collect()
    }

    /// Those of GetParametersByPath, which has fewer keys.
    pub(super) fn of_path(given: Vec<Given>) -> Result<Vec<Self>, ApiError> {
        given
            .into_iter()
            .map(|given| match given.key.as_str() {
                "Type" | "KeyId" | "Label" => Self::parse(given),
                other => Err(unknown_key(other)),
            })
            .collect()
    }

    /// What is in `path`, or also what is below.
    pub(super) fn within(path: &str, recursive: bool) -> Self {
        Self {
            key: Key::Path,
            how: if recursive {
                How::Recursive
            } else {
                How::OneLevel
            },
            values: vec![path.to_owned()],
        }
    }

    fn parse(given: Given) -> Result<Self, ApiError> {
        let key = match given.key.as_str() {
            "Name" => Key::Name,
            "Type" => Key::Type,
            "KeyId" => Key::Kms,
            "Path" => Key::Path,
            "Tier" => Key::Tier,
            "DataType" => Key::DataType,
            "Label" => Key::Label,
            other => match other.strip_prefix("tag:") {
                Some(key) => Key::Tag(key.to_lowercase()),
                None => return Err(unknown_key(other)),
            },
        };
        let how = match (given.option.as_deref(), &key) {
            (None, Key::Path) | (Some("OneLevel"), Key::Path) => How::OneLevel,
            (Some("Recursive"), Key::Path) => How::Recursive,
            (None | Some("Equals"), key) if *key != Key::Path => How::Equals,
            (Some("BeginsWith"), Key::Name | Key::Kms | Key::Tag(_)) => How::BeginsWith,
            (Some("Contains"), Key::Name) => How::Contains,
            (option, _) => {
                return Err(ApiError::new(
                    Code::Parameter(ParameterCode::InvalidFilterOption),
                    format!(
                        "The filter {} has no option {}.",
                        given.key.escape_debug(),
                        option.unwrap_or_default().escape_debug()
                    ),
                ));
            }
        };
        // A tag's filter without values asks only that there be the tag.
        let may_be_empty = matches!(key, Key::Tag(_));
        if given.values.len() > 50 || (given.values.is_empty() && !may_be_empty) {
            return Err(ApiError::new(
                Code::Parameter(ParameterCode::InvalidFilterValue),
                format!(
                    "The filter {} must have 1 to 50 values.",
                    given.key.escape_debug()
                ),
            ));
        }
        Ok(Self {
            key,
            how,
            values: given.values,
        })
    }

    /// Whether tags are asked for.
    pub(super) fn needs_tags(&self) -> bool {
        matches!(self.key, Key::Tag(_))
    }

    /// Whether a parameter passes.
    pub(super) fn matches(&self, row: &ParameterRow, tags: &[TagRow]) -> bool {
        let property = match &self.key {
            Key::Name | Key::Path => Some(row.name.as_str()),
            Key::Type => Some(row.kind.as_str()),
            Key::Kms => row.kms_key.as_deref(),
            Key::Tier => Some("Standard"),
            Key::DataType => Some("text"),
            Key::Label => None,
            Key::Tag(key) => {
                let found = tags.iter().find(|tag| tag.key.to_lowercase() == *key);
                if self.values.is_empty() {
                    return found.is_some();
                }
                found.map(|tag| tag.value.as_str())
            }
        };
        property.is_some_and(|property| self.values.iter().any(|value| self.fits(property, value)))
    }

    fn fits(&self, property: &str, value: &str) -> bool {
        let below = || {
            let path = value.trim_end_matches('/');
            property.strip_prefix(path)?.strip_prefix('/')
        };
        match self.how {
            How::Equals => property == value,
            How::BeginsWith => property.starts_with(value),
            How::Contains => property.contains(value),
            How::OneLevel => below().is_some_and(|rest| !rest.contains('/')),
            How::Recursive => below().is_some(),
        }
    }
}

fn unknown_key(key: &str) -> ApiError {
    ApiError::new(
        Code::InvalidFilterKey,
        format!("The filter key {} is not valid.", key.escape_debug()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ParameterKind;

    fn filter(key: &str, option: Option<&str>, values: &[&str]) -> Result<Filter, Code> {
        let given = Given {
            key: key.to_owned(),
            option: option.map(str::to_owned),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        Filter::parse(given).map_err(|error| error.code())
    }

    #[test]
    fn keys_options_and_values_that_are_none_are_refused() {
        let option = Code::Parameter(ParameterCode::InvalidFilterOption);
        let value = Code::Parameter(ParameterCode::InvalidFilterValue);
        assert_eq!(filter("Color", None, &["x"]), Err(Code::InvalidFilterKey));
        assert_eq!(filter("Type", Some("BeginsWith"), &["S"]), Err(option));
        assert_eq!(filter("Name", Some("Recursive"), &["S"]), Err(option));
        assert_eq!(filter("Path", Some("Equals"), &["/"]), Err(option));
        assert_eq!(filter("Name", None, &[]), Err(value));
        let by_path = Filter::of_path(vec![Given {
            key: "Name".to_owned(),
            option: None,
            values: vec!["x".to_owned()],
        }]);
        assert_eq!(by_path.unwrap_err().code(), Code::InvalidFilterKey);
    }

    #[test]
    fn each_filter_passes_what_it_names() {
        let row = ParameterRow {
            name: "/web/db/url".to_owned(),
            version: 1,
            kind: ParameterKind::Text,
            value: Vec::new(),
            kms_key: None,
            description: None,
            allowed_pattern: None,
            modified: 0,
            modified_by: String::new(),
        };
        let tags = [TagRow {
            key: "Team".to_owned(),
            value: "web".to_owned(),
        }];
        for (key, option, values, expected) in [
            ("Name", None, &["/web"][..], false),
            ("Name", Some("BeginsWith"), &["/web"], true),
            ("Name", Some("Contains"), &["db"], true),
            ("Path", None, &["/web"], false),
            ("Path", None, &["/web/db"], true),
            ("Path", Some("Recursive"), &["/web/"], true),
            ("Path", Some("Recursive"), &["/we"], false),
            ("Path", Some("Recursive"), &["/"], true),
            ("Type", None, &["SecureString", "String"], true),
            ("KeyId", None, &["alias/aws/ssm"], false),
            ("Label", None, &["prod"], false),
            ("tag:team", None, &[], true),
            ("tag:team", None, &["db"], false),
            ("Tier", None, &["Standard"], true),
        ] {
            let filter = filter(key, option, values).unwrap();
            assert_eq!(
                filter.matches(&row, &tags),
                expected,
                "{key} {option:?} {values:?}"
            );
        }
    }
}
