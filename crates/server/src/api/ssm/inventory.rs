//! `GetInventory`: of all that AWS's inventory can hold, what we know of every node: `AWS:InstanceInformation`.
//!
//! Clients find their nodes by it. Nothing else is collected, so of every other type a node has nothing.

mod code;
mod filter;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::node_list::{Listed, listed};
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::iso_time;
use crate::error::{ApiError, Code};
use crate::identity::Resource;

pub(crate) use code::InventoryCode;
use filter::{Asked, Filter};

pub(crate) struct GetInventory;

/// The one type that nodes have here.
const TYPE_NAME: &str = "AWS:InstanceInformation";
/// Of `AWS:InstanceInformation`, as GetInventorySchema tells it.
const SCHEMA_VERSION: &str = "1.0";
/// Without `MaxResults`; it is the most there may be, too.
const MOST_RESULTS: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(default)]
    filters: Vec<Asked>,
    #[serde(default)]
    aggregators: Vec<Value>,
    #[serde(default)]
    result_attributes: Vec<ResultAttribute>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResultAttribute {
    type_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    entities: Vec<Entity>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entity {
    id: String,
    data: BTreeMap<&'static str, Item>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    type_name: &'static str,
    schema_version: &'static str,
    capture_time: String,
    content: [BTreeMap<&'static str, String>; 1],
}

impl Operation for GetInventory {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "GetInventory";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:GetInventory",
        on: |_| Resource::Any,
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        if !input.aggregators.is_empty() {
            return Err(ApiError::new(
                Code::Inventory(InventoryCode::InvalidAggregator),
                "This server counts no inventory: leave Aggregators out and count what is listed.",
            ));
        }
        let limit = match input.max_results.map(usize::try_from) {
            None => MOST_RESULTS,
            Some(Ok(results @ 1..=MOST_RESULTS)) => results,
            Some(_) => {
                return Err(ApiError::constraint(
                    "maxResults",
                    "Member must be between 1 and 50",
                ));
            }
        };
        let is_shown = is_shown(&input.result_attributes)?;
        let filters = Filter::all(input.filters)?;
        let after = match &input.next_token {
            None => String::new(),
            Some(token) => page::key_of(token).ok_or_else(|| {
                ApiError::new(Code::InvalidNextToken, "The specified token is not valid.")
            })?,
        };
        let passes = |node: &Listed| {
            let attributes = attributes(node);
            filters.iter().all(|filter| filter.matches(&attributes))
        };
        let found = listed(call.context, after, limit + 1, passes).await?;
        let page = page::cut(found, limit, |node| &node.row.node_id);
        Ok(Output {
            entities: page
                .items
                .iter()
                .map(|node| entity(node, is_shown))
                .collect(),
            next_token: page.next,
        })
    }
}

/// Whether the caller wants to see the one type that there is.
fn is_shown(wanted: &[ResultAttribute]) -> Result<bool, ApiError> {
    for ResultAttribute { type_name } in wanted {
        if !type_name.starts_with("AWS:") && !type_name.starts_with("Custom:") {
            return Err(ApiError::new(
                Code::Inventory(InventoryCode::InvalidTypeName),
                format!(
                    "The inventory type name {type_name} begins neither with AWS: nor with Custom:."
                ),
            ));
        }
    }
    Ok(wanted.is_empty() || wanted.iter().any(|wanted| wanted.type_name == TYPE_NAME))
}

fn entity(node: &Listed, is_shown: bool) -> Entity {
    let captured = node.row.last_ping.unwrap_or(node.row.registered);
    let item = Item {
        type_name: TYPE_NAME,
        schema_version: SCHEMA_VERSION,
        capture_time: iso_time(captured),
        content: [attributes(node)],
    };
    Entity {
        id: node.row.node_id.clone(),
        data: is_shown.then_some((TYPE_NAME, item)).into_iter().collect(),
    }
}

/// The attributes of `AWS:InstanceInformation`, named as GetInventorySchema names them.
fn attributes(node: &Listed) -> BTreeMap<&'static str, String> {
    let (row, report) = (&node.row, &node.row.report);
    let status = match node.is_online {
        true => "Active",
        false => "ConnectionLost",
    };
    let known = [
        ("AgentType", Some("amazon-ssm-agent")),
        ("AgentVersion", report.agent_version.as_deref()),
        ("ComputerName", report.computer_name.as_deref()),
        ("InstanceId", Some(row.node_id.as_str())),
        ("InstanceStatus", Some(status)),
        ("IpAddress", report.ip_address.as_deref()),
        ("PlatformName", report.platform_name.as_deref()),
        ("PlatformType", report.platform_type.as_deref()),
        ("PlatformVersion", report.platform_version.as_deref()),
        ("ResourceType", Some("ManagedInstance")),
    ];
    known
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?.to_owned())))
        .collect()
}
