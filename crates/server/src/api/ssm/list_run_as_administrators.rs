//! `ListRunAsAdministrators`: who could set, change or remove anybody's OS user, or give themselves the permission to.
//! Usher's own.
//!
//! The path is short: `survey` reads what there is, `judge` asks the evaluator of possibilities about each of `ways`, and
//! here the answer comes in pages. It says who could, not who would, and errs toward naming too many. What it does not see:
//! users and roles that would have to be made first, and tags and names that would have to be changed first to meet a
//! condition.

mod judge;
mod survey;
mod ways;

use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::paging::Paging;
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;
use crate::identity::Resource;
use judge::Found;
use survey::Survey;

/// Resources that one way names; more are counted.
const NAMED: usize = 20;

/// The operation.
pub(crate) struct ListRunAsAdministrators;

/// Its input.
#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    #[serde(flatten)]
    paging: Paging,
}

/// Its output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    /// By ARN.
    administrators: Vec<Administrator>,
    next_token: Option<String>,
}

/// A user or role, and how it could.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Administrator {
    principal: String,
    ways: Vec<Way>,
    /// Of a role: ARNs of the identity providers whose people it trusts.
    trusted_providers: Vec<String>,
}

/// One way.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Way {
    /// `SetsTag`, `RemovesTag`, `TagsSession`, `MapsClaims`, `ChangesPreferences`, `ChangesPermissions`, `TakesKeys` or
    /// `BecomesRole`.
    way: &'static str,
    /// `iam:TagUser`.
    action: &'static str,
    /// ARNs, the first of them.
    resources: Vec<String>,
    /// How many are not named.
    further_resources: usize,
    /// The statement that would allow it on the first.
    allowed_by: String,
    /// The condition keys that it hangs on there: in some circumstances it is allowed.
    depends_on: Vec<String>,
}

impl Operation for ListRunAsAdministrators {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "ListRunAsAdministrators";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:ListRunAsAdministrators",
        on: |_| Resource::Any,
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let (limit, after) = (input.paging.limit()?, input.paging.after()?);
        let survey = Survey::of(call.context).await?;
        // Every principal is asked about every resource: no work for a thread that serves others.
        let listed = spawn_blocking(move || administrators(&survey, &after, limit + 1)).await;
        let page = page::cut(listed.map_err(ApiError::internal)?, limit, |one| {
            &one.principal
        });
        Ok(Output {
            administrators: page.items,
            next_token: page.next,
        })
    }
}

/// Up to `limit` of them, by ARN, after the ARN `after`.
fn administrators(survey: &Survey, after: &str, limit: usize) -> Vec<Administrator> {
    let powerful = judge::powerful_roles(survey);
    let principals = survey
        .principals
        .iter()
        .filter(|one| one.arn.as_str() > after);
    principals
        .map(|principal| Administrator {
            principal: principal.arn.clone(),
            ways: judge::ways_of(survey, principal, &powerful)
                .into_iter()
                .map(told)
                .collect(),
            trusted_providers: principal.trusted_providers(),
        })
        .filter(|administrator| !administrator.ways.is_empty())
        .take(limit)
        .collect()
}

fn told(found: Found) -> Way {
    Way {
        way: found.way,
        action: found.action,
        further_resources: found.resources.len().saturating_sub(NAMED),
        allowed_by: found.first.by.to_string(),
        depends_on: found.first.depends_on,
        resources: found.resources.into_iter().take(NAMED).collect(),
    }
}
