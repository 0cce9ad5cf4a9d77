//! Session policies: what the keys of an assumed role may at most, beside what the role may.

use serde::Deserialize;
use usher_policy::PolicyDocument;

use crate::api::Call;
use crate::codec::list;
use crate::error::{ApiError, Code};
use crate::identity::{SessionPolicies, find_managed_policy};
use crate::limits;

/// A managed policy as STS names it.
#[derive(Debug, Deserialize)]
struct PolicyDescriptor {
    arn: String,
}

/// The members by which a call asks for them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Asked {
    policy: Option<String>,
    #[serde(default, deserialize_with = "list")]
    policy_arns: Vec<PolicyDescriptor>,
}

impl Asked {
    /// The session policies that are asked for, if any are. An unknown one is refused: without it the keys would be less
    /// limited than the caller believes.
    pub(super) async fn read(&self, call: Call<'_>) -> Result<Option<SessionPolicies>, ApiError> {
        if self.is_nothing() {
            return Ok(None);
        }
        if let Some(document) = &self.policy {
            PolicyDocument::parse(document)
                .map_err(|error| ApiError::new(Code::MalformedPolicyDocument, error.to_string()))?;
        }
        let mut managed = Vec::new();
        for PolicyDescriptor { arn } in &self.policy_arns {
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
            inline: self.policy.clone(),
            managed,
        }))
    }

    /// Refuses what is too much. AWS packs the texts and counts what that makes; we count characters.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        if self.policy_arns.len() > limits::SESSION_POLICY_ARNS {
            let most = limits::SESSION_POLICY_ARNS;
            let rule = format!("Member must have length less than or equal to {most}");
            return Err(ApiError::constraint("policyArns", &rule));
        }
        if self.size() > limits::SESSION_POLICY {
            return Err(ApiError::new(
                Code::PackedPolicyTooLarge,
                format!(
                    "Policy and PolicyArns have {} characters together, and {} are allowed: shorten the session policy.",
                    self.size(),
                    limits::SESSION_POLICY
                ),
            ));
        }
        Ok(())
    }

    /// How much of what is allowed the session policies take, in per cent; none where there are none.
    pub(super) fn packed_size(&self) -> Option<usize> {
        (!self.is_nothing()).then(|| (self.size() * 100).div_ceil(limits::SESSION_POLICY))
    }

    fn is_nothing(&self) -> bool {
        self.policy.is_none() && self.policy_arns.is_empty()
    }

    fn size(&self) -> usize {
        let inline = self.policy.as_ref().map_or(0, |text| text.chars().count());
        let arns = self
            .policy_arns
            .iter()
            .map(|policy| policy.arn.chars().count());
        inline + arns.sum::<usize>()
    }
}
