//! Whether somebody could ever do something: for reports on who has a power, where the circumstances of the day that they
//! use it are not known.
//!
//! Owns one invariant: whoever [`crate::evaluate`] would let do it in any circumstances could do it. The other way round
//! it errs toward naming too many, because two statements may hang on circumstances that never come together.

use crate::evaluate::Asked;
use crate::policy::{Certainty, Effect, Meant};
use crate::{
    Context, NamedPolicy, PolicyKind, PrincipalPolicies, Request, StatementRef, TrustPolicy,
    TrustedAs,
};

/// A request that somebody may make whenever, from wherever and with whatever they choose.
///
/// Keys that `request.context` has are known, and so are `settled` ones that it lacks; every other key is open. Of a
/// set, such as `aws:TagKeys`, the members that it has are known, and there may be more.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// What is known of it.
    pub request: Request<'a>,
    /// Beginnings of keys, in lower case, that are absent where the context lacks them.
    pub settled: &'a [&'a str],
    /// A key, in lower case, that is there with a value of the requester's choice.
    pub chosen: Option<&'a str>,
}

/// How it could be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Possibility {
    /// The statement that would allow it.
    pub by: StatementRef,
    /// The open keys that it hangs on, each once, as policies spell them. Empty: it is allowed in any circumstances.
    pub depends_on: Vec<String>,
}

impl<'a> Attempt<'a> {
    pub(crate) fn is_open(&self, key: &str) -> bool {
        let key = key.to_ascii_lowercase();
        let is_settled = self.settled.iter().any(|begin| key.starts_with(begin));
        !self.request.context.has(&key) && !is_settled
    }

    pub(crate) fn is_chosen(&self, key: &str) -> bool {
        self.chosen == Some(key)
    }

    pub(crate) fn context(&self) -> &'a Context {
        self.request.context
    }
}

/// How `attempt` could be allowed by the requester's policies; none if it is denied in all circumstances.
#[must_use]
pub fn could_be_allowed(
    policies: &PrincipalPolicies,
    attempt: &Attempt<'_>,
) -> Option<Possibility> {
    let asked = Asked::new(&attempt.request);
    let doubts = doubts(policies, attempt, &asked)?;
    let granted = allowing(PolicyKind::Identity, &policies.identity, attempt, &asked)?;
    within_limits(policies, attempt, &asked, granted, doubts)
}

/// The same where the resource's own policy must agree, as a role's trust policy must. `name` is the role's.
#[must_use]
pub fn could_be_trusted(
    trust: &TrustPolicy,
    name: &str,
    caller: TrustedAs<'_>,
    policies: &PrincipalPolicies,
    attempt: &Attempt<'_>,
) -> Option<Possibility> {
    let asked = Asked::new(&attempt.request);
    let trusted = trust.could_trust(name, caller, attempt)?;
    let mut doubts = doubts(policies, attempt, &asked)?;
    let by_trust = Possibility {
        by: trusted.by,
        depends_on: trusted.depends_on.clone(),
    };
    match trusted.meant {
        Meant::ByName => Some(by_trust.hanging_on(doubts)),
        Meant::ByRole => within_limits(policies, attempt, &asked, by_trust, doubts),
        Meant::AmongOthers => {
            doubts.extend(trusted.depends_on);
            let granted = allowing(PolicyKind::Identity, &policies.identity, attempt, &asked)?;
            within_limits(policies, attempt, &asked, granted, doubts)
        }
    }
}

/// Whether a statement that could allow `attempt`, on either side, names the values that its chosen key may have.
#[must_use]
pub fn could_be_bound(
    trust: &TrustPolicy,
    caller: TrustedAs<'_>,
    policies: &PrincipalPolicies,
    attempt: &Attempt<'_>,
) -> bool {
    let asked = Asked::new(&attempt.request);
    attempt.chosen.is_some_and(|key| {
        let own = policies.identity.iter();
        trust.could_bind(caller, attempt, key)
            || own
                .flat_map(|policy| policy.document.statements())
                .any(|statement| statement.could_bind(attempt, &asked, key))
    })
}

/// The open keys of denials that may not come true; none if one is certain.
fn doubts(
    policies: &PrincipalPolicies,
    attempt: &Attempt<'_>,
    asked: &Asked<'_>,
) -> Option<Vec<String>> {
    let limits = policies
        .limits()
        .into_iter()
        .flat_map(|(_, set)| set.unwrap_or_default());
    let denials = policies
        .identity
        .iter()
        .chain(limits)
        .flat_map(|policy| policy.document.statements())
        .filter(|statement| statement.effect == Effect::Deny);
    let mut doubts = Vec::new();
    for denial in denials {
        let applies = denial.applies_to(attempt, asked);
        match applies.certainty {
            Certainty::Always => return None,
            Certainty::Perhaps => doubts.extend(applies.depends_on),
            Certainty::Never => {}
        }
    }
    Some(doubts)
}

/// The statement that could allow it and hangs on the least.
fn allowing(
    kind: PolicyKind,
    policies: &[NamedPolicy],
    attempt: &Attempt<'_>,
    asked: &Asked<'_>,
) -> Option<Possibility> {
    let candidates = policies.iter().flat_map(|policy| {
        let statements = policy.document.statements().iter().enumerate();
        statements
            .filter(|(_, statement)| statement.effect == Effect::Allow)
            .filter_map(move |(index, statement)| {
                let applies = statement.applies_to(attempt, asked);
                (applies.certainty != Certainty::Never).then(|| Possibility {
                    by: statement.reference(kind, &policy.name, index),
                    depends_on: applies.depends_on,
                })
            })
    });
    candidates.min_by_key(|candidate| candidate.depends_on.len())
}

fn within_limits(
    policies: &PrincipalPolicies,
    attempt: &Attempt<'_>,
    asked: &Asked<'_>,
    granted: Possibility,
    mut doubts: Vec<String>,
) -> Option<Possibility> {
    for (kind, limit) in policies.limits() {
        if let Some(limit) = limit {
            doubts.extend(allowing(kind, limit, attempt, asked)?.depends_on);
        }
    }
    Some(granted.hanging_on(doubts))
}

impl Possibility {
    fn hanging_on(mut self, doubts: Vec<String>) -> Self {
        self.depends_on.extend(doubts);
        let mut seen = std::collections::BTreeSet::new();
        self.depends_on
            .retain(|key| seen.insert(key.to_ascii_lowercase()));
        self
    }
}

#[cfg(test)]
mod tests;
