//! Filters of `DescribeInstances`: all must match; of one filter's values, any, with `*` and `?` in them.

use serde::Deserialize;
use usher_policy::is_like;

use super::describe_instances::Instance;
use crate::codec::numbered;
use crate::error::{ApiError, Code};

/// `Filter.1.Name=tag:Team`, `Filter.1.Value.1=web`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Asked {
    name: String,
    #[serde(default, deserialize_with = "numbered")]
    value: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Property {
    InstanceId,
    StateName,
    StateCode,
    PrivateDnsName,
    PrivateIpAddress,
    PlatformDetails,
    AvailabilityZone,
    OwnerId,
    TagKey,
    TagValue,
    /// The value of the tag with just this key.
    Tag(String),
}

/// A filter, understood.
#[derive(Debug)]
pub(super) struct Filter {
    property: Property,
    values: Vec<String>,
}

impl Filter {
    /// Reads them.
    pub(super) fn all(asked: Vec<Asked>) -> Result<Vec<Self>, ApiError> {
        asked.into_iter().map(Self::parse).collect()
    }

    fn parse(asked: Asked) -> Result<Self, ApiError> {
        let Asked { name, value } = asked;
        if value.is_empty() || value.len() > 200 {
            return Err(ApiError::new(
                Code::Validation,
                format!("The filter {name} must have 1 to 200 values."),
            ));
        }
        let property = match name.as_str() {
            "instance-id" => Property::InstanceId,
            "instance-state-name" => Property::StateName,
            "instance-state-code" => Property::StateCode,
            "private-dns-name" => Property::PrivateDnsName,
            "private-ip-address" => Property::PrivateIpAddress,
            "platform-details" => Property::PlatformDetails,
            "availability-zone" => Property::AvailabilityZone,
            "owner-id" => Property::OwnerId,
            "tag-key" => Property::TagKey,
            "tag-value" => Property::TagValue,
            other => match other.strip_prefix("tag:") {
                Some(key) => Property::Tag(key.to_owned()),
                None => {
                    return Err(ApiError::new(
                        Code::Validation,
                        format!("The filter '{other}' is invalid"),
                    ));
                }
            },
        };
        Ok(Self {
            property,
            values: value,
        })
    }

    /// Whether the instance passes.
    pub(super) fn matches(&self, instance: &Instance, owner: &str) -> bool {
        let is_wanted = |found: &str| self.values.iter().any(|value| is_like(value, found));
        let is = |found: Option<&str>| found.is_some_and(is_wanted);
        let mut tags = instance.tag_set.iter();
        match &self.property {
            Property::InstanceId => is_wanted(&instance.instance_id),
            Property::StateName => is_wanted(instance.instance_state.name),
            Property::StateCode => is_wanted(&instance.instance_state.code.to_string()),
            Property::PrivateDnsName => is(instance.private_dns_name.as_deref()),
            Property::PrivateIpAddress => is(instance.private_ip_address.as_deref()),
            Property::PlatformDetails => is(instance.platform_details),
            Property::AvailabilityZone => is_wanted(&instance.placement.availability_zone),
            Property::OwnerId => is_wanted(owner),
            Property::TagKey => tags.any(|tag| is_wanted(&tag.key)),
            Property::TagValue => tags.any(|tag| is_wanted(&tag.value)),
            Property::Tag(key) => tags.any(|tag| tag.key == *key && is_wanted(&tag.value)),
        }
    }
}
