//! `GetSessionToken`: temporary keys of the user itself, for tools that should not hold the lasting ones.
//!
//! As in AWS nobody can be kept from it by policy: the keys may nothing that the user may not. And they may less: of IAM
//! nothing, of STS only AssumeRole and GetCallerIdentity, which `operation` sees to.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::credentials::Credentials;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::integer;
use crate::error::{ApiError, Code};
use crate::identity::{Who, issue_sts_credentials};
use crate::limits;

pub(crate) struct GetSessionToken;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(default, deserialize_with = "integer")]
    duration_seconds: Option<i64>,
    serial_number: Option<IgnoredAny>,
    token_code: Option<IgnoredAny>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    credentials: Credentials,
}

impl Operation for GetSessionToken {
    const SERVICE: Service = Service::Sts;
    const NAME: &'static str = "GetSessionToken";
    const ACCESS: Access<Input> = Access::AnySigner;
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let seconds = input
            .duration_seconds
            .unwrap_or(limits::DEFAULT_TOKEN_SECONDS);
        if !limits::TOKEN_SECONDS.contains(&seconds) {
            let rule = "Member must be between 900 and 129600";
            return Err(ApiError::constraint("durationSeconds", rule));
        }
        if input.serial_number.is_some() || input.token_code.is_some() {
            return Err(ApiError::new(
                Code::Validation,
                "SerialNumber and TokenCode are not served: leave them out of the call.",
            ));
        }
        match (&call.caller.who, &call.caller.bearer) {
            (Who::User { issued: None, .. }, Some(bearer)) => {
                let keys = issue_sts_credentials(call.context, bearer.clone(), seconds).await?;
                Ok(Output {
                    credentials: keys.into(),
                })
            }
            _ => Err(ApiError::new(
                Code::AccessDenied,
                "Cannot call GetSessionToken with session credentials: call it with an IAM user's own access key.",
            )),
        }
    }
}
