//! What must hold before a session with a log may start, and the deliveries that it is started with.

use bytes::Bytes;
use serde_json::{Value, json};
use usher_policy::SessionInputs;
use usher_wire::ids::{NodeId, SessionId};
use usher_wire::session_log::log_key;

use crate::api::s3::check_encryption;
use crate::api::{Call, Service, find};
use crate::context::Context;
use crate::error::ApiError;
use crate::identity::{Caller, NodeScope, node_caller};
use crate::store::{DeliveryRow, DeliveryState, Sink, StoreError};

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
    /// The group or bucket could not be looked at.
    #[error(
        "The session was not started because encryption on the {kind} {name} cannot be checked: \
         {call} by {principal} failed: {cause}"
    )]
    Unchecked {
        /// What it is.
        kind: &'static str,
        /// Its name.
        name: String,
        /// What was asked.
        call: &'static str,
        /// As whom it was asked.
        principal: String,
        /// The answer.
        cause: String,
    },
}

/// Checks, as the node, what the sinks demand.
pub(crate) async fn demand(
    context: &Context,
    node: &NodeId,
    session: &SessionId,
    inputs: &SessionInputs,
) -> Result<Result<(), Undeliverable>, ApiError> {
    let scope = NodeScope {
        node: node.clone(),
        session: Some(session.clone()),
    };
    let caller = node_caller(context, scope).await?;
    for row in rows(session, inputs) {
        let demanded = demand_of(context, &caller, &row, inputs).await?;
        if demanded.is_err() {
            return Ok(demanded);
        }
    }
    Ok(Ok(()))
}

/// Checks, as `caller`, what the sink of one delivery demands.
pub(super) async fn demand_of(
    context: &Context,
    caller: &Caller,
    row: &DeliveryRow,
    inputs: &SessionInputs,
) -> Result<Result<(), Undeliverable>, ApiError> {
    match row.sink {
        Sink::Logs if inputs.cloud_watch.encryption_required => {
            let call = Call { context, caller };
            is_encrypted_group(call, &row.container).await
        }
        Sink::S3 if inputs.s3.encryption_required => {
            let checked = check_encryption(context, caller, &row.container).await;
            Ok(checked.map_err(|error| Undeliverable::Unchecked {
                kind: "S3 bucket",
                name: row.container.clone(),
                call: "s3:GetEncryptionConfiguration",
                principal: caller.arn.clone(),
                cause: error.to_string(),
            }))
        }
        Sink::Logs | Sink::S3 => Ok(Ok(())),
    }
}

async fn is_encrypted_group(
    call: Call<'_>,
    group: &str,
) -> Result<Result<(), Undeliverable>, ApiError> {
    let not_encrypted = |cause| {
        Ok(Err(Undeliverable::Unencrypted {
            group: group.to_owned(),
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
                    kind: "CloudWatch Logs log group",
                    name: group.to_owned(),
                    call: "logs:DescribeLogGroups",
                    principal: call.caller.arn.clone(),
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

/// Stores the deliveries that a session with these inputs asks for: the server's to make, or its node's.
pub(crate) async fn plan(
    context: &Context,
    session: &SessionId,
    inputs: &SessionInputs,
    state: DeliveryState,
) -> Result<(), StoreError> {
    for row in rows(session, inputs) {
        let row = DeliveryRow { state, ..row };
        context.store.insert_delivery(&row).await?;
    }
    Ok(())
}

/// The deliveries of a session with these inputs.
pub(super) fn rows(session: &SessionId, inputs: &SessionInputs) -> Vec<DeliveryRow> {
    let (logs, s3) = (&inputs.cloud_watch, &inputs.s3);
    let row = |sink, container: &String, name| {
        DeliveryRow::fresh(session.to_string(), sink, container.clone(), name)
    };
    let mut rows = Vec::new();
    if !logs.log_group.is_empty() {
        rows.push(DeliveryRow {
            streaming: logs.streaming,
            ..row(Sink::Logs, &logs.log_group, session.to_string())
        });
    }
    if !s3.bucket.is_empty() {
        let key = log_key(&s3.key_prefix, session.as_str());
        rows.push(row(Sink::S3, &s3.bucket, key));
    }
    rows
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
