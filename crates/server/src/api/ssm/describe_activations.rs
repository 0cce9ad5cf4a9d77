//! `DescribeActivations`: what nodes may register with. Never the codes, which are not stored.

use serde::{Deserialize, Serialize};

use super::paging::Paging;
use crate::api::iam::Tag;
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::store::{ActivationRow, Tagged};

pub(crate) struct DescribeActivations;

/// Activations read from the database at once while a page fills.
const READ_AHEAD: i64 = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(default)]
    filters: Vec<Filter>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    filter_key: String,
    filter_values: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    activation_list: Vec<Activation>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Activation {
    activation_id: String,
    description: Option<String>,
    default_instance_name: Option<String>,
    iam_role: String,
    registration_limit: i64,
    registrations_count: i64,
    expiration_date: EpochSeconds,
    expired: bool,
    created_date: EpochSeconds,
    tags: Vec<Tag>,
}

impl Operation for DescribeActivations {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "DescribeActivations";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:DescribeActivations",
        on: |_| Resource::Any,
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let limit = input.paging.limit()?;
        let mut after = input.paging.after()?;
        input.filters.iter().try_for_each(Filter::check)?;
        let store = &call.context.store;
        let mut found = Vec::new();
        while found.len() <= limit {
            let rows = store.activations(&after, READ_AHEAD).await?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.activation_id);
            let passes = |row: &ActivationRow| input.filters.iter().all(|one| one.matches(row));
            found.extend(rows.into_iter().filter(passes));
        }
        let page = page::cut(found, limit, |row| &row.activation_id);
        let mut activation_list = Vec::with_capacity(page.items.len());
        for row in page.items {
            let tags = store
                .ssm_tags(Tagged::Activation(&row.activation_id))
                .await?;
            let tags = tags.into_iter().map(Tag::from).collect();
            activation_list.push(Activation::of(row, tags, call.context.now()));
        }
        Ok(Output {
            activation_list,
            next_token: page.next,
        })
    }
}

impl Activation {
    fn of(row: ActivationRow, tags: Vec<Tag>, now: i64) -> Self {
        Self {
            activation_id: row.activation_id,
            description: row.description,
            default_instance_name: row.default_name,
            iam_role: row.role,
            registration_limit: row.registration_limit,
            registrations_count: row.registrations,
            expiration_date: EpochSeconds(row.expires),
            expired: row.expires <= now,
            created_date: EpochSeconds(row.created),
            tags,
        }
    }
}

impl Filter {
    fn check(&self) -> Result<(), ApiError> {
        match self.filter_key.as_str() {
            "ActivationIds" | "DefaultInstanceName" | "IamRole" => Ok(()),
            other => Err(ApiError::new(
                Code::InvalidFilter,
                format!("The filter key {} is not valid.", other.escape_debug()),
            )),
        }
    }

    fn matches(&self, row: &ActivationRow) -> bool {
        let property = match self.filter_key.as_str() {
            "ActivationIds" => Some(row.activation_id.as_str()),
            "IamRole" => Some(row.role.as_str()),
            _ => row.default_name.as_deref(),
        };
        property.is_some_and(|found| self.filter_values.iter().any(|value| value == found))
    }
}
