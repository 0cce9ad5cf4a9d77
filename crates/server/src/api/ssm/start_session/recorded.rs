//! Whether a session that starts is recorded, the beginning of its recording, and what its log demands.
//!
//! What KMS encrypts passes the server as ciphertext, and nobody sees the bytes of ports and files: neither is recorded
//! here. The log of an encrypted session is its node's to write.

use std::sync::Arc;

use usher_wire::ids::{NodeId, SessionId};

use super::encryption;
use super::login::Refusal;
use super::plan::Plan;
use crate::api::Call;
use crate::config::Recording;
use crate::delivery::{self, Undeliverable};
use crate::error::ApiError;
use crate::recording::Tape;
use crate::store::{DeliveryState, RecordingRow, SessionRow};

/// Makes the file of the recording, if there is to be one: a session that cannot be recorded does not start.
pub(super) async fn begin(
    call: Call<'_>,
    id: &SessionId,
    plan: &Plan,
) -> Result<Option<Arc<Tape>>, ApiError> {
    if !is_recorded(call, plan) {
        return Ok(None);
    }
    let recordings = &call.context.recordings;
    let begun = recordings.begin(id, &call.caller.origin, plan.inputs.log_failure);
    begun.await.map(Some).map_err(ApiError::internal)
}

/// Stores that the session of this row is recorded.
pub(super) async fn store(
    call: Call<'_>,
    id: &SessionId,
    row: &SessionRow,
    plan: &Plan,
    tape: Option<&Tape>,
) -> Result<(), ApiError> {
    if tape.is_none() {
        let is_ours = is_ours(
            call,
            &NodeId::parse(&row.node_id).map_err(ApiError::internal)?,
        );
        return match is_ours && is_hidden(plan) {
            true => {
                Ok(delivery::plan(call.context, id, &plan.inputs, DeliveryState::ByNode).await?)
            }
            false => Ok(()),
        };
    }
    let recording = RecordingRow::begun(
        &row.session_id,
        &row.owner_id,
        plan.inputs.log_failure,
        row.created,
    );
    call.context.store.insert_recording(&recording).await?;
    Ok(delivery::plan(call.context, id, &plan.inputs, DeliveryState::Waiting).await?)
}

/// What the session's log demands before the session starts.
pub(super) async fn demand_log(
    call: Call<'_>,
    id: &SessionId,
    node: &NodeId,
    plan: &Plan,
) -> Result<Result<(), Refusal>, ApiError> {
    let inputs = &plan.inputs;
    let is_logged = !inputs.s3.bucket.is_empty() || !inputs.cloud_watch.log_group.is_empty();
    // What nobody sees has no logs.
    if !is_logged || plan.document.properties().is_unseen() {
        return Ok(Ok(()));
    }
    if !is_recorded(call, plan) && !is_agents_log(call, node, plan) {
        return Ok(Err(Undeliverable::NoRecording.into()));
    }
    let demanded = delivery::demand(call.context, node, id, inputs).await?;
    Ok(demanded.map_err(Refusal::from))
}

/// Whether the node's agent writes the session's log: where KMS hides the session from the server, and AWS's agent wherever
/// the server has no recording to make it from.
pub(super) fn is_agents_log(call: Call<'_>, node: &NodeId, plan: &Plan) -> bool {
    match is_ours(call, node) {
        true => is_hidden(plan),
        false => call.context.gateway.is_connected(node) && !is_recorded(call, plan),
    }
}

fn is_ours(call: Call<'_>, node: &NodeId) -> bool {
    let node = call.context.gateway.connected_node(node);
    node.is_some_and(|node| node.is_ours)
}

fn is_recorded(call: Call<'_>, plan: &Plan) -> bool {
    let is_unseen = plan.document.properties().is_unseen();
    let is_off = call.context.config.recording == Recording::Off;
    !is_off && !is_unseen && !is_hidden(plan)
}

fn is_hidden(plan: &Plan) -> bool {
    encryption::key_of(plan).is_some()
}
