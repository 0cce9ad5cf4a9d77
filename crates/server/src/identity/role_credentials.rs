//! Temporary keys of role sessions: making them, and finding out whom one stands for.
//!
//! Owns one invariant: a key knows the person behind it, however many roles lie in between. The session token is kept
//! as a hash, the secret sealed for its own key id.

use serde::{Deserialize, Serialize};
use usher_policy::Tags;
use usher_wire::secret::Secret;

use super::authenticate::unsealed;
use super::caller::Arrival;
use super::node_credentials::{IssuedCredentials, REMEMBERED_MS};
use super::secrets::{digest, same_digest};
use super::{Caller, RoleSession, Who};
use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::store::{EntityRow, Kind, RoleCredentialRow};

/// A tag of a role session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionTag {
    /// The key.
    pub(crate) key: String,
    /// The value, perhaps empty.
    pub(crate) value: String,
    /// Whether a further role takes it over.
    pub(crate) transitive: bool,
}

/// A role session about to begin.
#[derive(Debug)]
pub(crate) struct NewRoleSession<'a> {
    /// The role.
    pub(crate) role: &'a EntityRow,
    /// As the caller names the session.
    pub(crate) name: &'a str,
    /// The person behind it.
    pub(crate) origin: &'a str,
    /// Its tags.
    pub(crate) tags: &'a [SessionTag],
    /// How long its keys live.
    pub(crate) seconds: i64,
}

/// Makes a key for the session.
pub(crate) async fn issue_role_credentials(
    context: &Context,
    session: &NewRoleSession<'_>,
) -> Result<IssuedCredentials, ApiError> {
    let now = context.now();
    let issued =
        IssuedCredentials::fresh(now.saturating_add(session.seconds.saturating_mul(1000)))?;
    let row = RoleCredentialRow {
        access_key_id: issued.access_key_id.clone(),
        role_id: session.role.id.clone(),
        session_name: session.name.to_owned(),
        origin_user_id: session.origin.to_owned(),
        session_tags: serde_json::to_string(session.tags).map_err(ApiError::internal)?,
        secret_sealed: context
            .vault
            .seal(&issued.access_key_id, issued.secret_access_key.as_bytes())?,
        token_hash: digest(&issued.session_token),
        issued: now,
        expires: issued.expires_ms,
    };
    context
        .store
        .insert_role_credential(&row, now.saturating_sub(REMEMBERED_MS))
        .await?;
    Ok(issued)
}

/// The secret behind a key of a role session and the caller it stands for; none if it is no such key. The signature is
/// still to be checked.
pub(super) async fn find(
    context: &Context,
    access_key_id: &str,
    token: Option<&str>,
) -> Result<Option<(Secret, Caller)>, ApiError> {
    let Some(row) = context.store.role_credential(access_key_id).await? else {
        return Ok(None);
    };
    if !token.is_some_and(|token| same_digest(token, &row.token_hash)) {
        return Err(unknown());
    }
    let secret_sealed = row.secret_sealed.clone();
    let (caller, _) = stands_for(context, row).await?;
    let secret = unsealed(context, access_key_id, &secret_sealed)?;
    Ok(Some((secret, caller)))
}

/// The caller that a key stands for whose holder proved it before, and when it expires in milliseconds; none if it is
/// no key of a role session.
pub(super) async fn holder(
    context: &Context,
    access_key_id: &str,
) -> Result<Option<(Caller, i64)>, ApiError> {
    match context.store.role_credential(access_key_id).await? {
        Some(row) => Ok(Some(stands_for(context, row).await?)),
        None => Ok(None),
    }
}

async fn stands_for(context: &Context, row: RoleCredentialRow) -> Result<(Caller, i64), ApiError> {
    let expires = row.expires;
    if expires <= context.now() {
        return Err(ApiError::new(
            Code::ExpiredToken,
            "The security token included in the request is expired",
        ));
    }
    let role = context
        .store
        .entity_with_id(&row.role_id)
        .await?
        .ok_or_else(unknown)?;
    let tags = context.store.tags(&role.id).await?;
    let caller = assumed(context, role, row)?;
    let caller = Caller {
        tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        ..caller
    };
    Ok((caller, expires))
}

fn unknown() -> ApiError {
    ApiError::new(
        Code::UnknownAccessKey,
        "The security token included in the request is invalid.",
    )
}

/// The caller that a key stands for, the role's own tags still missing.
fn assumed(context: &Context, role: EntityRow, row: RoleCredentialRow) -> Result<Caller, ApiError> {
    let scope = context.config.scope();
    let tags: Vec<SessionTag> =
        serde_json::from_str(&row.session_tags).map_err(ApiError::internal)?;
    let transitive = tags.iter().filter(|tag| tag.transitive);
    Ok(Caller {
        arn: scope.assumed_role(&role.name, &row.session_name),
        user_id: format!("{}:{}", role.id, row.session_name),
        origin: row.origin_user_id,
        name: row.session_name,
        who: Who::AssumedRole(RoleSession {
            role_arn: scope.entity(Kind::Role, &role.path, &role.name),
            role_id: role.id,
            transitive: transitive.map(|tag| tag.key.clone()).collect(),
            issued: row.issued,
        }),
        tags: Tags::default(),
        session_tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        arrival: Arrival::default(),
    })
}
