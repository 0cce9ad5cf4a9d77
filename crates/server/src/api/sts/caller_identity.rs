//! `GetCallerIdentity`: needs no permission, and no policy can withhold it (control-plane.md 5.4).

use serde::{Deserialize, Serialize};

use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;

pub(crate) struct GetCallerIdentity;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    arn: String,
    user_id: String,
    account: String,
}

impl Operation for GetCallerIdentity {
    const SERVICE: Service = Service::Sts;
    const NAME: &'static str = "GetCallerIdentity";
    const ACCESS: Access<Input> = Access::AnySigner;
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, _: Input) -> Result<Output, ApiError> {
        Ok(Output {
            arn: call.caller.arn.clone(),
            user_id: call.caller.user_id.clone(),
            account: call.context.config.account.to_string(),
        })
    }
}
