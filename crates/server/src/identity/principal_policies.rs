//! The policies that bear on a caller, gathered from the database.
//!
//! Owns one invariant: what cannot be read is an error. A policy that was skipped might have denied, and a boundary or
//! session policy that was skipped would have limited.

use usher_policy::{NamedPolicy, PolicyDocument, PrincipalPolicies};

use super::node_policy::of_node;
use super::{Caller, SessionPolicies, Who};
use crate::context::Context;
use crate::error::ApiError;
use crate::store::PolicySource;

/// A user's own policies, or those of the role and not of who assumed it. What a node may do comes with the server.
pub(crate) async fn principal_policies(
    context: &Context,
    caller: &Caller,
) -> Result<PrincipalPolicies, ApiError> {
    match &caller.who {
        Who::User { user_id, .. } => held_by(context, user_id).await,
        Who::AssumedRole(session) => Ok(PrincipalPolicies {
            session: match &session.policies {
                Some(policies) => Some(of_session(context, policies).await?),
                None => None,
            },
            ..held_by(context, &session.role_id).await?
        }),
        Who::Node(scope) => Ok(PrincipalPolicies::granting(vec![of_node(scope)?])),
        Who::Anonymous => Ok(PrincipalPolicies::default()),
    }
}

/// What the user or role with this id holds: its inline and attached policies, those of its groups, its boundary.
pub(crate) async fn held_by(context: &Context, id: &str) -> Result<PrincipalPolicies, ApiError> {
    let scope = context.config.scope();
    let rows = context.store.held_policies(id).await?;
    let boundary = context.store.boundary_of(id).await?;
    let identity = rows
        .into_iter()
        .map(|row| {
            let name = match &row.source {
                PolicySource::Inline(name) => name.clone(),
                PolicySource::Managed(policy) => scope.arn_of(policy),
            };
            stored(name, &row.document)
        })
        .collect::<Result<_, _>>()?;
    Ok(PrincipalPolicies {
        identity,
        boundary: boundary
            .map(|row| stored(scope.arn_of(&row.policy), &row.document))
            .transpose()?,
        session: None,
    })
}

/// The session policies, each in the version that counts now. One that is gone might have denied, so without it the
/// others allow nothing.
async fn of_session(
    context: &Context,
    policies: &SessionPolicies,
) -> Result<Vec<NamedPolicy>, ApiError> {
    let mut named = Vec::new();
    if let Some(document) = &policies.inline {
        named.push(stored("inline".to_owned(), document)?);
    }
    for id in &policies.managed {
        match context.store.policy_document(id).await? {
            Some(document) => named.push(stored(id.clone(), &document)?),
            None => return Ok(Vec::new()),
        }
    }
    Ok(named)
}

/// A policy that was good when it was stored.
pub(super) fn stored(name: String, document: &str) -> Result<NamedPolicy, ApiError> {
    let document = PolicyDocument::parse(document).map_err(|error| {
        ApiError::internal(format!("the stored policy {name} is unreadable: {error}"))
    })?;
    Ok(NamedPolicy::new(name, document))
}
