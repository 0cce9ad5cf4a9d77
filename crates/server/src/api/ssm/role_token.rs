//! `RequestManagedInstanceRoleToken`: a node's temporary keys, for its registration key.

use serde::{Deserialize, Serialize};
use usher_wire::secret::Secret;

use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::error::{ApiError, Code};
use crate::identity::{NodeScope, issue_node_credentials};
use crate::limits;

pub(crate) struct RequestManagedInstanceRoleToken;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    fingerprint: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Secret,
    token_expiration_date: EpochSeconds,
    update_key_pair: bool,
}

impl Operation for RequestManagedInstanceRoleToken {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "RequestManagedInstanceRoleToken";
    const ACCESS: Access<Input> = Access::RegistrationKey;
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let node = call.caller.whole_node()?;
        let row = call.context.store.node(node.as_str()).await?;
        // A copied disk brings the key along, but not the machine it was made on.
        if row.is_none_or(|row| row.fingerprint != input.fingerprint) {
            return Err(ApiError::new(
                Code::MachineFingerprintDoesNotMatch,
                format!(
                    "The fingerprint of {node} is not the one it registered with. Register this machine anew."
                ),
            ));
        }
        let scope = NodeScope {
            node: node.clone(),
            session: None,
        };
        let issued = issue_node_credentials(call.context, &scope, limits::NODE_KEYS).await?;
        Ok(Output {
            access_key_id: issued.access_key_id,
            secret_access_key: issued.secret_access_key.as_str().into(),
            session_token: issued.session_token.as_str().into(),
            token_expiration_date: EpochSeconds(issued.expires_ms),
            // All five members must be there (agent.md 0.2); we never ask for a rotation.
            update_key_pair: false,
        })
    }
}
