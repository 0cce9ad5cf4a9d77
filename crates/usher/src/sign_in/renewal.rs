//! Keys that are good now, without asking a person: those that are kept, or new ones for the refresh token.
//!
//! Who renews holds the lock from before the refresh token is sent until what came back is kept: providers take a refresh
//! token once, and one that is seen twice ends the sign-in.

use std::time::Duration;

use usher_aws::openid::OpenIdError;

use super::kept::{Kept, Keys, Locked, Place};
use super::{SignIn, SignInError};

/// Keys are renewed when less than this is left: botocore asks again from fifteen minutes before the end.
const RENEW_BEFORE: Duration = Duration::from_secs(20 * 60);

/// The keys of the profile.
pub(super) async fn current(sign_in: &SignIn, now_ms: i64) -> Result<Keys, SignInError> {
    let kept = checked(sign_in, Place::of(&sign_in.profile)?.read()?)?;
    if kept.keys.outlive(now_ms, RENEW_BEFORE) {
        return Ok(kept.keys);
    }
    let locked = Place::of(&sign_in.profile)?.lock().await?;
    // Somebody else may have renewed them while we waited.
    let kept = checked(sign_in, locked.read()?)?;
    if kept.keys.outlive(now_ms, RENEW_BEFORE) {
        return Ok(kept.keys);
    }
    let old = kept.keys.clone();
    match renew(sign_in, &locked, kept).await {
        Err(error) if is_passing(&error) && old.outlive(now_ms, Duration::ZERO) => Ok(old),
        renewed => renewed,
    }
}

/// Has the provider forget what is kept.
pub(super) async fn revoke(sign_in: &SignIn, kept: Kept) -> Result<(), SignInError> {
    if let Some(token) = &kept.refresh_token
        && kept.is_of(sign_in)
    {
        let provider = sign_in.provider().await?;
        provider.revoke(&sign_in.settings.client, token).await?;
    }
    Ok(())
}

impl Kept {
    fn is_of(&self, sign_in: &SignIn) -> bool {
        let settings = &sign_in.settings;
        self.issuer == settings.issuer
            && self.client_id == settings.client.id
            && self.role_arn == settings.role_arn
    }
}

fn checked(sign_in: &SignIn, kept: Option<Kept>) -> Result<Kept, SignInError> {
    let profile = sign_in.profile.clone();
    match kept {
        None => Err(SignInError::Nobody { profile }),
        Some(kept) if kept.is_of(sign_in) => Ok(kept),
        Some(_) => Err(SignInError::Changed { profile }),
    }
}

async fn renew(sign_in: &SignIn, locked: &Locked, mut kept: Kept) -> Result<Keys, SignInError> {
    let profile = || sign_in.profile.clone();
    let Some(token) = &kept.refresh_token else {
        return Err(SignInError::NoRefreshToken { profile: profile() });
    };
    let not_renewed = |cause| SignInError::NotRenewed {
        profile: profile(),
        cause,
    };
    let provider = sign_in.provider().await?;
    let client = &sign_in.settings.client;
    let tokens = provider.renew(client, token, &kept.subject).await;
    let tokens = tokens.map_err(not_renewed)?;
    if let Some(next) = tokens.refresh_token {
        kept.refresh_token = Some(next);
        // At once: should the rest fail, the old one is worth nothing any more.
        locked.write(&kept)?;
    }
    kept.keys = sign_in
        .assume(&tokens.id_token, &kept.session_name)
        .await?
        .0;
    locked.write(&kept)?;
    Ok(kept.keys)
}

/// Whether the network, not a decision, was in the way.
fn is_passing(error: &SignInError) -> bool {
    match error {
        SignInError::Provider(cause) | SignInError::NotRenewed { cause, .. } => {
            matches!(cause, OpenIdError::Silent { .. })
        }
        SignInError::Role { cause, .. } => cause.is_passing(),
        _ => false,
    }
}
