//! The policies that bear on a caller, gathered from the database.
//!
//! Owns one invariant: what cannot be read is an error. A policy that was skipped might have denied, and a boundary or
//! session policy that was skipped would have limited.

use usher_policy::{NamedPolicy, PolicyDocument, PrincipalPolicies};

use super::{Caller, Who};
use crate::context::Context;
use crate::error::ApiError;

/// A user's own policies, or those of the role and not of who assumed it. Nodes act by `Access::OwnNode` alone, and
/// nobody else signs.
pub(crate) async fn principal_policies(
    context: &Context,
    caller: &Caller,
) -> Result<PrincipalPolicies, ApiError> {
    let rows = match &caller.who {
        Who::User { user_id } => context.store.inline_policies(user_id).await?,
        Who::AssumedRole(session) => context.store.inline_policies(&session.role_id).await?,
        Who::Node(_) | Who::Anonymous => Vec::new(),
    };
    let identity = rows
        .into_iter()
        .map(|row| stored(&row.name, &row.document))
        .collect::<Result<_, _>>()?;
    Ok(PrincipalPolicies::granting(identity))
}

/// A policy that was good when it was stored.
fn stored(name: &str, document: &str) -> Result<NamedPolicy, ApiError> {
    let document = PolicyDocument::parse(document).map_err(|error| {
        ApiError::internal(format!("the stored policy {name} is unreadable: {error}"))
    })?;
    Ok(NamedPolicy::new(name, document))
}
