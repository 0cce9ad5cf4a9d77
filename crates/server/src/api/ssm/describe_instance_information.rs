//! `DescribeInstanceInformation`: the managed nodes and whether they are there.

use serde::{Deserialize, Serialize};
use usher_wire::version::AGENT_VERSION;

use super::node_filter::{Current, Facts, Filter, Legacy};
use crate::api::node_list::{Listed, listed};
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::error::{ApiError, Code};
use crate::identity::Resource;

pub(crate) struct DescribeInstanceInformation;

const DEFAULT_RESULTS: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(default)]
    instance_information_filter_list: Vec<Legacy>,
    #[serde(default)]
    filters: Vec<Current>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    instance_information_list: Vec<InstanceInformation>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceInformation {
    instance_id: String,
    ping_status: &'static str,
    last_ping_date_time: Option<EpochSeconds>,
    is_latest_version: Option<bool>,
    agent_version: Option<String>,
    platform_type: Option<String>,
    platform_name: Option<String>,
    platform_version: Option<String>,
    activation_id: String,
    iam_role: String,
    registration_date: EpochSeconds,
    resource_type: &'static str,
    name: Option<String>,
    #[serde(rename = "IPAddress")]
    ip_address: Option<String>,
    computer_name: Option<String>,
}

impl Operation for DescribeInstanceInformation {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "DescribeInstanceInformation";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:DescribeInstanceInformation",
        on: |_| Resource::Any,
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let limit = match input.max_results.map(usize::try_from) {
            None => DEFAULT_RESULTS,
            Some(Ok(results @ 5..=50)) => results,
            Some(_) => {
                return Err(ApiError::constraint(
                    "maxResults",
                    "Member must be between 5 and 50",
                ));
            }
        };
        let filters = Filter::all(input.filters, input.instance_information_filter_list)?;
        let after = match &input.next_token {
            None => String::new(),
            Some(token) => page::key_of(token).ok_or_else(|| {
                ApiError::new(Code::InvalidNextToken, "The specified token is not valid.")
            })?,
        };
        let passes = |node: &Listed| filters.iter().all(|filter| filter.matches(facts(node)));
        let found = listed(call.context, after, limit + 1, passes).await?;
        let page = page::cut(found, limit, |node| &node.row.node_id);
        Ok(Output {
            instance_information_list: page.items.into_iter().map(described).collect(),
            next_token: page.next,
        })
    }
}

fn ping_status(node: &Listed) -> &'static str {
    match node.is_online {
        true => "Online",
        false => "ConnectionLost",
    }
}

fn facts(node: &Listed) -> Facts<'_> {
    let row = &node.row;
    Facts {
        id: &row.node_id,
        agent_version: row.report.agent_version.as_deref(),
        ping_status: ping_status(node),
        platform_type: row.report.platform_type.as_deref(),
        activation_id: &row.activation_id,
        role: &row.role,
        tags: &node.tags,
    }
}

fn described(node: Listed) -> InstanceInformation {
    let ping_status = ping_status(&node);
    let row = node.row;
    InstanceInformation {
        instance_id: row.node_id,
        ping_status,
        last_ping_date_time: row.last_ping.map(EpochSeconds),
        is_latest_version: row
            .report
            .agent_version
            .as_deref()
            .map(|version| version == AGENT_VERSION),
        agent_version: row.report.agent_version,
        platform_type: row.report.platform_type,
        platform_name: row.report.platform_name,
        platform_version: row.report.platform_version,
        activation_id: row.activation_id,
        iam_role: row.role,
        registration_date: EpochSeconds(row.registered),
        resource_type: "ManagedInstance",
        name: row.name,
        ip_address: row.report.ip_address,
        computer_name: row.report.computer_name,
    }
}
