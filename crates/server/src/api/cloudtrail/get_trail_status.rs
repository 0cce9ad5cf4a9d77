//! GetTrailStatus: whether the audit trail can be written, and how far signed heads prove it. What CloudTrail calls a
//! digest file is a head here: it is signed with a hash that covers every record before it.

use serde::{Deserialize, Serialize};

use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::store::AuditSelection;

/// The one trail.
const TRAIL: &str = "usher";

/// The operation.
pub(crate) struct GetTrailStatus;

/// Its input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
}

/// Its output, of CloudTrail's model what there is here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    /// False while records cannot be written, and no call that would owe one is served.
    is_logging: bool,
    /// Of the newest record.
    latest_delivery_time: Option<EpochSeconds>,
    /// When the last head was signed.
    latest_digest_delivery_time: Option<EpochSeconds>,
    latest_digest_delivery_error: Option<&'static str>,
}

impl Operation for GetTrailStatus {
    const SERVICE: Service = Service::CloudTrail;
    const NAME: &'static str = "GetTrailStatus";
    const ACCESS: Access<Input> = Access::Within {
        action: "cloudtrail:GetTrailStatus",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let arn = call.context.config.scope().trail(TRAIL);
        call.demand("cloudtrail:GetTrailStatus", &Resource::Arn(arn.clone()))
            .await?;
        if input.name != TRAIL && input.name != arn {
            return Err(ApiError::new(
                Code::TrailNotFound,
                format!(
                    "There is no trail {}: the one of this account is {arn}.",
                    input.name.escape_debug()
                ),
            ));
        }
        let newest = AuditSelection {
            by: None,
            from: i64::MIN,
            to: i64::MAX,
            before: i64::MAX,
        };
        let trail = &call.context.trail;
        let (is_logging, proof) = (trail.is_whole(), trail.proof());
        let rows = call.context.store.select_audit(&newest, 1).await?;
        Ok(Output {
            is_logging,
            latest_delivery_time: rows.first().map(|row| EpochSeconds(row.entry.event_time)),
            latest_digest_delivery_time: proof.signed_ms.map(EpochSeconds),
            latest_digest_delivery_error: proof.problem,
        })
    }
}
