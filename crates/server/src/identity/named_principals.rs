//! Who is behind the names in a resource's policy, and under which of them a caller is meant.
//!
//! What is kept with such a policy is the id behind each name, so that a resource never trusts a later user or role of
//! that name.

use std::collections::BTreeMap;

use super::{Caller, NODE_ROLE_ID, Who};
use crate::context::Context;
use crate::store::{Kind, StoreError};

/// What a resource's policy names that does not exist here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrincipalError {
    /// The name.
    #[error("Invalid principal in policy: \"{}\"", .0.escape_default())]
    Unknown(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The id behind each of `names`, this account's own aside.
pub(crate) async fn principal_ids<'a>(
    context: &Context,
    names: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, String>, PrincipalError> {
    let account = context.config.account.as_str();
    let root = format!("arn:aws:iam::{account}:root");
    let mut ids = BTreeMap::new();
    for name in names.filter(|name| *name != account && *name != root) {
        let id = principal_id(context, name).await?;
        let id = id.ok_or_else(|| PrincipalError::Unknown(name.to_owned()))?;
        ids.insert(name.to_owned(), id);
    }
    Ok(ids)
}

/// The id of the user, the role, the role of the role session, or the identity provider that has exactly this ARN.
pub(crate) async fn principal_id(
    context: &Context,
    arn: &str,
) -> Result<Option<String>, StoreError> {
    let (store, scope) = (&context.store, context.config.scope());
    let mut segments = arn.rsplit('/');
    let last = segments.next().unwrap_or_default();
    if arn.contains(":user/") {
        let user = store.entity_named(Kind::User, last).await?;
        return Ok(user
            .filter(|user| scope.entity(Kind::User, &user.path, &user.name) == arn)
            .map(|user| user.id));
    }
    if let Some((_, address)) = arn.split_once(":oidc-provider/") {
        let provider = store.entity_named(Kind::OidcProvider, address).await?;
        return Ok(provider
            .filter(|provider| scope.arn_of(provider) == arn)
            .map(|provider| provider.id));
    }
    if arn.contains(":assumed-role/") {
        let role = segments.next().unwrap_or_default();
        let role = store.entity_named(Kind::Role, role).await?;
        return Ok(role
            .filter(|role| scope.assumed_role(&role.name, last) == arn)
            .map(|role| role.id));
    }
    let role = store.entity_named(Kind::Role, last).await?;
    Ok(role
        .filter(|role| scope.entity(Kind::Role, &role.path, &role.name) == arn)
        .map(|role| role.id))
}

/// The ARNs by which a policy means the caller. It wrote down whose each name was: a user that was renamed since is still
/// meant by its old name, and who has that name now is not.
pub(crate) fn names_of(caller: &Caller, ids: &BTreeMap<String, String>) -> Vec<String> {
    let id = match &caller.who {
        Who::User { user_id, .. } => user_id,
        Who::AssumedRole(session) => &session.role_id,
        Who::Node(_) => NODE_ROLE_ID,
        Who::Anonymous => return Vec::new(),
    };
    // A role's sessions are written down under the role's id, each for itself.
    let is_another_session = |arn: &String| arn.contains(":assumed-role/") && *arn != caller.arn;
    ids.iter()
        .filter(|(arn, owner)| owner.as_str() == id && !is_another_session(arn))
        .map(|(arn, _)| arn.clone())
        .collect()
}
