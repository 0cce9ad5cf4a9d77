//! `AssumeRole`: temporary keys that act with a role's permissions, for whom the role trusts.
//!
//! The path is short on purpose: the input is checked, `Assumption::judge` proves that the role's trust policy and the
//! caller's own policies agree, and only such a proof becomes keys.

mod assumption;
mod request;

use serde::{Deserialize, Serialize};
use usher_wire::secret::Secret;

use crate::api::iam::Tag;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::{IsoTime, integer, list};
use crate::error::ApiError;
use crate::identity::{NewRoleSession, issue_role_credentials};
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
    unserved: request::Unserved,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Credentials {
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Secret,
    expiration: IsoTime,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AssumedRoleUser {
    assumed_role_id: String,
    arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    credentials: Credentials,
    assumed_role_user: AssumedRoleUser,
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
        let Assumption { role, origin, tags } = Assumption::judge(call, &input).await?;
        let seconds = request::lifetime(&input, &role, &call.caller.who)?;
        let session = NewRoleSession {
            role: &role.entity,
            name: &input.role_session_name,
            origin: &origin,
            tags: &tags,
            seconds,
        };
        let keys = issue_role_credentials(call.context, &session).await?;
        let name = &input.role_session_name;
        tracing::info!(
            role = role.entity.name,
            session = name,
            origin,
            "a role was assumed"
        );
        Ok(Output {
            credentials: Credentials {
                access_key_id: keys.access_key_id,
                secret_access_key: Secret::from(keys.secret_access_key.as_str()),
                session_token: Secret::from(keys.session_token.as_str()),
                expiration: IsoTime(keys.expires_ms),
            },
            assumed_role_user: AssumedRoleUser {
                assumed_role_id: format!("{}:{name}", role.entity.id),
                arn: call
                    .context
                    .config
                    .scope()
                    .assumed_role(&role.entity.name, name),
            },
        })
    }
}
