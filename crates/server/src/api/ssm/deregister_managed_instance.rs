//! `DeregisterManagedInstance`: the node is none any more. Its keys are worthless at once, its sessions end, its control
//! channel closes, its tags are gone; history stays.

use serde::Deserialize;
use usher_wire::ids::{NodeId, SessionId};

use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::Resource;

pub(crate) struct DeregisterManagedInstance;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    instance_id: String,
}

impl Operation for DeregisterManagedInstance {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "DeregisterManagedInstance";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:DeregisterManagedInstance",
        on: |input| Resource::Node(input.instance_id.clone()),
    };
    type Input = Input;
    type Output = ();

    async fn run(call: Call<'_>, input: Input) -> Result<(), ApiError> {
        let context = call.context;
        let node =
            NodeId::parse(&input.instance_id).map_err(|_| unknown_node(&input.instance_id))?;
        // The keys first: what ends below must not come back by them.
        if !context.store.delete_node(node.as_str()).await? {
            return Err(unknown_node(&input.instance_id));
        }
        for row in context.store.unended_sessions().await? {
            if row.node_id == node.as_str() {
                let id = SessionId::parse(&row.session_id).map_err(ApiError::internal)?;
                let output = format!("The managed node {node} was deregistered.");
                context.gateway.abandon(&id, &output).await?;
            }
        }
        context.gateway.dismiss(&node);
        tracing::info!(%node, "deregistered");
        Ok(())
    }
}

/// AWS's answer for an id that no node has.
pub(super) fn unknown_node(id: &str) -> ApiError {
    ApiError::new(
        Code::InvalidInstanceId,
        format!("{} is not the ID of a managed node.", id.escape_debug()),
    )
}
