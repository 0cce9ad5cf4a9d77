//! Inline policies, for every kind of owner. A policy is stored only if the evaluator can decide on all of it.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use usher_policy::PolicyDocument;

use super::names::check_name;
use super::owner::{Named, Owner, operation};
use super::paging::Paging;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::percent_encoded;
use crate::error::{ApiError, Code};
use crate::store::{InlinePolicyRow, Room};

pub(crate) struct PutPolicy<O>(PhantomData<O>);
pub(crate) struct GetPolicy<O>(PhantomData<O>);
pub(crate) struct ListPolicies<O>(PhantomData<O>);
pub(crate) struct DeletePolicy<O>(PhantomData<O>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "O: Owner")]
pub(crate) struct PutInput<O> {
    #[serde(flatten)]
    owner: Named<O>,
    policy_name: String,
    policy_document: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "O: Owner")]
pub(crate) struct OneInput<O> {
    #[serde(flatten)]
    owner: Named<O>,
    policy_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "O: Owner")]
pub(crate) struct ListInput<O> {
    #[serde(flatten)]
    owner: Named<O>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase", bound = "O: Owner")]
pub(crate) struct GetOutput<O> {
    #[serde(flatten)]
    owner: Named<O>,
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

/// Refuses a text that the evaluator could not decide on.
pub(super) fn check_document(document: &str) -> Result<(), ApiError> {
    match PolicyDocument::parse(document) {
        Ok(_) => Ok(()),
        Err(error) => Err(ApiError::new(
            Code::MalformedPolicyDocument,
            error.to_string(),
        )),
    }
}

fn no_such_policy<O: Owner>(name: &str) -> ApiError {
    ApiError::new(
        Code::NoSuchEntity,
        format!("The {} policy with name {name} cannot be found.", O::WORD),
    )
}

impl<O: Owner> Operation for PutPolicy<O> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(O::POLICY_ACTIONS.put);
    const ACCESS: Access<PutInput<O>> = Access::Policy {
        action: O::POLICY_ACTIONS.put,
        on: |input| input.owner.policies(),
    };
    type Input = PutInput<O>;
    type Output = ();

    async fn run(call: Call<'_>, input: PutInput<O>) -> Result<(), ApiError> {
        check_name("policyName", &input.policy_name, 128)?;
        check_document(&input.policy_document)?;
        let owner = input.owner.find_modifiable(call).await?;
        let policy = InlinePolicyRow {
            name: input.policy_name,
            document: input.policy_document,
        };
        let store = &call.context.store;
        match store
            .put_inline_policy(&owner.id, &policy, O::INLINE_POLICIES)
            .await?
        {
            Room::Stored => Ok(()),
            Room::Full => Err(ApiError::new(
                Code::LimitExceeded,
                format!(
                    "Maximum policy size of {} bytes exceeded for {} {}",
                    O::INLINE_POLICIES,
                    O::WORD,
                    owner.name
                ),
            )),
        }
    }
}

impl<O: Owner> Operation for GetPolicy<O> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(O::POLICY_ACTIONS.get);
    const ACCESS: Access<OneInput<O>> = Access::Policy {
        action: O::POLICY_ACTIONS.get,
        on: |input| input.owner.resource(),
    };
    type Input = OneInput<O>;
    type Output = GetOutput<O>;

    async fn run(call: Call<'_>, input: OneInput<O>) -> Result<GetOutput<O>, ApiError> {
        let owner = input.owner.find(call).await?;
        let policies = call.context.store.inline_policies(&owner.id).await?;
        let policy = policies
            .into_iter()
            .find(|policy| policy.name == input.policy_name)
            .ok_or_else(|| no_such_policy::<O>(&input.policy_name))?;
        Ok(GetOutput {
            owner: Named::new(owner.name),
            policy_name: policy.name,
            // IAM answers policies percent-encoded (control-plane.md 1.1).
            policy_document: percent_encoded(&policy.document),
        })
    }
}

impl<O: Owner> Operation for ListPolicies<O> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(O::POLICY_ACTIONS.list);
    const ACCESS: Access<ListInput<O>> = Access::Policy {
        action: O::POLICY_ACTIONS.list,
        on: |input| input.owner.resource(),
    };
    type Input = ListInput<O>;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput<O>) -> Result<ListOutput, ApiError> {
        let owner = input.owner.find(call).await?;
        let policies = call.context.store.inline_policies(&owner.id).await?;
        let mut names: Vec<String> = policies.into_iter().map(|policy| policy.name).collect();
        names.sort();
        let page = input.paging.page(names, String::as_str)?;
        Ok(ListOutput {
            policy_names: page.items,
            is_truncated: page.next.is_some(),
            marker: page.next,
        })
    }
}

impl<O: Owner> Operation for DeletePolicy<O> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(O::POLICY_ACTIONS.delete);
    const ACCESS: Access<OneInput<O>> = Access::Policy {
        action: O::POLICY_ACTIONS.delete,
        on: |input| input.owner.policies(),
    };
    type Input = OneInput<O>;
    type Output = ();

    async fn run(call: Call<'_>, input: OneInput<O>) -> Result<(), ApiError> {
        let owner = input.owner.find_modifiable(call).await?;
        let store = &call.context.store;
        match store
            .delete_inline_policy(&owner.id, &input.policy_name)
            .await?
        {
            true => Ok(()),
            false => Err(no_such_policy::<O>(&input.policy_name)),
        }
    }
}
