//! GetConnectionStatus: whether a node has a control channel now.

use serde::{Deserialize, Serialize};
use usher_wire::ids::NodeId;

use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;
use crate::identity::Resource;

/// The operation.
pub(crate) struct GetConnectionStatus;

/// Its input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    target: String,
}

/// Its output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    target: String,
    status: &'static str,
}

impl Operation for GetConnectionStatus {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "GetConnectionStatus";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:GetConnectionStatus",
        on: |input| Resource::Node(input.target.clone()),
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        // An unknown target is simply not connected.
        let is_connected =
            NodeId::parse(&input.target).is_ok_and(|node| call.context.gateway.is_connected(&node));
        Ok(Output {
            target: input.target,
            status: if is_connected {
                "connected"
            } else {
                "notconnected"
            },
        })
    }
}
