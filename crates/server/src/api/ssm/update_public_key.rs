//! `UpdateManagedInstancePublicKey`: a node replaces its registration key, signing with the old one.

use serde::Deserialize;

use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;
use crate::identity::RegistrationKey;

pub(crate) struct UpdateManagedInstancePublicKey;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    new_public_key: String,
    new_public_key_type: String,
}

impl Operation for UpdateManagedInstancePublicKey {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "UpdateManagedInstancePublicKey";
    const ACCESS: Access<Input> = Access::RegistrationKey;
    type Input = Input;
    type Output = ();

    async fn run(call: Call<'_>, input: Input) -> Result<(), ApiError> {
        let node = call.caller.whole_node()?;
        let key = RegistrationKey::parse(&input.new_public_key, &input.new_public_key_type)?;
        call.context
            .store
            .set_node_public_key(node.as_str(), &key.as_text())
            .await?;
        tracing::info!(%node, "registration key replaced");
        Ok(())
    }
}
