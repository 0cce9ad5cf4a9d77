//! Temporary keys of nodes: making them, and finding out whom one stands for.
//!
//! Owns one invariant: a key acts for exactly one node until it expires, or for exactly one session of it until it
//! expires and the session is over. The session token is kept as a hash, the secret sealed for its own key id.

use std::time::Duration;

use usher_wire::ids::{NodeId, SessionId};
use usher_wire::secret::Secret;
use zeroize::Zeroizing;

use super::secrets::{Alphabet, digest, fresh, fresh_id, same_digest};
use super::{Caller, NodeScope};
use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::store::NodeCredentialRow;

const SECRET_LETTERS: usize = 40;
const TOKEN_LETTERS: usize = 64;
/// How long an expired key is remembered, so that its holder is told "expired", not "unknown".
pub(super) const REMEMBERED_MS: i64 = 24 * 60 * 60 * 1000;

/// A temporary key as its holder gets it, once.
pub(crate) struct IssuedCredentials {
    /// `ASIA…`
    pub(crate) access_key_id: String,
    /// 40 letters.
    pub(crate) secret_access_key: Zeroizing<String>,
    /// Opaque.
    pub(crate) session_token: Zeroizing<String>,
    /// Milliseconds since the epoch.
    pub(crate) expires_ms: i64,
}

impl IssuedCredentials {
    /// New random ones, not stored yet.
    pub(super) fn fresh(expires_ms: i64) -> Result<Self, ApiError> {
        Ok(Self {
            access_key_id: fresh_id("ASIA", 16)?,
            secret_access_key: fresh(Alphabet::Base64, SECRET_LETTERS)?,
            session_token: fresh(Alphabet::Base64, TOKEN_LETTERS)?,
            expires_ms,
        })
    }
}

/// Makes a key that acts as `scope` for `lifetime`.
pub(crate) async fn issue_node_credentials(
    context: &Context,
    scope: &NodeScope,
    lifetime: Duration,
) -> Result<IssuedCredentials, ApiError> {
    let now = context.now();
    let lifetime_ms = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
    let issued = IssuedCredentials::fresh(now.saturating_add(lifetime_ms))?;
    let row = NodeCredentialRow {
        access_key_id: issued.access_key_id.clone(),
        node_id: scope.node.to_string(),
        session_id: scope.session.as_ref().map(ToString::to_string),
        secret_sealed: context
            .vault
            .seal(&issued.access_key_id, issued.secret_access_key.as_bytes())?,
        token_hash: digest(&issued.session_token),
        expires: issued.expires_ms,
    };
    context
        .store
        .insert_node_credential(&row, now.saturating_sub(REMEMBERED_MS))
        .await?;
    Ok(issued)
}

/// The node, or one session of it, as the caller of what the server does in its place.
pub(crate) async fn node_caller(context: &Context, scope: NodeScope) -> Result<Caller, ApiError> {
    let row = context.store.node(scope.node.as_str()).await?;
    let node = row.ok_or_else(|| {
        ApiError::new(
            Code::AccessDenied,
            format!("{} is not a managed node any more", scope.node),
        )
    })?;
    Ok(Caller::node(context.config.scope(), scope, &node.role))
}

/// The secret behind a temporary key and the caller it stands for, if `token` is the key's and it
/// is still good. The signature is still to be checked.
pub(super) async fn find(
    context: &Context,
    access_key_id: &str,
    token: Option<&str>,
) -> Result<(Secret, Caller), ApiError> {
    let unknown = || {
        ApiError::new(
            Code::UnknownAccessKey,
            "The security token included in the request is invalid.",
        )
    };
    let row = context
        .store
        .node_credential(access_key_id)
        .await?
        .ok_or_else(unknown)?;
    if !token.is_some_and(|token| same_digest(token, &row.token_hash)) {
        return Err(unknown());
    }
    if row.expires <= context.now() && !is_of_active_session(context, &row).await? {
        return Err(ApiError::new(
            Code::ExpiredToken,
            "The security token included in the request is expired",
        ));
    }
    let secret = super::authenticate::unsealed(context, access_key_id, &row.secret_sealed)?;
    let scope = NodeScope {
        node: NodeId::parse(&row.node_id).map_err(ApiError::internal)?,
        session: row
            .session_id
            .as_deref()
            .map(SessionId::parse)
            .transpose()
            .map_err(ApiError::internal)?,
    };
    let node = context
        .store
        .node(&row.node_id)
        .await?
        .ok_or_else(unknown)?;
    Ok((
        secret,
        Caller::node(context.config.scope(), scope, &node.role),
    ))
}

/// A session may last for days, and its agent needs its keys again whenever their connection is lost.
async fn is_of_active_session(
    context: &Context,
    row: &NodeCredentialRow,
) -> Result<bool, ApiError> {
    let Some(session) = &row.session_id else {
        return Ok(false);
    };
    let session = context.store.session(session).await?;
    Ok(session.is_some_and(|session| session.state.is_active()))
}
