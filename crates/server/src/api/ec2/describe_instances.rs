//! `DescribeInstances`: the managed nodes as instances, for clients that look there for what they can connect to.
//!
//! The instance's id is the node's own, `mi-…`, which StartSession takes. A node that is online is running, one that is
//! not is stopped. What a node does not have (image, type, network) is left out.

use serde::{Deserialize, Serialize};

use super::Ec2Code;
use super::filter::{Asked, Filter};
use crate::api::node_list::{Listed, listed};
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::{IsoTime, integer, numbered, truth};
use crate::error::{ApiError, Code};
use crate::identity::Resource;

pub(crate) struct DescribeInstances;

/// Without `MaxResults`; it is the most there may be, too.
const MOST_RESULTS: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(default, deserialize_with = "numbered")]
    instance_id: Vec<String>,
    #[serde(default, deserialize_with = "numbered")]
    filter: Vec<Asked>,
    #[serde(default, deserialize_with = "truth")]
    dry_run: Option<bool>,
    #[serde(default, deserialize_with = "integer")]
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    reservation_set: Vec<Reservation>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reservation {
    reservation_id: String,
    owner_id: String,
    instances_set: [Instance; 1],
}

/// A node as EC2 would tell it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Instance {
    pub(super) instance_id: String,
    pub(super) instance_state: InstanceState,
    pub(super) private_dns_name: Option<String>,
    pub(super) private_ip_address: Option<String>,
    pub(super) platform_details: Option<&'static str>,
    launch_time: IsoTime,
    pub(super) placement: Placement,
    pub(super) tag_set: Vec<Tag>,
}

#[derive(Debug, Serialize)]
pub(super) struct InstanceState {
    pub(super) code: u8,
    pub(super) name: &'static str,
}

/// A node is in no zone. Clients look it up all the same, and find the region.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Placement {
    pub(super) availability_zone: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

impl Operation for DescribeInstances {
    const SERVICE: Service = Service::Ec2;
    const NAME: &'static str = "DescribeInstances";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ec2:DescribeInstances",
        on: |_| Resource::Any,
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        if input.dry_run == Some(true) {
            return Err(ApiError::new(
                Code::Ec2(Ec2Code::DryRun),
                "Request would have succeeded, but DryRun flag is set.",
            ));
        }
        let limit = limit(&input)?;
        let filters = Filter::all(input.filter)?;
        let after = match &input.next_token {
            None => String::new(),
            Some(token) => page::key_of(token).ok_or_else(|| {
                ApiError::new(
                    Code::Validation,
                    "The value for parameter nextToken is not one that this operation returned.",
                )
            })?,
        };
        named_are_there(call, &input.instance_id).await?;
        let region = &call.context.config.region;
        let owner = call.context.config.account.as_str();
        let passes = |node: &Listed| {
            let named = &input.instance_id;
            let is_named = named.is_empty() || named.contains(&node.row.node_id);
            is_named && {
                let instance = instance(node, region);
                filters
                    .iter()
                    .all(|filter| filter.matches(&instance, owner))
            }
        };
        let found = listed(call.context, after, limit + 1, passes).await?;
        let page = page::cut(found, limit, |node| &node.row.node_id);
        let reservation = |node: &Listed| Reservation {
            reservation_id: node.row.node_id.replacen("mi-", "r-", 1),
            owner_id: owner.to_owned(),
            instances_set: [instance(node, region)],
        };
        Ok(Output {
            reservation_set: page.items.iter().map(reservation).collect(),
            next_token: page.next,
        })
    }
}

fn limit(input: &Input) -> Result<usize, ApiError> {
    let is_naming = !input.instance_id.is_empty();
    match input.max_results.map(usize::try_from) {
        Some(_) if is_naming => Err(ApiError::new(
            Code::Ec2(Ec2Code::InvalidParameterCombination),
            "The parameter instancesSet cannot be used with the parameter maxResults",
        )),
        // Who names instances gets all of them.
        None if is_naming => Ok(input.instance_id.len()),
        None => Ok(MOST_RESULTS),
        Some(Ok(results @ 5..=MOST_RESULTS)) => Ok(results),
        Some(_) => Err(ApiError::new(
            Code::Validation,
            "The value for parameter maxResults must be between 5 and 1000",
        )),
    }
}

/// In EC2's own sentences, which clients take ids from.
async fn named_are_there(call: Call<'_>, named: &[String]) -> Result<(), ApiError> {
    for id in named {
        let digits = id.strip_prefix("mi-").or(id.strip_prefix("i-"));
        if !digits.is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        }) {
            return Err(ApiError::new(
                Code::Ec2(Ec2Code::MalformedInstanceId),
                format!("Invalid id: \"{}\"", id.escape_debug()),
            ));
        }
    }
    let mut absent = Vec::new();
    for id in named {
        if call.context.store.node(id).await?.is_none() {
            absent.push(id.as_str());
        }
    }
    let message = match absent.as_slice() {
        [] => return Ok(()),
        [one] => format!("The instance ID '{one}' does not exist"),
        many => format!("The instance IDs '{}' do not exist", many.join(", ")),
    };
    Err(ApiError::new(Code::Ec2(Ec2Code::InstanceNotFound), message))
}

fn instance(node: &Listed, region: &str) -> Instance {
    let (row, report) = (&node.row, &node.row.report);
    let (code, name) = match node.is_online {
        true => (16, "running"),
        false => (80, "stopped"),
    };
    Instance {
        instance_id: row.node_id.clone(),
        instance_state: InstanceState { code, name },
        private_dns_name: report.computer_name.clone(),
        private_ip_address: report.ip_address.clone(),
        platform_details: match report.platform_type.as_deref() {
            Some("Linux") => Some("Linux/UNIX"),
            _ => None,
        },
        launch_time: IsoTime(row.registered),
        placement: Placement {
            availability_zone: region.to_owned(),
        },
        tag_set: tags(node),
    }
}

/// The node's tags. Clients show an instance by its tag `Name`: without one, the name that the node was registered with
/// stands in for it.
fn tags(node: &Listed) -> Vec<Tag> {
    let has_name = node.tags.iter().any(|tag| tag.key == "Name");
    let registered = node.row.name.as_ref().filter(|_| !has_name);
    let name = registered.map(|name| Tag {
        key: "Name".to_owned(),
        value: name.clone(),
    });
    let own = node.tags.iter().map(|tag| Tag {
        key: tag.key.clone(),
        value: tag.value.clone(),
    });
    name.into_iter().chain(own).collect()
}
