//! `DescribeParameters`: which parameters there are, and everything about them but their values.

use serde::{Deserialize, Serialize};

use super::super::paging::Paging;
use super::filter::{Filter, Given, Legacy};
use crate::api::{Access, Call, Operation, Service, page};
use crate::codec::EpochSeconds;
use crate::error::ApiError;
use crate::identity::Resource;
use crate::store::{ParameterRow, Tagged};

/// Parameters read from the database at once while a page fills.
const READ_AHEAD: i64 = 100;

pub(crate) struct DescribeParameters;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(default)]
    filters: Vec<Legacy>,
    #[serde(default)]
    parameter_filters: Vec<Given>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    parameters: Vec<ParameterMetadata>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ParameterMetadata {
    name: String,
    #[serde(rename = "ARN")]
    arn: String,
    #[serde(rename = "Type")]
    type_: &'static str,
    key_id: Option<String>,
    last_modified_date: EpochSeconds,
    last_modified_user: String,
    description: Option<String>,
    allowed_pattern: Option<String>,
    version: i64,
    tier: &'static str,
    policies: [(); 0],
    data_type: &'static str,
}

impl Operation for DescribeParameters {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "DescribeParameters";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:DescribeParameters",
        on: |_| Resource::Any,
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let limit = input.paging.limit()?;
        let mut after = input.paging.after()?;
        let filters = Filter::of_list(input.parameter_filters, input.filters)?;
        let needs_tags = filters.iter().any(Filter::needs_tags);
        let store = &call.context.store;
        let mut found = Vec::new();
        while found.len() <= limit {
            let rows = store.parameters("", &after, READ_AHEAD).await?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.name);
            for row in rows {
                let tags = match needs_tags {
                    true => store.ssm_tags(Tagged::Parameter(&row.name)).await?,
                    false => Vec::new(),
                };
                if filters.iter().all(|filter| filter.matches(&row, &tags)) {
                    found.push(row);
                }
            }
        }
        let page = page::cut(found, limit, |row| &row.name);
        let parameters = page.items.into_iter().map(|row| described(call, row));
        Ok(Output {
            parameters: parameters.collect(),
            next_token: page.next,
        })
    }
}

fn described(call: Call<'_>, row: ParameterRow) -> ParameterMetadata {
    ParameterMetadata {
        arn: call.context.config.scope().parameter(&row.name),
        name: row.name,
        type_: row.kind.as_str(),
        key_id: row.kms_key,
        last_modified_date: EpochSeconds(row.modified),
        last_modified_user: row.modified_by,
        description: row.description,
        allowed_pattern: row.allowed_pattern,
        version: row.version,
        tier: "Standard",
        policies: [],
        data_type: "text",
    }
}
