//! What is asked of a simulation: actions, resources and condition keys, and which page of the answers.
//!
//! Owns the bounds: how much policy text is weighed, and how many questions of one call.

use serde::Deserialize;
use usher_policy::Context as Keys;

use crate::api::iam::paging::Paging;
use crate::api::page;
use crate::codec::list;
use crate::error::{ApiError, Code};
use crate::limits;

/// The members that both operations have.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Question {
    #[serde(deserialize_with = "list")]
    action_names: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    resource_arns: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    permissions_boundary_policy_input_list: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    context_entries: Vec<ContextEntry>,
    resource_policy: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextEntry {
    context_key_name: String,
    #[serde(default, deserialize_with = "list")]
    context_key_values: Vec<String>,
    context_key_type: String,
}

/// Actions and resources of one page, and the marker of the next.
type AskedPage = (Vec<(String, String)>, Option<String>);

impl Question {
    /// Refuses what is too much, or asks for what a simulation here does not weigh.
    pub(super) fn check(&self, policies: &[String]) -> Result<(), ApiError> {
        let boundary = &self.permissions_boundary_policy_input_list;
        let bytes: usize = policies.iter().chain(boundary).map(String::len).sum();
        if bytes > limits::SIMULATED_POLICIES {
            return Err(invalid(format!(
                "The policies of one simulation have at most {} bytes together.",
                limits::SIMULATED_POLICIES
            )));
        }
        if self.resource_policy.is_some() {
            return Err(invalid(
                "ResourcePolicy is not weighed in a simulation: no resource but a role has a policy, and that is asked by \
                 AssumeRole itself.",
            ));
        }
        for action in &self.action_names {
            let is_action = action
                .split_once(':')
                .is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
            if !is_action || action.contains(['*', '?']) {
                return Err(invalid(format!(
                    "ActionNames: {} is not the name of one action, such as ssm:StartSession.",
                    action.escape_debug()
                )));
            }
        }
        let is_resource = |arn: &String| arn == "*" || arn.splitn(6, ':').count() == 6;
        match self.resource_arns.iter().find(|arn| !is_resource(arn)) {
            Some(arn) => Err(invalid(format!(
                "ResourceArns: {} must be in ARN format or \"*\".",
                arn.escape_debug()
            ))),
            None => Ok(()),
        }
    }

    /// The permissions boundary that is tried out.
    pub(super) fn boundary(&self) -> Result<Option<&str>, ApiError> {
        match self.permissions_boundary_policy_input_list.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            _ => Err(invalid(
                "PermissionsBoundaryPolicyInputList: an entity has one boundary.",
            )),
        }
    }

    /// The condition keys. The type says whether a key is a set.
    pub(super) fn keys(&self) -> Result<Keys, ApiError> {
        self.context_entries
            .iter()
            .try_fold(Keys::default(), |keys, entry| {
                let name = &entry.context_key_name;
                let values = entry.context_key_values.as_slice();
                match (entry.context_key_type.strip_suffix("List"), values) {
                    (Some(scalar), values) if is_scalar(scalar) => {
                        Ok(keys.with_set(name, values.iter().map(String::as_str)))
                    }
                    (None, [value]) if is_scalar(&entry.context_key_type) => {
                        Ok(keys.with(name, value))
                    }
                    (None, _) if is_scalar(&entry.context_key_type) => Err(invalid(format!(
                        "ContextEntries: {} is of type {} and must have one value.",
                        name.escape_debug(),
                        entry.context_key_type
                    ))),
                    _ => Err(invalid(format!(
                        "ContextEntries: {} is not a type of condition key.",
                        entry.context_key_type.escape_debug()
                    ))),
                }
            })
    }

    /// The questions of this page: every action on every resource, in that order.
    pub(super) fn page(&self) -> Result<AskedPage, ApiError> {
        let any = ["*".to_owned()];
        let resources = match self.resource_arns.as_slice() {
            [] => any.as_slice(),
            given => given,
        };
        let after = self.paging.after()?;
        let begin = match after.as_str() {
            "" => 0,
            number => number
                .parse()
                .map_err(|_| invalid("The Marker is not one that this operation returned."))?,
        };
        let limit = self.paging.limit()?.min(limits::SIMULATIONS);
        let total = self.action_names.len().saturating_mul(resources.len());
        let pairs = self
            .action_names
            .iter()
            .flat_map(|action| resources.iter().map(move |resource| (action, resource)));
        let page = pairs
            .skip(begin)
            .take(limit)
            .map(|(action, resource)| (action.clone(), resource.clone()));
        let end = begin.saturating_add(limit);
        let next = (end < total).then(|| page::token(&end.to_string()));
        Ok((page.collect(), next))
    }
}

fn is_scalar(name: &str) -> bool {
    ["string", "numeric", "boolean", "ip", "binary", "date"].contains(&name)
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(Code::InvalidInput, message)
}
