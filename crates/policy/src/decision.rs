//! What an evaluation answers: the decision, and in words which statement of which policy made it.
//!
//! The words are for the audit trail. A caller is told what was denied and by which kind of policy, as AWS tells it,
//! never by which one.

use std::fmt;

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "only `Allowed` permits anything"]
pub enum Decision {
    /// Every kind of policy that must allow it does, and none denies it.
    Allowed {
        /// The first statement that does, of the policies that grant; boundaries and session policies only limit.
        by: StatementRef,
    },
    /// A statement denies it, whatever others allow.
    ExplicitDeny {
        /// The first such statement.
        by: StatementRef,
    },
    /// Nothing denies it, and not everything that must allow it does.
    ImplicitDeny {
        /// The first kind of policy that should have allowed it.
        missing: PolicyKind,
    },
}

/// What a policy is to a request. `Display` is AWS's word in refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    /// Of the user, its groups or the role: it grants.
    Identity,
    /// The permissions boundary of the user or role: it limits.
    Boundary,
    /// Given when the session's keys were made: it limits.
    Session,
    /// Of what the request is about: a role's trust policy.
    Resource,
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Resource => "resource-based policy",
        })
    }
}

/// A statement, for the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRef {
    /// What the policy is to the request.
    pub kind: PolicyKind,
    /// The policy's name or ARN.
    pub policy: String,
    /// The statement's Sid, or its place in the policy, from 0.
    pub statement: String,
}

impl fmt::Display for StatementRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            policy,
            statement,
        } = self;
        write!(f, "statement {statement} of the {kind} {policy}")
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed { by } => write!(f, "allowed by {by}"),
            Self::ExplicitDeny { by } => write!(f, "denied by {by}"),
            Self::ImplicitDeny { missing } => write!(f, "denied: no {missing} allows it"),
        }
    }
}
