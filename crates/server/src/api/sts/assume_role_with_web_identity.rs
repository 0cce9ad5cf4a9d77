//! `AssumeRoleWithWebIdentity`: temporary keys of a role for whom an identity provider vouches.
//!
//! Nobody signs this call: the token is the authority. It is proved before anything else is told, and the role's trust
//! policy must name the provider itself; `"*"` and the account mean callers that have policies of their own.

mod vouched;

use serde::{Deserialize, Serialize};
use usher_wire::secret::Secret;

use super::assumed_role_user::AssumedRoleUser;
use super::credentials::Credentials;
use super::request;
use super::session_policies;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::integer;
use crate::error::{ApiError, Code};
use crate::identity::{AssumedRole, Bearer, Origin, issue_sts_credentials};
use vouched::Vouched;

pub(crate) struct AssumeRoleWithWebIdentity;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_arn: String,
    role_session_name: String,
    web_identity_token: Secret,
    /// For tokens of OAuth 2.0 without OpenID Connect, which prove nothing to us.
    provider_id: Option<String>,
    #[serde(default, deserialize_with = "integer")]
    duration_seconds: Option<i64>,
    #[serde(flatten)]
    policies: session_policies::Asked,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    credentials: Credentials,
    subject_from_web_identity_token: String,
    assumed_role_user: AssumedRoleUser,
    packed_policy_size: Option<usize>,
    provider: String,
    audience: String,
}

impl Operation for AssumeRoleWithWebIdentity {
    const SERVICE: Service = Service::Sts;
    const NAME: &'static str = "AssumeRoleWithWebIdentity";
    const ACCESS: Access<Input> = Access::Anonymous {
        authority: "a token of an identity provider that the role trusts",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        check(&input)?;
        let policies = input.policies.read(call).await?;
        let vouched = Vouched::judge(call, &input).await?;
        let seconds = request::lifetime(input.duration_seconds, &vouched.role)?;
        let name = &input.role_session_name;
        tracing::info!(
            role = vouched.role.entity.name,
            session = name,
            issuer = vouched.person.issuer,
            subject = vouched.person.subject,
            "a role was assumed by web identity"
        );
        let bearer = Bearer {
            origin: Origin::Web(vouched.person.clone()),
            issued: None,
            role: Some(AssumedRole {
                role_id: vouched.role.entity.id.clone(),
                session_name: name.clone(),
                tags: vouched.tags,
                policies,
                source_identity: None,
            }),
        };
        let keys = issue_sts_credentials(call.context, bearer, seconds).await?;
        Ok(Output {
            credentials: keys.into(),
            assumed_role_user: AssumedRoleUser::new(call, &vouched.role.entity, name),
            packed_policy_size: input.policies.packed_size(),
            provider: vouched.provider_arn,
            subject_from_web_identity_token: vouched.person.subject,
            audience: vouched.person.audience,
        })
    }
}

fn check(input: &Input) -> Result<(), ApiError> {
    request::check_session_name(&input.role_session_name)?;
    request::check_duration(input.duration_seconds)?;
    input.policies.check()?;
    if !(4..=20_000).contains(&input.web_identity_token.expose().len()) {
        let rule = "Member must have 4 to 20000 characters";
        return Err(ApiError::constraint("webIdentityToken", rule));
    }
    match input.provider_id {
        None => Ok(()),
        Some(_) => Err(ApiError::new(
            Code::Validation,
            "ProviderId is for tokens of OAuth 2.0, which are not served: leave it out and bring a token of OpenID Connect.",
        )),
    }
}
