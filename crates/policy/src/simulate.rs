//! What a decision would be, for people who ask before they act: besides the decision every statement that bears on it,
//! and the condition keys that the policies ask for and nobody gave.
//!
//! The decision is [`evaluate`]'s own; a simulation that decided by other rules would be worse than none.

use std::collections::BTreeSet;

use crate::decision::{Decision, PolicyKind, StatementRef};
use crate::evaluate::{Asked, evaluate};
use crate::policy::Effect;
use crate::{NamedPolicy, PrincipalPolicies, Request};

/// The answer to a question that was only asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    /// As [`evaluate`] decides.
    pub decision: Decision,
    /// The statements that apply: those that deny, where one does; else those that grant. Limits are not among them.
    pub matched: Vec<MatchedStatement>,
    /// Whether the boundary allows it; `None` where there is none.
    pub allowed_by_boundary: Option<bool>,
    /// Keys that statements about the action ask for and the request lacks, each once, as the policies spell them.
    pub missing_keys: Vec<String>,
}

/// A statement that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedStatement {
    /// What decisions call it.
    pub by: StatementRef,
    /// Its place in the policy, from 0.
    pub index: usize,
}

/// Decides as [`evaluate`] does, and tells why in full.
#[must_use]
pub fn simulate(policies: &PrincipalPolicies, request: &Request<'_>) -> Simulation {
    let asked = Asked::new(request);
    let decision = evaluate(policies, request);
    let granting = (PolicyKind::Identity, policies.identity.as_slice());
    let limits = policies
        .limits()
        .map(|(kind, set)| (kind, set.unwrap_or_default()));
    let every_set = || std::iter::once(granting).chain(limits);
    let matched = match decision {
        Decision::ExplicitDeny { .. } => every_set()
            .flat_map(|(kind, set)| matching(kind, set, &asked, Effect::Deny))
            .collect(),
        Decision::Allowed { .. } | Decision::ImplicitDeny { .. } => {
            matching(granting.0, granting.1, &asked, Effect::Allow).collect()
        }
    };
    let allows = |boundary: &NamedPolicy| {
        let set = std::slice::from_ref(boundary);
        let any = |effect| {
            matching(PolicyKind::Boundary, set, &asked, effect)
                .next()
                .is_some()
        };
        any(Effect::Allow) && !any(Effect::Deny)
    };
    Simulation {
        decision,
        matched,
        allowed_by_boundary: policies.boundary.as_ref().map(allows),
        missing_keys: missing_keys(every_set().flat_map(|(_, set)| set), &asked),
    }
}

fn matching<'a>(
    kind: PolicyKind,
    set: &'a [NamedPolicy],
    asked: &'a Asked<'_>,
    effect: Effect,
) -> impl Iterator<Item = MatchedStatement> + 'a {
    set.iter().flat_map(move |policy| {
        let statements = policy.document.statements().iter().enumerate();
        statements
            .filter(move |(_, statement)| statement.effect == effect && statement.applies(asked))
            .map(move |(index, statement)| MatchedStatement {
                by: statement.reference(kind, &policy.name, index),
                index,
            })
    })
}

fn missing_keys<'a>(
    policies: impl Iterator<Item = &'a NamedPolicy>,
    asked: &Asked<'_>,
) -> Vec<String> {
    let mut seen = BTreeSet::new();
    policies
        .flat_map(|policy| policy.document.statements())
        .flat_map(|statement| statement.required_keys(asked))
        .filter(|key| !asked.context.has(key) && seen.insert(key.to_ascii_lowercase()))
        .map(str::to_owned)
        .collect()
}
