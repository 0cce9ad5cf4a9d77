//! Filters of `GetInventory`: all must match; what one of them says of its values depends on its type.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::TYPE_NAME;
use crate::error::{ApiError, Code};

/// `{"Key": "AWS:InstanceInformation.PlatformType", "Values": […], "Type": "Equal"}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Asked {
    key: String,
    values: Vec<String>,
    r#type: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    BeginWith,
    LessThan,
    GreaterThan,
    Exists,
}

/// A filter, understood.
#[derive(Debug)]
pub(super) struct Filter {
    /// None: of a type that no node has.
    attribute: Option<String>,
    comparison: Comparison,
    values: Vec<String>,
}

impl Filter {
    /// Reads them; five at most, as in AWS.
    pub(super) fn all(asked: Vec<Asked>) -> Result<Vec<Self>, ApiError> {
        if asked.len() > 5 {
            return Err(ApiError::constraint(
                "filters",
                "Member must have length less than or equal to 5",
            ));
        }
        asked.into_iter().map(Self::parse).collect()
    }

    fn parse(asked: Asked) -> Result<Self, ApiError> {
        let refused = |message| ApiError::new(Code::InvalidFilter, message);
        let Asked { key, values, .. } = asked;
        if values.is_empty() || values.len() > 40 {
            return Err(refused(format!(
                "The filter {key} must have 1 to 40 values."
            )));
        }
        let comparison = match asked.r#type.as_deref() {
            None | Some("Equal") => Comparison::Equal,
            Some("NotEqual") => Comparison::NotEqual,
            Some("BeginWith") => Comparison::BeginWith,
            Some("LessThan") => Comparison::LessThan,
            Some("GreaterThan") => Comparison::GreaterThan,
            Some("Exists") => Comparison::Exists,
            Some(other) => {
                return Err(refused(format!(
                    "The filter {key} has the type {other}, which is none of Equal, NotEqual, BeginWith, LessThan, \
                     GreaterThan and Exists."
                )));
            }
        };
        let attribute = match key.rsplit_once('.') {
            Some((TYPE_NAME, attribute)) if !attribute.is_empty() => Some(attribute.to_owned()),
            Some((other, _)) if other.starts_with("AWS:") || other.starts_with("Custom:") => None,
            _ => {
                return Err(refused(format!(
                    "The filter key {key} is not an inventory type and an attribute, as {TYPE_NAME}.InstanceId is."
                )));
            }
        };
        Ok(Self {
            attribute,
            comparison,
            values,
        })
    }

    /// Whether a node with these attributes passes. One without the attribute is unequal to everything.
    pub(super) fn matches(&self, attributes: &BTreeMap<&'static str, String>) -> bool {
        let value = self
            .attribute
            .as_ref()
            .and_then(|attribute| attributes.get(attribute.as_str()));
        let any = |holds: fn(&str, &str) -> bool| {
            value.is_some_and(|value| self.values.iter().any(|given| holds(value, given)))
        };
        match self.comparison {
            Comparison::Equal => any(|value, given| value == given),
            Comparison::NotEqual => !any(|value, given| value == given),
            Comparison::BeginWith => any(|value, given| value.starts_with(given)),
            Comparison::LessThan => any(|value, given| value < given),
            Comparison::GreaterThan => any(|value, given| value > given),
            Comparison::Exists => value.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, comparison: &str, values: &[&str], expected: Result<bool, Code>) {
        let asked = Asked {
            key: key.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            r#type: Some(comparison.to_owned()),
        };
        let attributes = BTreeMap::from([("InstanceStatus", "Active".to_owned())]);
        let got = Filter::all(vec![asked])
            .map(|filters| filters[0].matches(&attributes))
            .map_err(|error| error.code());
        assert_eq!(got, expected, "{key} {comparison}");
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let status = "AWS:InstanceInformation.InstanceStatus";
        check(status, "Equal", &[], Err(Code::InvalidFilter));
        check(status, "Like", &["Active"], Err(Code::InvalidFilter));
        check(
            "InstanceStatus",
            "Equal",
            &["Active"],
            Err(Code::InvalidFilter),
        );
        check(
            "AWS:InstanceInformation",
            "Equal",
            &["Active"],
            Err(Code::InvalidFilter),
        );
        check("AWS:InstanceInformation.", "Equal", &["Active"], Ok(false));
    }

    #[test]
    fn each_type_compares_in_its_own_way() {
        let status = "AWS:InstanceInformation.InstanceStatus";
        for (comparison, refused, passed) in [
            ("Equal", &["Stopped"][..], &["Stopped", "Active"][..]),
            (
                "NotEqual",
                &["Stopped", "Active"],
                &["Stopped", "Terminated"],
            ),
            ("BeginWith", &["act"], &["Act"]),
            ("LessThan", &["Active"], &["B"]),
            ("GreaterThan", &["Active"], &["A"]),
        ] {
            check(status, comparison, refused, Ok(false));
            check(status, comparison, passed, Ok(true));
        }
        check(status, "Exists", &["true"], Ok(true));
    }

    #[test]
    fn an_attribute_that_no_node_has_is_unequal_to_everything() {
        for key in ["AWS:InstanceInformation.Color", "AWS:Application.Name"] {
            check(key, "Equal", &["a"], Ok(false));
            check(key, "Exists", &["a"], Ok(false));
            check(key, "NotEqual", &["a"], Ok(true));
        }
    }
}
