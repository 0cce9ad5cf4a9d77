//! `UpdateManagedInstanceRole`: every node has the one role that comes with the server, so this confirms it or refuses.

use serde::Deserialize;

use super::deregister_managed_instance::unknown_node;
use crate::activations::{NODE_ROLE, NODE_ROLE_NAME};
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::store::Kind;

pub(crate) struct UpdateManagedInstanceRole;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    instance_id: String,
    iam_role: String,
}

impl Operation for UpdateManagedInstanceRole {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "UpdateManagedInstanceRole";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:UpdateManagedInstanceRole",
        on: |input| Resource::Node(input.instance_id.clone()),
    };
    type Input = Input;
    type Output = ();

    async fn run(call: Call<'_>, input: Input) -> Result<(), ApiError> {
        let node = call.context.store.node(&input.instance_id).await?;
        node.ok_or_else(|| unknown_node(&input.instance_id))?;
        if ![NODE_ROLE, NODE_ROLE_NAME].contains(&input.iam_role.as_str()) {
            return Err(ApiError::new(
                Code::Validation,
                format!(
                    "Nodes have the role {NODE_ROLE} and no other: what a node may do is fixed, it acts only as itself."
                ),
            ));
        }
        let role = Resource::Entity(Kind::Role, NODE_ROLE_NAME.to_owned());
        call.demand("iam:PassRole", &role).await
    }
}
