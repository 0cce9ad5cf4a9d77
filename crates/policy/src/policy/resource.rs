//! Policies of resources that say themselves who may use them: KMS keys, buckets.
//!
//! They are read and judged as trust policies are; what differs is that a statement names its resources and that its
//! actions are those of one service.

use super::element::{OneOrNone, resource};
use super::principal::{self, Federation, Principals};
use super::trust::{TrustDecision, TrustPolicy, TrustedAs};
use super::{PolicyError, Statement, statements, texts};
use crate::Request;

/// A resource's own policy as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourcePolicy(TrustPolicy);

impl ResourcePolicy {
    /// Reads the policy of a resource of `service` (`kms`): every statement has principals, actions of that service, and
    /// resources.
    ///
    /// # Errors
    /// The first element that is malformed, unknown, or of no meaning in such a policy.
    pub fn parse(text: &str, service: &str) -> Result<Self, PolicyError> {
        let prefix = format!("{service}:");
        let statements = statements(text, |path, map, variables| {
            let principals = Principals::read(path, map, Federation::Unknown)?;
            for (key, value) in map.iter().filter(|(key, _)| key.ends_with("Action")) {
                let foreign =
                    |text: &&str| *text != "*" && !text.to_ascii_lowercase().starts_with(&prefix);
                if let Some(text) = texts(&format!("{path}.{key}"), value)?
                    .into_iter()
                    .find(foreign)
                {
                    return Err(PolicyError::ActionOfAnotherService(text.to_owned()));
                }
            }
            let elements = ["Resource", "NotResource"];
            let resources = OneOrNone::read(path, map, elements, |text| resource(text, variables))?;
            let own = [principal::ELEMENTS, elements].concat();
            let statement = Statement::read(path, map, variables, &own, resources)?;
            Ok((principals, statement))
        })?;
        Ok(Self(TrustPolicy { statements }))
    }

    /// Every account and ARN it names, for whoever must know that they exist.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        self.0.principals()
    }

    /// Decides whether the policy of the resource `name` lets a caller do `request`.
    pub fn judge(&self, name: &str, caller: TrustedAs<'_>, request: &Request<'_>) -> TrustDecision {
        self.0.judge(name, caller, request)
    }
}
