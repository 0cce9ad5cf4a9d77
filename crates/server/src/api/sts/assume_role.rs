//! `AssumeRole`: temporary keys that act with a role's permissions, for whom the role trusts.
//!
//! The path is short on purpose: the input is checked, `Assumption::judge` proves that the role's trust policy and the
//! caller's own policies agree, and only such a proof becomes keys.

mod assumption;
mod request;

use serde::{Deserialize, Serialize};

use super::assumed_role_user::AssumedRoleUser;
use super::credentials::Credentials;
use super::session_policies;
use crate::api::iam::Tag;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::{integer, list};
use crate::error::ApiError;
use crate::identity::{AssumedRole, Bearer, issue_sts_credentials};
use assumption::Assumption;

pub(crate) struct AssumeRole;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_arn: String,
    role_session_name: String,
    #[serde(default, deserialize_with = "integer")]
    duration_seconds: Option<i64>,
    #[serde(default, deserialize_with = "list")]
    tags: Vec<Tag>,
    #[serde(default, deserialize_with = "list")]
    transitive_tag_keys: Vec<String>,
    external_id: Option<String>,
    #[serde(flatten)]
    policies: session_policies::Asked,
    source_identity: Option<String>,
    #[serde(flatten)]
    unserved: request::Unserved,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    credentials: Credentials,
    assumed_role_user: AssumedRoleUser,
    packed_policy_size: Option<usize>,
    source_identity: Option<String>,
}

impl Operation for AssumeRole {
    const SERVICE: Service = Service::Sts;
    const NAME: &'static str = "AssumeRole";
    const ACCESS: Access<Input> = Access::Within {
        action: "sts:AssumeRole",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        request::check(&input)?;
        let policies = input.policies.read(call).await?;
        let Assumption {
            role,
            origin,
            tags,
            source_identity,
        } = Assumption::judge(call, &input).await?;
        let seconds = request::lifetime(&input, &role, &call.caller.who)?;
        let name = &input.role_session_name;
        tracing::info!(
            role = role.entity.name,
            session = name,
            origin = call.caller.origin,
            "a role was assumed"
        );
        let bearer = Bearer {
            role: Some(AssumedRole {
                role_id: role.entity.id.clone(),
                session_name: name.clone(),
                tags,
                policies,
                source_identity: source_identity.clone(),
            }),
            ..origin
        };
        let keys = issue_sts_credentials(call.context, bearer, seconds).await?;
        Ok(Output {
            credentials: keys.into(),
            assumed_role_user: AssumedRoleUser::new(call, &role.entity, name),
            packed_policy_size: input.policies.packed_size(),
            source_identity,
        })
    }
}
