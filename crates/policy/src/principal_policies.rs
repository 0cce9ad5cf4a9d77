//! The policies that bear on a caller, each in its part: those that grant, and those that only limit.
//!
//! Invariant: a boundary or session policy that is set and cannot be had is not "none". Who gathers the policies must
//! fail instead, because an absent limit is no limit.

use std::sync::Arc;

use crate::{PolicyDocument, PolicyKind};

/// A policy with the name that decisions give for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPolicy {
    /// The name of an inline policy, the ARN of a managed one.
    pub name: String,
    /// What it says.
    pub document: Arc<PolicyDocument>,
}

impl NamedPolicy {
    /// A policy under its name.
    pub fn new(name: impl Into<String>, document: impl Into<Arc<PolicyDocument>>) -> Self {
        Self {
            name: name.into(),
            document: document.into(),
        }
    }
}

/// Everything that the caller's side says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrincipalPolicies {
    /// A user's inline, attached and group policies, or a role's inline and attached ones. They grant, together.
    pub identity: Vec<NamedPolicy>,
    /// The permissions boundary of the user or role. Where it is set, it must allow too.
    pub boundary: Option<NamedPolicy>,
    /// The session policies that the caller's keys were made with. Where they are set, one of them must allow too; an
    /// empty list allows nothing.
    pub session: Option<Vec<NamedPolicy>>,
}

impl PrincipalPolicies {
    /// Only policies that grant.
    #[must_use]
    pub fn granting(identity: Vec<NamedPolicy>) -> Self {
        Self {
            identity,
            ..Self::default()
        }
    }

    /// The policies that only limit; none where they are not set.
    pub(crate) fn limits(&self) -> [(PolicyKind, Option<&[NamedPolicy]>); 2] {
        let boundary = self.boundary.as_ref().map(std::slice::from_ref);
        [
            (PolicyKind::Boundary, boundary),
            (PolicyKind::Session, self.session.as_deref()),
        ]
    }
}
