//! `PutRetentionPolicy`, `DeleteRetentionPolicy`. What is past its days is hidden at once and removed within the hour.

use serde::Deserialize;

use super::found::{group, group_resource, invalid};
use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;

/// The days that AWS has.
const DAYS: [i64; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

pub(crate) struct PutRetentionPolicy;
pub(crate) struct DeleteRetentionPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutInput {
    log_group_name: String,
    retention_in_days: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteInput {
    log_group_name: String,
}

impl Operation for PutRetentionPolicy {
    const SERVICE: Service = Service::Logs;
    const NAME: &'static str = "PutRetentionPolicy";
    const ACCESS: Access<PutInput> = Access::Policy {
        action: "logs:PutRetentionPolicy",
        on: |input| group_resource(&input.log_group_name),
    };
    type Input = PutInput;
    type Output = ();

    async fn run(call: Call<'_>, input: PutInput) -> Result<(), ApiError> {
        let row = group(call, &input.log_group_name).await?;
        if !DAYS.contains(&input.retention_in_days) {
            return Err(invalid(format!("retentionInDays must be one of {DAYS:?}.")));
        }
        let days = Some(input.retention_in_days);
        Ok(call
            .context
            .store
            .set_retention(&row.group_id, days)
            .await?)
    }
}

impl Operation for DeleteRetentionPolicy {
    const SERVICE: Service = Service::Logs;
    const NAME: &'static str = "DeleteRetentionPolicy";
    const ACCESS: Access<DeleteInput> = Access::Policy {
        action: "logs:DeleteRetentionPolicy",
        on: |input| group_resource(&input.log_group_name),
    };
    type Input = DeleteInput;
    type Output = ();

    async fn run(call: Call<'_>, input: DeleteInput) -> Result<(), ApiError> {
        let row = group(call, &input.log_group_name).await?;
        Ok(call
            .context
            .store
            .set_retention(&row.group_id, None)
            .await?)
    }
}
