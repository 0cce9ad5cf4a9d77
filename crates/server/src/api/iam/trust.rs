//! A trust policy on its way into the database: readable, and naming only who exists.
//!
//! What is kept with it is the id behind each name, so that a role never trusts a later user or role of that name.

use std::collections::BTreeMap;

use usher_policy::TrustPolicy;

use crate::api::Call;
use crate::error::{ApiError, Code};
use crate::limits;
use crate::store::{Kind, StoreError, TrustRow};

/// Reads a trust policy and finds out whom it means.
pub(super) async fn checked(call: Call<'_>, document: String) -> Result<TrustRow, ApiError> {
    let malformed = |sentence: String| ApiError::new(Code::MalformedPolicyDocument, sentence);
    let size = document.chars().filter(|c| !c.is_whitespace()).count();
    if size > limits::TRUST_POLICY {
        return Err(ApiError::new(
            Code::LimitExceeded,
            format!(
                "Cannot exceed quota for ACLSizePerRole: {}",
                limits::TRUST_POLICY
            ),
        ));
    }
    let policy = TrustPolicy::parse(&document).map_err(|error| malformed(error.to_string()))?;
    let mut ids = BTreeMap::new();
    for name in policy
        .principals()
        .filter(|name| !is_own_account(call, name))
    {
        let id = id_of(call, name)
            .await?
            .ok_or_else(|| malformed(format!("Invalid principal in policy: \"AWS\":\"{name}\"")))?;
        ids.insert(name.to_owned(), id);
    }
    let ids = serde_json::to_string(&ids).map_err(ApiError::internal)?;
    Ok(TrustRow { document, ids })
}

fn is_own_account(call: Call<'_>, name: &str) -> bool {
    let account = call.context.config.account.as_str();
    name == account || name == format!("arn:aws:iam::{account}:root")
}

/// The id of the user, the role, or the role of the role session that has exactly this ARN.
async fn id_of(call: Call<'_>, arn: &str) -> Result<Option<String>, StoreError> {
    let (store, scope) = (&call.context.store, call.context.config.scope());
    let mut segments = arn.rsplit('/');
    let last = segments.next().unwrap_or_default();
    if arn.contains(":user/") {
        let user = store.entity_named(Kind::User, last).await?;
        return Ok(user
            .filter(|user| scope.entity(Kind::User, &user.path, &user.name) == arn)
            .map(|user| user.id));
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
