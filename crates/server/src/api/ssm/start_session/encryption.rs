//! Whether the session could be encrypted: the person must be able to make its data key and the node to decrypt it.
//!
//! Asked before anything starts, with the encryption context that both will use, so that a missing permission is one
//! sentence now and not a session that never opens. What counts in the end is what KMS answers each of them.

use usher_wire::encryption::context as encryption_context;
use usher_wire::ids::{NodeId, SessionId};

use super::plan::Plan;
use crate::api::{Call, rehearse};
use crate::error::{ApiError, Code};
use crate::identity::{Caller, NodeScope, node_caller};
use crate::keys::GrantOperation;

/// Why there would be no key. `Display` is the sentence for the person: the call, as whom, the key, the cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The session is to be encrypted with the KMS key {key}, and {action} as {principal} fails: {cause}"
)]
pub(in crate::api::ssm) struct NoKey {
    key: String,
    action: &'static str,
    principal: String,
    cause: String,
}

/// The key that the session is to be encrypted with; none for ports, which KMS leaves alone (control-plane.md 4), and for
/// copies, which are protected as ports are.
pub(super) fn key_of(plan: &Plan) -> Option<&str> {
    let key = plan.inputs.kms_key_id.as_str();
    (!key.is_empty() && !plan.document.properties().is_unseen()).then_some(key)
}

/// Asks for both ends. An error is our own failure.
pub(super) async fn check(
    call: Call<'_>,
    plan: &Plan,
    id: &SessionId,
    node: &NodeId,
) -> Result<Result<(), NoKey>, ApiError> {
    let Some(key) = key_of(plan) else {
        return Ok(Ok(()));
    };
    let scope = NodeScope {
        node: node.clone(),
        session: Some(id.clone()),
    };
    let at_node = node_caller(call.context, scope).await?;
    for (caller, operation) in [
        (call.caller, GrantOperation::GenerateDataKey),
        (&at_node, GrantOperation::Decrypt),
    ] {
        if let Err(refusal) = ask(call, caller, key, operation, id, node).await? {
            return Ok(Err(refusal));
        }
    }
    Ok(Ok(()))
}

async fn ask(
    call: Call<'_>,
    caller: &Caller,
    key: &str,
    operation: GrantOperation,
    id: &SessionId,
    node: &NodeId,
) -> Result<Result<(), NoKey>, ApiError> {
    // The challenge that the handshake may add to it is not known yet.
    let pairs = encryption_context(id.as_str(), node.as_str(), None);
    match rehearse(call.context, caller, key, operation, pairs).await {
        Ok(()) => Ok(Ok(())),
        Err(error) if error.code() == Code::Internal => Err(error),
        Err(error) => Ok(Err(NoKey {
            key: key.to_owned(),
            action: operation.action(),
            principal: caller.arn.clone(),
            cause: error.message().to_owned(),
        })),
    }
}
