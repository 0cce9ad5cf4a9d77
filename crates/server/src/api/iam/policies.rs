//! Inline policies of users. A policy is stored only if the evaluator can decide on all of it.

use serde::{Deserialize, Serialize};
use usher_policy::PolicyDocument;

use super::entity::{Paging, check_name, user};
use crate::api::{Access, Call, Operation, Service};
use crate::codec::percent_encoded;
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::limits;
use crate::store::{PolicyRow, Room};

pub(crate) struct PutUserPolicy;
pub(crate) struct GetUserPolicy;
pub(crate) struct ListUserPolicies;
pub(crate) struct DeleteUserPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutInput {
    user_name: String,
    policy_name: String,
    policy_document: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneInput {
    user_name: String,
    policy_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListInput {
    user_name: String,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetOutput {
    user_name: String,
    policy_name: String,
    policy_document: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    policy_names: Vec<String>,
    is_truncated: bool,
    marker: Option<String>,
}

fn no_such_policy(name: &str) -> ApiError {
    ApiError::new(
        Code::NoSuchEntity,
        format!("The user policy with name {name} cannot be found."),
    )
}

impl Operation for PutUserPolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "PutUserPolicy";
    const ACCESS: Access<PutInput> = Access::Policy {
        action: "iam:PutUserPolicy",
        on: |input| Resource::User(Some(input.user_name.clone())),
    };
    type Input = PutInput;
    type Output = ();

    async fn run(call: Call<'_>, input: PutInput) -> Result<(), ApiError> {
        check_name("policyName", &input.policy_name, 128)?;
        PolicyDocument::parse(&input.policy_document)
            .map_err(|error| ApiError::new(Code::MalformedPolicyDocument, error.to_string()))?;
        let user = user(call, &input.user_name).await?;
        let policy = PolicyRow {
            name: input.policy_name,
            document: input.policy_document,
        };
        match call
            .context
            .store
            .put_user_policy(&user.user_id, &policy, limits::INLINE_POLICIES)
            .await?
        {
            Room::Stored => Ok(()),
            Room::Full => Err(ApiError::new(
                Code::LimitExceeded,
                format!(
                    "Maximum policy size of {} bytes exceeded for user {}",
                    limits::INLINE_POLICIES,
                    user.name
                ),
            )),
        }
    }
}

impl Operation for GetUserPolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "GetUserPolicy";
    const ACCESS: Access<OneInput> = Access::Policy {
        action: "iam:GetUserPolicy",
        on: |input| Resource::User(Some(input.user_name.clone())),
    };
    type Input = OneInput;
    type Output = GetOutput;

    async fn run(call: Call<'_>, input: OneInput) -> Result<GetOutput, ApiError> {
        let user = user(call, &input.user_name).await?;
        let policies = call.context.store.user_policies(&user.user_id).await?;
        let policy = policies
            .into_iter()
            .find(|policy| policy.name == input.policy_name)
            .ok_or_else(|| no_such_policy(&input.policy_name))?;
        Ok(GetOutput {
            user_name: user.name,
            policy_name: policy.name,
            // IAM answers policies percent-encoded (control-plane.md 1.1).
            policy_document: percent_encoded(&policy.document),
        })
    }
}

impl Operation for ListUserPolicies {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "ListUserPolicies";
    const ACCESS: Access<ListInput> = Access::Policy {
        action: "iam:ListUserPolicies",
        on: |input| Resource::User(Some(input.user_name.clone())),
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let user = user(call, &input.user_name).await?;
        let mut names: Vec<String> = call
            .context
            .store
            .user_policies(&user.user_id)
            .await?
            .into_iter()
            .map(|policy| policy.name)
            .collect();
        names.sort();
        let page = input.paging.page(names, String::as_str)?;
        Ok(ListOutput {
            policy_names: page.items,
            is_truncated: page.next.is_some(),
            marker: page.next,
        })
    }
}

impl Operation for DeleteUserPolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "DeleteUserPolicy";
    const ACCESS: Access<OneInput> = Access::Policy {
        action: "iam:DeleteUserPolicy",
        on: |input| Resource::User(Some(input.user_name.clone())),
    };
    type Input = OneInput;
    type Output = ();

    async fn run(call: Call<'_>, input: OneInput) -> Result<(), ApiError> {
        let user = user(call, &input.user_name).await?;
        if call
            .context
            .store
            .delete_user_policy(&user.user_id, &input.policy_name)
            .await?
        {
            return Ok(());
        }
        Err(no_such_policy(&input.policy_name))
    }
}
