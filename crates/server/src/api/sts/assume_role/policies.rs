//! The session policies of AssumeRole: what the new keys may at most, beside what the role may.

use serde::Deserialize;
use usher_policy::PolicyDocument;

use super::Input;
use crate::api::Call;
use crate::error::{ApiError, Code};
use crate::identity::{SessionPolicies, find_managed_policy};
use crate::limits;

/// A managed policy as STS names it.
#[derive(Debug, Deserialize)]
pub(crate) struct PolicyDescriptor {
    arn: String,
}

/// The session policies that are asked for, if any are. An unknown one is refused: without it the keys would be less
/// limited than the caller believes.
pub(super) async fn read(
    call: Call<'_>,
    input: &Input,
) -> Result<Option<SessionPolicies>, ApiError> {
    if input.policy.is_none() && input.policy_arns.is_empty() {
        return Ok(None);
    }
    if let Some(document) = &input.policy {
        PolicyDocument::parse(document)
            .map_err(|error| ApiError::new(Code::MalformedPolicyDocument, error.to_string()))?;
    }
    let mut managed = Vec::new();
    for PolicyDescriptor { arn } in &input.policy_arns {
        let policy = find_managed_policy(call.context, arn).await?;
        let policy = policy.ok_or_else(|| {
            ApiError::new(
                Code::Validation,
                format!("Policy {arn} does not exist: PolicyArns must name managed policies of this account or of the service."),
            )
        })?;
        managed.push(policy.id);
    }
    Ok(Some(SessionPolicies {
        inline: input.policy.clone(),
        managed,
    }))
}

/// Refuses what is too much. AWS packs the texts and counts what that makes; we count characters.
pub(super) fn check(input: &Input) -> Result<(), ApiError> {
    if input.policy_arns.len() > limits::SESSION_POLICY_ARNS {
        let most = limits::SESSION_POLICY_ARNS;
        let rule = format!("Member must have length less than or equal to {most}");
        return Err(ApiError::constraint("policyArns", &rule));
    }
    if size(input) > limits::SESSION_POLICY {
        return Err(ApiError::new(
            Code::PackedPolicyTooLarge,
            format!(
                "Policy and PolicyArns have {} characters together, and {} are allowed: shorten the session policy.",
                size(input),
                limits::SESSION_POLICY
            ),
        ));
    }
    Ok(())
}

/// How much of what is allowed the session policies take, in per cent.
pub(super) fn packed_size(input: &Input) -> usize {
    (size(input) * 100).div_ceil(limits::SESSION_POLICY)
}

fn size(input: &Input) -> usize {
    let inline = input.policy.as_ref().map_or(0, |text| text.chars().count());
    let arns = input
        .policy_arns
        .iter()
        .map(|policy| policy.arn.chars().count());
    inline + arns.sum::<usize>()
}
