//! What must hold before a session with a log may start, and the delivery that it is started with.

use bytes::Bytes;
use serde_json::{Value, json};
use usher_policy::{CloudWatchSink, SessionInputs};
use usher_wire::ids::{NodeId, SessionId};

use crate::api::{Call, Service, find};
use crate::config::Recording;
use crate::context::Context;
use crate::error::ApiError;
use crate::identity::{NodeScope, node_caller};
use crate::store::{DeliveryRow, DeliveryState, StoreError};

/// Why a session with this log does not start. `Display` is for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Undeliverable {
    /// Logs are made from recordings.
    #[error(
        "The preferences or the session document ask for a session log, and this server records no sessions \
         (recording = \"off\" in its settings): the session is not started without it."
    )]
    NoRecording,
    /// The group has no KMS key, or does not exist.
    #[error(
        "The session was not started because encryption is not set up on the CloudWatch Logs log group {group}: \
         {cause}. Encrypt the log group, or choose logging without encryption in the preferences."
    )]
    Unencrypted {
        /// Its name.
        group: String,
        /// Which of the two.
        cause: &'static str,
    },
    /// The group could not be looked at.
    #[error(
        "The session was not started because encryption on the CloudWatch Logs log group {group} cannot be checked: \
         logs:DescribeLogGroups by {principal} failed: {cause}"
    )]
    Unchecked {
        /// Its name.
        group: String,
        /// As whom it was asked.
        principal: String,
        /// The answer.
        cause: String,
    },
}

/// Checks, as the node, what the sink demands.
pub(crate) async fn demand(
    context: &Context,
    node: &NodeId,
    session: &SessionId,
    sink: &CloudWatchSink,
) -> Result<Result<(), Undeliverable>, ApiError> {
    let group = &sink.log_group;
    if group.is_empty() {
        return Ok(Ok(()));
    }
    if context.config.recording == Recording::Off {
        return Ok(Err(Undeliverable::NoRecording));
    }
    if !sink.encryption_required {
        return Ok(Ok(()));
    }
    let scope = NodeScope {
        node: node.clone(),
        session: Some(session.clone()),
    };
    let caller = node_caller(context, scope).await?;
    let call = Call {
        context,
        caller: &caller,
    };
    let not_encrypted = |cause| {
        Ok(Err(Undeliverable::Unencrypted {
            group: group.clone(),
            cause,
        }))
    };
    let mut token = Value::Null;
    loop {
        let input = json!({"logGroupNamePrefix": group, "nextToken": token});
        let page = match invoke(call, "DescribeLogGroups", &input).await {
            Ok(page) => page,
            Err(error) => {
                return Ok(Err(Undeliverable::Unchecked {
                    group: group.clone(),
                    principal: caller.arn.clone(),
                    cause: error.message().to_owned(),
                }));
            }
        };
        let groups = page.get("logGroups").and_then(Value::as_array);
        let is_it =
            |found: &&Value| found.get("logGroupName").and_then(Value::as_str) == Some(group);
        if let Some(found) = groups.and_then(|groups| groups.iter().find(is_it)) {
            return match found.get("kmsKeyId").is_some_and(Value::is_string) {
                true => Ok(Ok(())),
                false => not_encrypted("it has no KMS key"),
            };
        }
        match page.get("nextToken").filter(|token| token.is_string()) {
            Some(next) => token = next.clone(),
            None => return not_encrypted("it does not exist"),
        }
    }
}

/// Stores the delivery that a session with these inputs asks for.
pub(crate) async fn plan(
    context: &Context,
    session: &SessionId,
    inputs: &SessionInputs,
) -> Result<(), StoreError> {
    let sink = &inputs.cloud_watch;
    if sink.log_group.is_empty() {
        return Ok(());
    }
    let row = DeliveryRow {
        session_id: session.to_string(),
        sink: "logs".to_owned(),
        container: sink.log_group.clone(),
        name: session.to_string(),
        streaming: sink.streaming,
        state: DeliveryState::Waiting,
        attempts: 0,
        next_try: 0,
        place: String::new(),
        problem: None,
    };
    context.store.insert_delivery(&row).await
}

/// Calls an operation of CloudWatch Logs with everything that a call over the wire goes through after its signature.
pub(super) async fn invoke(
    call: Call<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    let entry = find(Service::Logs, operation)
        .ok_or_else(|| ApiError::internal("an operation of CloudWatch Logs is not served"))?;
    (entry.serve)(call, &Bytes::from(input.to_string())).await
}
