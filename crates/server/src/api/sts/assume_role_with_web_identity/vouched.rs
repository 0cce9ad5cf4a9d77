//! The proof that a role trusts a provider with the person whom its token means.
//!
//! [`Vouched::judge`] is its only maker.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonwebtoken::jwk::JwkSet;
use serde_json::json;
use usher_policy::{
    Context as Keys, Decision, PolicyKind, Request, TrustDecision, TrustPolicy, TrustedAs,
};

use super::Input;
use crate::api::Call;
use crate::audit;
use crate::error::{ApiError, Code};
use crate::identity::{
    Resource, SessionTag, WebIdentity, of_call, of_iam_resource, of_web_identity, tag_keys,
};
use crate::openid::{
    Claims, Issuer, KeysError, TokenError, is_by_many_factors, issuer_of, session_tags, verify,
};
use crate::store::{Kind, ProviderRow, RoleRow, TagRow};

const ASSUME: &str = "sts:AssumeRoleWithWebIdentity";
const TAG: &str = "sts:TagSession";

/// A person for whom a provider vouched to a role that trusts it.
#[derive(Debug)]
pub(super) struct Vouched {
    /// The role.
    pub(super) role: RoleRow,
    /// The person.
    pub(super) person: WebIdentity,
    /// What the provider's configuration makes of the claims.
    pub(super) tags: Vec<SessionTag>,
    /// The provider.
    pub(super) provider_arn: String,
}

impl Vouched {
    /// Proves the token, then asks the role.
    pub(super) async fn judge(call: Call<'_>, input: &Input) -> Result<Self, ApiError> {
        let token = input.web_identity_token.expose();
        let provider = provider_of(call, token).await?;
        let claims = proven(call, &provider, token).await?;
        let configuration = call.context.store.tags(&provider.entity.id).await?;
        let tags = session_tags(&configuration, &claims.all)
            .map_err(|error| ApiError::new(Code::IdpRejectedClaim, format!("{error}.")))?;
        let person = WebIdentity {
            provider_id: provider.entity.id.clone(),
            issuer: provider.entity.name.clone(),
            by_many_factors: is_by_many_factors(&configuration, &claims.all),
            subject: claims.subject,
            audience: claims.audience,
            sid: claims.sid,
        };
        check_signed_in(call, &person, claims.issued).await?;
        let role = trusting(call, input, &person, &tags).await?;
        let tag = |(key, value)| SessionTag {
            key,
            value,
            transitive: false,
        };
        Ok(Self {
            role,
            person,
            tags: tags.into_iter().map(tag).collect(),
            provider_arn: call.context.config.scope().arn_of(&provider.entity),
        })
    }
}

/// The provider that the token names.
async fn provider_of(call: Call<'_>, token: &str) -> Result<ProviderRow, ApiError> {
    let url = issuer_of(token).map_err(|error| refused(&error))?;
    let none = || {
        let shown: String = url.chars().take(255).collect();
        ApiError::new(
            Code::InvalidIdentityToken,
            format!(
                "No OpenIDConnect provider found in your account for {}",
                shown.escape_debug()
            ),
        )
    };
    let issuer = Issuer::parse(&url).map_err(|_| none())?;
    let provider = call.context.store.provider_named(issuer.name()).await?;
    provider.filter(|row| row.issuer == url).ok_or_else(none)
}

async fn proven(call: Call<'_>, provider: &ProviderRow, token: &str) -> Result<Claims, ApiError> {
    let issuer = Issuer::parse(&provider.issuer).map_err(ApiError::internal)?;
    let now = call.context.clock.now_ms();
    let prove =
        |keys: Arc<JwkSet>| verify(token, &keys, &provider.issuer, &provider.client_ids, now);
    let known = &call.context.provider_keys;
    let silent = |error: KeysError| {
        tracing::warn!(%issuer, %error, "an identity provider's keys are not known");
        ApiError::new(Code::IdpCommunicationError, format!("{error}."))
    };
    match prove(known.of(&issuer).await.map_err(silent)?) {
        // Providers exchange their keys.
        Err(TokenError::UnknownKey) => prove(known.afresh(&issuer).await.map_err(silent)?),
        proved => proved,
    }
    .map_err(|error| refused(&error))
}

