//! Whether a session that starts is recorded, the beginning of its recording, and what its log demands.
//!
//! Nobody sees the bytes of ports and files: they are not recorded. What KMS encrypts passes the server as ciphertext: that is
//! recorded as it travels, and the log is the node's to write.

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
    let (recordings, sealed) = (&call.context.recordings, is_hidden(plan));
    let begun = recordings.begin(id, &call.caller.origin, plan.inputs.log_failure, sealed);
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
    if let Some(tape) = tape {
        let recording = RecordingRow::begun(
            &row.session_id,
            &row.owner_id,
            plan.inputs.log_failure,
            tape.is_sealed(),
            row.created,
        );
        call.context.store.insert_recording(&recording).await?;
    }
    let node = NodeId::parse(&row.node_id).map_err(ApiError::internal)?;
    let state = match (is_agents_log(call, &node, plan), is_ours(call, &node)) {
        (true, true) => DeliveryState::ByNode,
        // AWS's agent delivers by itself.
        (true, false) => return Ok(()),
        (false, _) if tape.is_some() => DeliveryState::Waiting,
        (false, _) => return Ok(()),
    };
    Ok(delivery::plan(call.context, id, &plan.inputs, state).await?)
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
        false => {
            let is_made_here = is_recorded(call, plan) && !is_hidden(plan);
            call.context.gateway.is_connected(node) && !is_made_here
        }
    }
}

fn is_ours(call: Call<'_>, node: &NodeId) -> bool {
    let node = call.context.gateway.connected_node(node);
    node.is_some_and(|node| node.is_ours)
}

fn is_recorded(call: Call<'_>, plan: &Plan) -> bool {
    let is_unseen = plan.document.properties().is_unseen();
    let is_off = call.context.config.recording == Recording::Off;
    !is_off && !is_unseen
}

fn is_hidden(plan: &Plan) -> bool {
    encryption::key_of(plan).is_some()
}
