//! Filters of `DescribeInstanceInformation`, in the current and in the legacy spelling.
//!
//! All filters must match; of one filter's values, any. Knows rows, not the database.

use serde::Deserialize;

use crate::error::{ApiError, Code};
use crate::store::TagRow;

/// What filters look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) id: &'a str,
    pub(super) agent_version: Option<&'a str>,
    pub(super) ping_status: &'a str,
    pub(super) platform_type: Option<&'a str>,
    pub(super) activation_id: &'a str,
    pub(super) role: &'a str,
    pub(super) tags: &'a [TagRow],
}

/// `Filters`: `{"Key": …, "Values": […]}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Current {
    key: String,
    values: Vec<String>,
}

/// `InstanceInformationFilterList`: `{"key": …, "valueSet": […]}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Legacy {
    key: String,
    value_set: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    InstanceIds,
    AgentVersion,
    PingStatus,
    PlatformTypes,
    ActivationIds,
    IamRole,
    ResourceType,
    /// Tags at all, by their keys.
    Tagged,
    /// The value of the tag with this key, in lower case.
    Tag(String),
    /// Keys whose property no node of ours has: associations, sources.
    Absent,
}

/// One filter, understood.
#[derive(Debug)]
pub(super) struct Filter {
    key: Key,
    values: Vec<String>,
}

impl Filter {
    /// Reads both spellings.
    pub(super) fn all(current: Vec<Current>, legacy: Vec<Legacy>) -> Result<Vec<Self>, ApiError> {
        let current = current
            .into_iter()
            .map(|filter| (filter.key, filter.values));
        let legacy = legacy
            .into_iter()
            .map(|filter| (filter.key, filter.value_set));
        current
            .chain(legacy)
            .map(|(key, values)| Self::parse(&key, values))
            .collect()
    }

    fn parse(key: &str, values: Vec<String>) -> Result<Self, ApiError> {
        if values.is_empty() || values.len() > 100 {
            return Err(ApiError::new(
                Code::InvalidInstanceInformationFilterValue,
                format!("The filter {key} must have 1 to 100 values."),
            ));
        }
        let key = match key {
            "InstanceIds" => Key::InstanceIds,
            "AgentVersion" => Key::AgentVersion,
            "PingStatus" => Key::PingStatus,
            "PlatformTypes" | "PlatformType" => Key::PlatformTypes,
            "ActivationIds" => Key::ActivationIds,
            "IamRole" => Key::IamRole,
            "ResourceType" => Key::ResourceType,
            "tag-key" => Key::Tagged,
            "AssociationStatus" | "SourceIds" | "SourceTypes" => Key::Absent,
            other => match other.strip_prefix("tag:") {
                Some(key) => Key::Tag(key.to_lowercase()),
                None => {
                    return Err(ApiError::new(
                        Code::InvalidFilterKey,
                        format!("The filter key {other} is not valid."),
                    ));
                }
            },
        };
        Ok(Self { key, values })
    }

    /// Whether a node passes.
    pub(super) fn matches(&self, facts: Facts<'_>) -> bool {
        let is_wanted = |property: &str| self.values.iter().any(|value| value == property);
        let property = match &self.key {
            Key::InstanceIds => Some(facts.id),
            Key::AgentVersion => facts.agent_version,
            Key::PingStatus => Some(facts.ping_status),
            Key::PlatformTypes => facts.platform_type,
            Key::ActivationIds => Some(facts.activation_id),
            Key::IamRole => Some(facts.role),
            Key::ResourceType => Some("ManagedInstance"),
            Key::Tagged => return facts.tags.iter().any(|tag| is_wanted(&tag.key)),
            Key::Tag(key) => {
                let with_key = facts.tags.iter().find(|tag| tag.key.to_lowercase() == *key);
                with_key.map(|tag| tag.value.as_str())
            }
            Key::Absent => None,
        };
        property.is_some_and(is_wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts<'_> = Facts {
        id: "mi-0123456789abcdef0",
        agent_version: None,
        ping_status: "Online",
        platform_type: Some("Linux"),
        activation_id: "a",
        role: "service-role/UsherManagedNode",
        tags: &[],
    };

    fn check(key: &str, values: &[&str], expected: Result<bool, Code>) {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let got = Filter::parse(key, values)
            .map(|filter| filter.matches(FACTS))
            .map_err(|error| error.code());
        assert_eq!(got, expected, "{key}");
    }

    #[test]
    fn unknown_keys_and_missing_values_are_refused() {
        check("Color", &["red"], Err(Code::InvalidFilterKey));
        check("instanceids", &["x"], Err(Code::InvalidFilterKey));
        check(
            "InstanceIds",
            &[],
            Err(Code::InvalidInstanceInformationFilterValue),
        );
    }

    #[test]
    fn a_property_that_is_absent_matches_nothing() {
        check("AgentVersion", &["3.3.0.0"], Ok(false));
        check("tag:Team", &["web"], Ok(false));
    }

    #[test]
    fn one_of_the_values_is_enough() {
        check("PlatformTypes", &["Windows"], Ok(false));
        check("PlatformTypes", &["Windows", "Linux"], Ok(true));
        check("InstanceIds", &["mi-0123456789abcdef0"], Ok(true));
        check("ResourceType", &["ManagedInstance"], Ok(true));
    }
}
