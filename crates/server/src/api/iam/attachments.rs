//! Attaching managed policies to users, roles and groups.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::names::check_policy_path;
use super::owner::{ManagedPolicy, Named, Owner, operation};
use super::paging::Paging;
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::policy_arn_key;
use crate::limits;
use crate::store::Room;

pub(crate) struct Attach<O>(PhantomData<O>);
pub(crate) struct Detach<O>(PhantomData<O>);
pub(crate) struct ListAttached<O>(PhantomData<O>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "O: Owner")]
pub(crate) struct AttachInput<O> {
    #[serde(flatten)]
    owner: Named<O>,
    policy_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "O: Owner")]
pub(crate) struct ListInput<O> {
    #[serde(flatten)]
    owner: Named<O>,
    path_prefix: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttachedPolicy {
    policy_name: String,
    policy_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    attached_policies: Vec<AttachedPolicy>,
    is_truncated: bool,
    marker: Option<String>,
}

impl<O: Owner> Operation for Attach<O> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(O::POLICY_ACTIONS.attach);
    const ACCESS: Access<AttachInput<O>> = Access::Keyed {
        action: O::POLICY_ACTIONS.attach,
        on: |input| input.owner.policies(),
        keys: |input| policy_arn_key(&input.policy_arn),
    };
    type Input = AttachInput<O>;
    type Output = ();

    async fn run(call: Call<'_>, input: AttachInput<O>) -> Result<(), ApiError> {
        let owner = input.owner.find_modifiable(call).await?;
        let policy = Named::<ManagedPolicy>::new(input.policy_arn);
        let policy = policy.find(call).await?;
        let store = &call.context.store;
        match store
            .attach(&owner.id, &policy.id, limits::ATTACHED_POLICIES)
            .await?
        {
            Room::Stored => Ok(()),
            Room::Full => Err(ApiError::new(
                Code::LimitExceeded,
                format!(
                    "Cannot exceed quota for {}: {}",
                    O::ATTACHED_QUOTA,
                    limits::ATTACHED_POLICIES
                ),
            )),
        }
    }
}

impl<O: Owner> Operation for Detach<O> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(O::POLICY_ACTIONS.detach);
    const ACCESS: Access<AttachInput<O>> = Access::Keyed {
        action: O::POLICY_ACTIONS.detach,
        on: |input| input.owner.policies(),
        keys: |input| policy_arn_key(&input.policy_arn),
    };
    type Input = AttachInput<O>;
    type Output = ();

    async fn run(call: Call<'_>, input: AttachInput<O>) -> Result<(), ApiError> {
        let owner = input.owner.find_modifiable(call).await?;
        let named = Named::<ManagedPolicy>::new(input.policy_arn);
        let policy = named.find(call).await?;
        match call.context.store.detach(&owner.id, &policy.id).await? {
            true => Ok(()),
            false => Err(named.no_such()),
        }
    }
}

impl<O: Owner> Operation for ListAttached<O> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(O::POLICY_ACTIONS.list_attached);
    const ACCESS: Access<ListInput<O>> = Access::Policy {
        action: O::POLICY_ACTIONS.list_attached,
        on: |input| input.owner.resource(),
    };
    type Input = ListInput<O>;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput<O>) -> Result<ListOutput, ApiError> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        check_policy_path("pathPrefix", prefix)?;
        let owner = input.owner.find(call).await?;
        let scope = call.context.config.scope();
        let policies = call.context.store.attached_policies(&owner.id).await?;
        let mut policies: Vec<AttachedPolicy> = policies
            .into_iter()
            .filter(|policy| policy.path.starts_with(prefix))
            .map(|policy| AttachedPolicy {
                policy_arn: scope.arn_of(&policy),
                policy_name: policy.name,
            })
            .collect();
        policies.sort_by(|a, b| a.policy_arn.cmp(&b.policy_arn));
        let page = input.paging.page(policies, |policy| &policy.policy_arn)?;
        Ok(ListOutput {
            attached_policies: page.items,
            is_truncated: page.next.is_some(),
            marker: page.next,
        })
    }
}
