//! `RegisterManagedInstance`: a machine becomes a managed node.
//!
//! The one unsigned operation (agent.md 1.4): the activation's code is the authority. The answer
//! pins the key that signs grants, in a member that AWS's agent ignores.

use serde::{Deserialize, Serialize};
use usher_wire::secret::Secret;

use crate::activations::{open_activation, run_out};
use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;
use crate::identity::{Alphabet, RegistrationKey, fresh};
use crate::store::{NodeReport, NodeRow};

pub(crate) struct RegisterManagedInstance;

/// Opaque; a UUID in both agents.
const LONGEST_FINGERPRINT: usize = 256;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    activation_id: String,
    activation_code: Secret,
    public_key: String,
    public_key_type: String,
    fingerprint: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    instance_id: String,
    usher: UsherOutput,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UsherOutput {
    grant_public_key: String,
}

impl Operation for RegisterManagedInstance {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "RegisterManagedInstance";
    const ACCESS: Access<Input> = Access::Anonymous {
        authority: "whoever holds an activation's code",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let context = call.context;
        let activation = open_activation(
            context,
            &input.activation_id,
            input.activation_code.expose(),
        )
        .await?;
        let key = RegistrationKey::parse(&input.public_key, &input.public_key_type)?;
        check_fingerprint(&input.fingerprint)?;
        let now = context.now();
        let node = NodeRow {
            node_id: format!("mi-{}", fresh(Alphabet::Hex, 17)?.as_str()),
            activation_id: activation.activation_id.clone(),
            role: activation.role.clone(),
            name: activation.default_name.clone(),
            public_key: key.as_text(),
            fingerprint: input.fingerprint,
            registered: now,
            last_ping: None,
            report: NodeReport::default(),
        };
        if !context.store.register_node(&node, now).await? {
            return Err(run_out(&activation, now));
        }
        tracing::info!(
            node = node.node_id,
            activation = node.activation_id,
            "registered"
        );
        Ok(Output {
            instance_id: node.node_id,
            usher: UsherOutput {
                grant_public_key: context.grant_key.public_key().to_string(),
            },
        })
    }
}

pub(super) fn check_fingerprint(text: &str) -> Result<(), ApiError> {
    if (1..=LONGEST_FINGERPRINT).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    {
        return Ok(());
    }
    Err(ApiError::constraint(
        "fingerprint",
        "Member must have 1 to 256 printable characters",
    ))
}
