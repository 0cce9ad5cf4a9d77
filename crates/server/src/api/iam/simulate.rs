//! `SimulateCustomPolicy` and `SimulatePrincipalPolicy`: what the evaluator would decide, asked without acting.
//!
//! Owns one invariant: the answer is the evaluator's own. What a simulation cannot know (who will call, from where) is
//! given as context entries, and what the policies ask for beyond those is told as missing.

mod input;
mod output;

use serde::{Deserialize, Serialize};
use usher_policy::{NamedPolicy, PolicyDocument, PrincipalPolicies, Request, simulate};

use crate::api::{Access, Call, Operation, Service};
use crate::codec::list;
use crate::error::{ApiError, Code};
use crate::identity::{Resource, held_by};
use crate::store::Kind;
use input::Question;
use output::{BOUNDARY, EvaluationResult, input_name};

pub(crate) struct SimulateCustomPolicy;
pub(crate) struct SimulatePrincipalPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CustomInput {
    #[serde(deserialize_with = "list")]
    policy_input_list: Vec<String>,
    #[serde(flatten)]
    question: Question,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PrincipalInput {
    policy_source_arn: String,
    #[serde(default, deserialize_with = "list")]
    policy_input_list: Vec<String>,
    #[serde(flatten)]
    question: Question,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    evaluation_results: Vec<EvaluationResult>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for SimulateCustomPolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "SimulateCustomPolicy";
    const ACCESS: Access<CustomInput> = Access::Policy {
        action: "iam:SimulateCustomPolicy",
        on: |_| Resource::Any,
    };
    type Input = CustomInput;
    type Output = Output;

    async fn run(_: Call<'_>, input: CustomInput) -> Result<Output, ApiError> {
        input.question.check(&input.policy_input_list)?;
        let given = given(&input.policy_input_list)?;
        answer(
            PrincipalPolicies::granting(given),
            None,
            input.policy_input_list,
            input.question,
        )
        .await
    }
}

impl Operation for SimulatePrincipalPolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "SimulatePrincipalPolicy";
    const ACCESS: Access<PrincipalInput> = Access::Policy {
        action: "iam:SimulatePrincipalPolicy",
        on: |input| match source(&input.policy_source_arn) {
            Some((kind, name)) => Resource::Entity(kind, name.to_owned()),
            None => Resource::Any,
        },
    };
    type Input = PrincipalInput;
    type Output = Output;

    async fn run(call: Call<'_>, input: PrincipalInput) -> Result<Output, ApiError> {
        input.question.check(&input.policy_input_list)?;
        let arn = &input.policy_source_arn;
        let (kind, name) = source(arn).ok_or_else(|| {
            ApiError::new(
                Code::InvalidInput,
                format!("Invalid Entity Arn: {arn} does not clearly define entity type and name."),
            )
        })?;
        let entity = call.context.store.entity_named(kind, name).await?;
        let entity = entity.ok_or_else(|| {
            ApiError::new(
                Code::NoSuchEntity,
                format!("The entity {arn} cannot be found."),
            )
        })?;
        let mut policies = held_by(call.context, &entity.id).await?;
        policies.identity.extend(given(&input.policy_input_list)?);
        answer(
            policies,
            Some(kind),
            input.policy_input_list,
            input.question,
        )
        .await
    }
}

/// The user, role or group that an ARN names.
fn source(arn: &str) -> Option<(Kind, &str)> {
    let (kind, path) = arn.splitn(6, ':').nth(5)?.split_once('/')?;
    let kind = match kind {
        "user" => Kind::User,
        "role" => Kind::Role,
        "group" => Kind::Group,
        _ => return None,
    };
    path.rsplit('/').next().map(|name| (kind, name))
}

/// The policies of the request, under AWS's names for them.
fn given(texts: &[String]) -> Result<Vec<NamedPolicy>, ApiError> {
    let numbered = texts.iter().zip(1..);
    numbered
        .map(|(text, number)| parsed(&input_name(number), text))
        .collect()
}

fn parsed(name: &str, text: &str) -> Result<NamedPolicy, ApiError> {
    let document = PolicyDocument::parse(text)
        .map_err(|error| ApiError::new(Code::InvalidInput, format!("{name}: {error}")))?;
    Ok(NamedPolicy::new(name, document))
}

/// One page of answers. Off the threads that serve: policies of the caller's own making can be slow to match.
async fn answer(
    mut policies: PrincipalPolicies,
    owner: Option<Kind>,
    texts: Vec<String>,
    question: Question,
) -> Result<Output, ApiError> {
    if let Some(text) = question.boundary()? {
        policies.boundary = Some(parsed(BOUNDARY, text)?);
    }
    let keys = question.keys()?;
    let (page, next) = question.page()?;
    let evaluate = move || {
        let results = page.into_iter().map(|(action, resource)| {
            let request = Request {
                action: &action,
                resource: &resource,
                context: &keys,
            };
            let simulation = simulate(&policies, &request);
            EvaluationResult::new(&action, &resource, simulation, owner, &texts)
        });
        results.collect()
    };
    Ok(Output {
        evaluation_results: tokio::task::spawn_blocking(evaluate)
            .await
            .map_err(ApiError::internal)?,
        is_truncated: next.is_some(),
        marker: next,
    })
}
