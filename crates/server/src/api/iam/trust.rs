//! A trust policy on its way into the database: readable, and naming only who exists.
//!
//! What is kept with it is the id behind each name, so that a role never trusts a later user or role of that name.

use usher_policy::TrustPolicy;

use crate::api::Call;
use crate::error::{ApiError, Code};
use crate::identity::{PrincipalError, principal_ids};
use crate::limits;
use crate::store::TrustRow;

/// Reads a trust policy and finds out whom it means.
pub(super) async fn checked(call: Call<'_>, document: String) -> Result<TrustRow, ApiError> {
    let malformed = |sentence: String| ApiError::new(Code::MalformedPolicyDocument, sentence);
    let size = document.chars().filter(|c| !c.is_whitespace()).count();
    if size > limits::TRUST_POLICY {
        return Err(ApiError::new(
            Code::LimitExceeded,
            format!(
                "Cannot exceed quota for ACLSizePerRole: {}",
                limits::TRUST_POLICY
            ),
        ));
    }
    let policy = TrustPolicy::parse(&document).map_err(|error| malformed(error.to_string()))?;
    let ids = principal_ids(call.context, policy.principals())
        .await
        .map_err(|error| match error {
            PrincipalError::Unknown(_) => malformed(error.to_string()),
            PrincipalError::Store(error) => error.into(),
        })?;
    let ids = serde_json::to_string(&ids).map_err(ApiError::internal)?;
    Ok(TrustRow { document, ids })
}
