//! Temporary keys from STS: making them, and finding out whom one stands for.
//!
//! Owns one invariant: a key knows the person behind it, however many roles lie in between. The session token is kept
//! as a hash, the secret sealed for its own key id.

use usher_wire::secret::Secret;

use super::authenticate::unsealed;
use super::node_credentials::{IssuedCredentials, REMEMBERED_MS};
use super::secrets::{digest, same_digest};
use super::{Bearer, Caller, Gone, Origin};
use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::store::StsCredentialRow;

/// Makes a key that stands for `bearer` for so many seconds.
pub(crate) async fn issue_sts_credentials(
    context: &Context,
    bearer: Bearer,
    seconds: i64,
) -> Result<IssuedCredentials, ApiError> {
    let now = context.now();
    let issued = IssuedCredentials::fresh(now.saturating_add(seconds.saturating_mul(1000)))?;
    let bearer = Bearer {
        issued: Some(now),
        ..bearer
    };
    let row = StsCredentialRow {
        access_key_id: issued.access_key_id.clone(),
        bearer: serde_json::to_string(&bearer).map_err(ApiError::internal)?,
        origin_id: bearer.origin.entity_id().to_owned(),
        origin_key_id: match bearer.origin {
            Origin::User { key_id, .. } => key_id,
            Origin::Web(_) => None,
        },
        role_id: bearer.role.map(|role| role.role_id),
        secret_sealed: context
            .vault
            .seal(&issued.access_key_id, issued.secret_access_key.as_bytes())?,
        token_hash: digest(&issued.session_token),
        expires: issued.expires_ms,
    };
    context
        .store
        .insert_sts_credential(&row, now.saturating_sub(REMEMBERED_MS))
        .await?;
    Ok(issued)
}

/// The secret behind a key from STS and the caller it stands for; none if it is no such key. The signature is still to
/// be checked.
pub(super) async fn find(
    context: &Context,
    access_key_id: &str,
    token: Option<&str>,
) -> Result<Option<(Secret, Caller)>, ApiError> {
    let Some(row) = context.store.sts_credential(access_key_id).await? else {
        return Ok(None);
    };
    if !token.is_some_and(|token| same_digest(token, &row.token_hash)) {
        return Err(unknown());
    }
    let caller = stands_for(context, &row).await?;
    let secret = unsealed(context, access_key_id, &row.secret_sealed)?;
    Ok(Some((secret, caller)))
}

/// The caller that a key stands for whose holder proved it before, and when it expires in milliseconds; none if it is
/// no key from STS.
pub(super) async fn holder(
    context: &Context,
    access_key_id: &str,
) -> Result<Option<(Caller, i64)>, ApiError> {
    match context.store.sts_credential(access_key_id).await? {
        Some(row) => Ok(Some((stands_for(context, &row).await?, row.expires))),
        None => Ok(None),
    }
}

async fn stands_for(context: &Context, row: &StsCredentialRow) -> Result<Caller, ApiError> {
    if row.expires <= context.now() {
        return Err(ApiError::new(
            Code::ExpiredToken,
            "The security token included in the request is expired",
        ));
    }
    let bearer: Bearer = serde_json::from_str(&row.bearer).map_err(ApiError::internal)?;
    bearer.caller(context).await?.map_err(|gone| match gone {
        Gone::Removed => unknown(),
        Gone::SignedOut => ApiError::new(
            Code::ExpiredToken,
            "The security token included in the request is expired: the person was signed out at the identity provider",
        ),
    })
}

fn unknown() -> ApiError {
    ApiError::new(
        Code::UnknownAccessKey,
        "The security token included in the request is invalid.",
    )
}
