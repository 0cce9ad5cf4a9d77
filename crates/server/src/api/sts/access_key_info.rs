//! `GetAccessKeyInfo`: the account of a key.

use serde::{Deserialize, Serialize};

use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::Resource;

pub(crate) struct GetAccessKeyInfo;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    access_key_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    account: String,
}

impl Operation for GetAccessKeyInfo {
    const SERVICE: Service = Service::Sts;
    const NAME: &'static str = "GetAccessKeyInfo";
    const ACCESS: Access<Input> = Access::Policy {
        action: "sts:GetAccessKeyInfo",
        on: |_| Resource::Any,
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let id = input.access_key_id.as_str();
        if !(16..=128).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let rule = "Member must have 16 to 128 letters and digits";
            return Err(ApiError::constraint("accessKeyId", rule));
        }
        let store = &call.context.store;
        if store.access_key(id).await?.is_none() && store.sts_credential(id).await?.is_none() {
            // AWS knows the accounts of all the world; we know our own.
            return Err(ApiError::new(
                Code::Validation,
                format!("The access key {id} is none of this account's."),
            ));
        }
        Ok(Output {
            account: call.context.config.account.to_string(),
        })
    }
}
