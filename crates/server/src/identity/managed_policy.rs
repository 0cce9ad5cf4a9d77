//! Managed policies by ARN, the only name they have in calls.

use crate::context::Context;
use crate::error::ApiError;
use crate::store::{EntityRow, Kind};

/// The managed policy with exactly this ARN, of this account or of the service.
pub(crate) async fn find_managed_policy(
    context: &Context,
    arn: &str,
) -> Result<Option<EntityRow>, ApiError> {
    let scope = context.config.scope();
    let name = arn.rsplit('/').next().unwrap_or_default();
    for kind in [Kind::Policy, Kind::AwsPolicy] {
        let found = context.store.entity_named(kind, name).await?;
        if let Some(policy) = found.filter(|policy| scope.arn_of(policy) == arn) {
            return Ok(Some(policy));
        }
    }
    Ok(None)
}
