//! `DeleteActivation`: nobody registers with it any more. Nodes that did stay.

use serde::Deserialize;

use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::Resource;

pub(crate) struct DeleteActivation;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    activation_id: String,
}

impl Operation for DeleteActivation {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "DeleteActivation";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:DeleteActivation",
        on: |_| Resource::Any,
    };
    type Input = Input;
    type Output = ();

    async fn run(call: Call<'_>, input: Input) -> Result<(), ApiError> {
        if call
            .context
            .store
            .delete_activation(&input.activation_id)
            .await?
        {
            return Ok(());
        }
        Err(ApiError::new(
            Code::InvalidActivationId,
            format!(
                "The activation ID {} is not valid.",
                input.activation_id.escape_debug()
            ),
        ))
    }
}