/// A token outlives the sign-out at the provider; whoever still has it is let in no more. Both times are the provider's.
async fn check_signed_in(
    call: Call<'_>,
    person: &WebIdentity,
    issued: Option<i64>,
) -> Result<(), ApiError> {
    let (subject, sid) = (&person.subject, person.sid.as_deref());
    let store = &call.context.store;
    let last = store.signed_out(&person.provider_id, subject, sid).await?;
    match last {
        Some(last) if issued.unwrap_or_default() <= last.issued => Err(ApiError::new(
            Code::ExpiredIdentityToken,
            "the person was signed out at the identity provider after the token was made: sign in again.",
        )),
        _ => Ok(()),
    }
}

fn refused(error: &TokenError) -> ApiError {
    let code = match error {
        TokenError::Expired => Code::ExpiredIdentityToken,
        _ => Code::InvalidIdentityToken,
    };
    ApiError::new(code, format!("{error}."))
}

/// The role, if its trust policy names the provider for this person. Whoever names a role that does not exist learns what
/// a stranger to it learns.
async fn trusting(
    call: Call<'_>,
    input: &Input,
    person: &WebIdentity,
    tags: &[(String, String)],
) -> Result<RoleRow, ApiError> {
    let who =
        json!({"issuer": person.issuer, "subject": person.subject, "audience": person.audience});
    audit::note("webIdentity", who);
    let scope = call.context.config.scope();
    let stranger = |action: &str| {
        ApiError::new(
            Code::AccessDenied,
            format!("Not authorized to perform {action}"),
        )
    };
    let name = input.role_arn.rsplit('/').next().unwrap_or_default();
    let role = call.context.store.role_named(name).await?;
    let role = role
        .filter(|role| scope.entity(Kind::Role, &role.entity.path, name) == input.role_arn)
        .ok_or_else(|| stranger(ASSUME))?;
    let ids: BTreeMap<String, String> =
        serde_json::from_str(&role.trust.ids).map_err(ApiError::internal)?;
    let names: Vec<String> = ids
        .into_iter()
        .filter(|(_, id)| *id == person.provider_id)
        .map(|(name, _)| name)
        .collect();
    let trusted_as = TrustedAs {
        account: scope.account.as_str(),
        arns: &names,
    };
    let role_tags = call.context.store.tags(&role.entity.id).await?;
    let asked_tags = tags
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()));
    let keys: Keys = of_call(call.context, call.caller)
        .and(&of_web_identity(call.context, person))
        .and(&of_iam_resource(role_tags.iter().map(TagRow::pair)))
        .and(&tag_keys(asked_tags))
        .with("sts:RoleSessionName", &input.role_session_name);
    let trust = TrustPolicy::parse(&role.trust.document).map_err(ApiError::internal)?;
    let actions: &[&str] = if tags.is_empty() {
        &[ASSUME]
    } else {
        &[ASSUME, TAG]
    };
    for action in actions {
        let request = Request {
            action,
            resource: &input.role_arn,
            context: &keys,
        };
        let decision = match trust.judge(&input.role_arn, trusted_as, &request) {
            TrustDecision::Named { by } => Decision::Allowed { by },
            TrustDecision::ExplicitDeny { by } => Decision::ExplicitDeny { by },
            // The person has no policies of its own that could agree.
            TrustDecision::RoleNamed { .. }
            | TrustDecision::WithOwnPolicies { .. }
            | TrustDecision::NotTrusted => Decision::ImplicitDeny {
                missing: PolicyKind::Resource,
            },
        };
        tracing::info!(
            subject = person.subject,
            action,
            role = input.role_arn,
            %decision,
            "decided"
        );
        let resource = Resource::Entity(Kind::Role, name.to_owned());
        let arn = &input.role_arn;
        audit::decided(call.context, call.caller, action, &resource, arn, &decision).await;
        if !matches!(decision, Decision::Allowed { .. }) {
            return Err(stranger(action));
        }
    }
    Ok(role)
}
