//! Permissions boundaries of users and roles: a managed policy that must allow whatever the others grant.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::owner::{Bounded, ManagedPolicy, Named, operation};
use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;
use crate::identity::boundary_key;
use crate::store::EntityRow;

pub(crate) struct PutBoundary<B>(PhantomData<B>);
pub(crate) struct DeleteBoundary<B>(PhantomData<B>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "B: Bounded")]
pub(crate) struct PutInput<B> {
    #[serde(flatten)]
    subject: Named<B>,
    permissions_boundary: String,
}

#[derive(Debug, Deserialize)]
#[serde(bound = "B: Bounded")]
pub(crate) struct DeleteInput<B> {
    #[serde(flatten)]
    subject: Named<B>,
}

/// A boundary as users and roles are described with it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AttachedBoundary {
    permissions_boundary_type: &'static str,
    permissions_boundary_arn: String,
}

/// The boundary of an entity, if it has one.
pub(super) async fn boundary(
    call: Call<'_>,
    entity: &EntityRow,
) -> Result<Option<AttachedBoundary>, ApiError> {
    let boundary = call.context.store.boundary_of(&entity.id).await?;
    Ok(boundary.map(|boundary| AttachedBoundary {
        permissions_boundary_type: "PermissionsBoundaryPolicy",
        permissions_boundary_arn: call.context.config.scope().arn_of(&boundary.policy),
    }))
}

/// The id of the policy that a new user or role is to have as its boundary.
pub(super) async fn first_boundary(
    call: Call<'_>,
    arn: Option<&str>,
) -> Result<Option<String>, ApiError> {
    match arn {
        Some(arn) => {
            let policy = Named::<ManagedPolicy>::new(arn).find(call).await?;
            Ok(Some(policy.id))
        }
        None => Ok(None),
    }
}

impl<B: Bounded> Operation for PutBoundary<B> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(B::BOUNDARY_ACTIONS.put);
    const ACCESS: Access<PutInput<B>> = Access::Keyed {
        action: B::BOUNDARY_ACTIONS.put,
        on: |input| input.subject.resource(),
        keys: |input| boundary_key(&input.permissions_boundary),
    };
    type Input = PutInput<B>;
    type Output = ();

    async fn run(call: Call<'_>, input: PutInput<B>) -> Result<(), ApiError> {
        let entity = input.subject.find_modifiable(call).await?;
        let policy = first_boundary(call, Some(&input.permissions_boundary)).await?;
        let store = &call.context.store;
        Ok(store.set_boundary(&entity.id, policy.as_deref()).await?)
    }
}

impl<B: Bounded> Operation for DeleteBoundary<B> {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = operation(B::BOUNDARY_ACTIONS.delete);
    const ACCESS: Access<DeleteInput<B>> = Access::Policy {
        action: B::BOUNDARY_ACTIONS.delete,
        on: |input| input.subject.policies(),
    };
    type Input = DeleteInput<B>;
    type Output = ();

    async fn run(call: Call<'_>, input: DeleteInput<B>) -> Result<(), ApiError> {
        let entity = input.subject.find_modifiable(call).await?;
        Ok(call.context.store.set_boundary(&entity.id, None).await?)
    }
}
