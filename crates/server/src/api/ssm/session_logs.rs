//! `DescribeSessionLogs` and `RetrySessionLogs`, which AWS does not have: how the deliveries of a session's log stand, and
//! another try of those that failed.

use serde::{Deserialize, Serialize};

use super::session::demand_session;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::error::ApiError;
use crate::store::{DeliveryRow, DeliveryState};

/// Tells how they stand.
pub(crate) struct DescribeSessionLogs;
/// Tries again.
pub(crate) struct RetrySessionLogs;

/// Which session's.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    session_id: String,
}

/// All of a session's.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    logs: Vec<Log>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Log {
    /// `logs`, for CloudWatch Logs.
    sink: String,
    log_group_name: String,
    log_stream_name: String,
    /// `waiting`, `done` or `failed`.
    state: &'static str,
    /// Tries that failed one after the other.
    failed_tries: i64,
    /// When it is tried again, if it waits for that.
    next_try: Option<EpochSeconds>,
    problem: Option<String>,
}

impl From<DeliveryRow> for Log {
    fn from(row: DeliveryRow) -> Self {
        let waits = row.state == DeliveryState::Waiting && row.attempts > 0;
        Self {
            sink: row.sink,
            log_group_name: row.container,
            log_stream_name: row.name,
            state: row.state.as_str(),
            failed_tries: row.attempts,
            next_try: waits.then_some(EpochSeconds(row.next_try)),
            problem: row.problem,
        }
    }
}

impl Operation for DescribeSessionLogs {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "DescribeSessionLogs";
    const ACCESS: Access<Input> = Access::Within {
        action: "ssm:DescribeSessionLogs",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let session = demand_session(&call, "ssm:DescribeSessionLogs", &input.session_id).await?;
        logs(call, &session.session_id).await
    }
}

impl Operation for RetrySessionLogs {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "RetrySessionLogs";
    const ACCESS: Access<Input> = Access::Within {
        action: "ssm:RetrySessionLogs",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let session = demand_session(&call, "ssm:RetrySessionLogs", &input.session_id).await?;
        let (store, now) = (&call.context.store, call.context.now());
        store.retry_deliveries(&session.session_id, now).await?;
        call.context.recordings.wake_delivery();
        logs(call, &session.session_id).await
    }
}

async fn logs(call: Call<'_>, session_id: &str) -> Result<Output, ApiError> {
    let rows = call.context.store.deliveries_of(session_id).await?;
    Ok(Output {
        logs: rows.into_iter().map(Log::from).collect(),
    })
}
