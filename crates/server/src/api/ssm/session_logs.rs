//! `DescribeSessionLogs`, `RetrySessionLogs` and `TestSessionLogs`, which AWS does not have: how the deliveries of a
//! session's log stand, another try of those that failed, and a trial of what the preferences want.

use serde::{Deserialize, Serialize};

use usher_wire::ids::NodeId;

use super::session::demand_session;
use super::start_session::fresh_id;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::delivery::try_out;
use crate::documents::preferences;
use crate::error::ApiError;
use crate::identity::Resource;
use crate::store::{DeliveryRow, DeliveryState, Sink};

/// Tells how they stand.
pub(crate) struct DescribeSessionLogs;
/// Tries again.
pub(crate) struct RetrySessionLogs;

/// Delivers a line as a session of a node would its log, wherever the preferences in force want logs.
pub(crate) struct TestSessionLogs;

/// Which node's.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TestInput {
    target: String,
}

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
    /// `logs` for CloudWatch Logs, `s3` for S3.
    sink: &'static str,
    log_group_name: Option<String>,
    log_stream_name: Option<String>,
    #[serde(rename = "S3BucketName")]
    s3_bucket_name: Option<String>,
    #[serde(rename = "S3Key")]
    s3_key: Option<String>,
    /// `node` while the node's agent writes it, `waiting`, `done` or `failed`.
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
        let is_of = |sink| (row.sink == sink).then(|| (row.container.clone(), row.name.clone()));
        let (log_group_name, log_stream_name) = is_of(Sink::Logs).unzip();
        let (s3_bucket_name, s3_key) = is_of(Sink::S3).unzip();
        Self {
            sink: row.sink.as_str(),
            log_group_name,
            log_stream_name,
            s3_bucket_name,
            s3_key,
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

impl Operation for TestSessionLogs {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "TestSessionLogs";
    const ACCESS: Access<TestInput> = Access::Policy {
        action: "ssm:TestSessionLogs",
        on: |input| Resource::Node(input.target.clone()),
    };
    type Input = TestInput;
    type Output = Output;

    async fn run(call: Call<'_>, input: TestInput) -> Result<Output, ApiError> {
        let node = NodeId::parse(&input.target).map_err(|_| {
            ApiError::constraint("target", "Member must be the id of a managed node")
        })?;
        let inputs = preferences(call.context).await?.effective(None);
        let name = fresh_id("usher-trial")?;
        let tried = try_out(call.context, &node, &name, &inputs).await?;
        Ok(Output {
            logs: tried.into_iter().map(Log::from).collect(),
        })
    }
}

async fn logs(call: Call<'_>, session_id: &str) -> Result<Output, ApiError> {
    let rows = call.context.store.deliveries_of(session_id).await?;
    Ok(Output {
        logs: rows.into_iter().map(Log::from).collect(),
    })
}
