//! Inline policies of roles, by the rules of `policies`. A policy is stored only if the evaluator can decide on all of it.

use serde::{Deserialize, Serialize};
use usher_policy::PolicyDocument;

use super::entity::{Paging, check_name, modifiable_role, role};
use crate::api::{Access, Call, Operation, Service};
use crate::codec::percent_encoded;
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::limits;
use crate::store::{PolicyRow, Room};

pub(crate) struct PutRolePolicy;
pub(crate) struct GetRolePolicy;
pub(crate) struct ListRolePolicies;
pub(crate) struct DeleteRolePolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutInput {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneInput {
    role_name: String,
    policy_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListInput {
    role_name: String,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetOutput {
    role_name: String,
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
        format!("The role policy with name {name} cannot be found."),
    )
}

impl Operation for PutRolePolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "PutRolePolicy";
    const ACCESS: Access<PutInput> = Access::Policy {
        action: "iam:PutRolePolicy",
        on: |input| Resource::RoleNamed(input.role_name.clone()),
    };
    type Input = PutInput;
    type Output = ();

    async fn run(call: Call<'_>, input: PutInput) -> Result<(), ApiError> {
        check_name("policyName", &input.policy_name, 128)?;
        PolicyDocument::parse(&input.policy_document)
            .map_err(|error| ApiError::new(Code::MalformedPolicyDocument, error.to_string()))?;
        let role = modifiable_role(call, &input.role_name).await?;
        let policy = PolicyRow {
            name: input.policy_name,
            document: input.policy_document,
        };
        match call
            .context
            .store
            .put_role_policy(&role.role_id, &policy, limits::ROLE_INLINE_POLICIES)
            .await?
        {
            Room::Stored => Ok(()),
            Room::Full => Err(ApiError::new(
                Code::LimitExceeded,
                format!(
                    "Maximum policy size of {} bytes exceeded for role {}",
                    limits::ROLE_INLINE_POLICIES,
                    role.name
                ),
            )),
        }
    }
}

impl Operation for GetRolePolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "GetRolePolicy";
    const ACCESS: Access<OneInput> = Access::Policy {
        action: "iam:GetRolePolicy",
        on: |input| Resource::RoleNamed(input.role_name.clone()),
    };
    type Input = OneInput;
    type Output = GetOutput;

    async fn run(call: Call<'_>, input: OneInput) -> Result<GetOutput, ApiError> {
        let role = role(call, &input.role_name).await?;
        let policies = call.context.store.role_policies(&role.role_id).await?;
        let policy = policies
            .into_iter()
            .find(|policy| policy.name == input.policy_name)
            .ok_or_else(|| no_such_policy(&input.policy_name))?;
        Ok(GetOutput {
            role_name: role.name,
            policy_name: policy.name,
            // IAM answers policies percent-encoded (control-plane.md 1.1).
            policy_document: percent_encoded(&policy.document),
        })
    }
}

impl Operation for ListRolePolicies {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "ListRolePolicies";
    const ACCESS: Access<ListInput> = Access::Policy {
        action: "iam:ListRolePolicies",
        on: |input| Resource::RoleNamed(input.role_name.clone()),
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let role = role(call, &input.role_name).await?;
        let mut names: Vec<String> = call
            .context
            .store
            .role_policies(&role.role_id)
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

impl Operation for DeleteRolePolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "DeleteRolePolicy";
    const ACCESS: Access<OneInput> = Access::Policy {
        action: "iam:DeleteRolePolicy",
        on: |input| Resource::RoleNamed(input.role_name.clone()),
    };
    type Input = OneInput;
    type Output = ();

    async fn run(call: Call<'_>, input: OneInput) -> Result<(), ApiError> {
        let role = modifiable_role(call, &input.role_name).await?;
        if call
            .context
            .store
            .delete_role_policy(&role.role_id, &input.policy_name)
            .await?
        {
            return Ok(());
        }
        Err(no_such_policy(&input.policy_name))
    }
}
