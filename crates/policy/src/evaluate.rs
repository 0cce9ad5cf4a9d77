//! The decision over identity policies: any Deny wins, then any Allow, else nothing is allowed.
//!
//! Pure: the same policies and request always give the same decision, and the decision names the statement that made it.

use std::borrow::Borrow;
use std::fmt;

use crate::policy::{Effect, Statement};
use crate::{Context, PolicyDocument};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `ssm:StartSession`.
    pub action: &'a str,
    /// The resource's ARN, or `*` for actions that have none.
    pub resource: &'a str,
    /// Condition keys, also the values of policy variables.
    pub context: &'a Context,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "only `Allowed` permits anything"]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allowed {
        /// The first such statement.
        by: StatementRef,
    },
    /// A statement denies it, whatever others allow.
    ExplicitDeny {
        /// The first such statement.
        by: StatementRef,
    },
    /// Nothing allows it.
    ImplicitDeny,
}

/// A statement, for the audit trail. Not for the caller: a denial says what was denied, not by which policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRef {
    /// The policy's name or ARN.
    pub policy: String,
    /// The statement's Sid, or its place in the policy, from 0.
    pub statement: String,
}

impl fmt::Display for StatementRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.policy, self.statement)
    }
}

/// Decides on a request by a principal's policies, each with its name or ARN.
pub fn evaluate<N, P>(policies: &[(N, P)], request: &Request<'_>) -> Decision
where
    N: AsRef<str>,
    P: Borrow<PolicyDocument>,
{
    if let Some(by) = first(policies, request, Effect::Deny) {
        return Decision::ExplicitDeny { by };
    }
    match first(policies, request, Effect::Allow) {
        Some(by) => Decision::Allowed { by },
        None => Decision::ImplicitDeny,
    }
}

/// Whether one of the statements that allow `request` also names, by a condition, the values that `key` may have.
///
/// For keys whose value decides more than the request itself: an Allow that says nothing of them was not meant for them.
pub fn is_allowed_within<N, P>(policies: &[(N, P)], request: &Request<'_>, key: &str) -> bool
where
    P: Borrow<PolicyDocument>,
{
    let key = key.to_ascii_lowercase();
    let mut statements = policies
        .iter()
        .flat_map(|(_, policy)| policy.borrow().statements());
    statements.any(|statement| {
        statement.effect == Effect::Allow
            && statement.constrains(&key)
            && statement.applies(request)
    })
}

/// The first statement with this effect that applies.
fn first<N, P>(policies: &[(N, P)], request: &Request<'_>, effect: Effect) -> Option<StatementRef>
where
    N: AsRef<str>,
    P: Borrow<PolicyDocument>,
{
    policies.iter().find_map(|(name, policy)| {
        let decides = |(_, statement): &(usize, &Statement)| {
            statement.effect == effect && statement.applies(request)
        };
        let (index, statement) = policy
            .borrow()
            .statements()
            .iter()
            .enumerate()
            .find(decides)?;
        Some(StatementRef {
            policy: name.as_ref().to_owned(),
            statement: statement.sid.clone().unwrap_or_else(|| index.to_string()),
        })
    })
}
