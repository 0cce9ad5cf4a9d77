//! The decision over several sets of policies (control-plane.md 7.5): any Deny wins; then the caller's identity policies
//! must allow, and the boundary and the session policies where they are set.
//!
//! Pure: the same policies and request always give the same decision, and the decision names the statement that made it.

use crate::decision::{Decision, PolicyKind, StatementRef};
use crate::policy::{Effect, Services, Statement};
use crate::{Context, NamedPolicy, PrincipalPolicies, TrustDecision};

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

/// A request made ready for many statements.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// In lower case, as actions are compared.
    pub(crate) action: String,
    pub(crate) services: Services,
    pub(crate) resource: &'a str,
    pub(crate) context: &'a Context,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(request: &Request<'a>) -> Self {
        let action = request.action.to_ascii_lowercase();
        Self {
            services: Services::of(&action),
            action,
            resource: request.resource,
            context: request.context,
        }
    }
}

/// Decides on a request by the caller's policies alone.
pub fn evaluate(policies: &PrincipalPolicies, request: &Request<'_>) -> Decision {
    decide(policies, &Asked::new(request))
}

fn decide(policies: &PrincipalPolicies, request: &Asked<'_>) -> Decision {
    if let Some(by) = denial(policies, request) {
        return Decision::ExplicitDeny { by };
    }
    match first(
        PolicyKind::Identity,
        &policies.identity,
        request,
        Effect::Allow,
    ) {
        Some(by) => within_limits(policies, request, by),
        None => Decision::ImplicitDeny {
            missing: PolicyKind::Identity,
        },
    }
}

/// Decides on a request where the resource's own policy must agree, as a role's trust policy must, and has said `trust`.
///
/// Being named there stands for an identity policy's permission. A user or a role session that is named by its own ARN
/// is not held back by what its boundary and session policies leave out; a role that is named still is.
pub fn evaluate_trusted(
    trust: TrustDecision,
    policies: &PrincipalPolicies,
    request: &Request<'_>,
) -> Decision {
    if let TrustDecision::ExplicitDeny { by } = trust {
        return Decision::ExplicitDeny { by };
    }
    let request = &Asked::new(request);
    if let Some(by) = denial(policies, request) {
        return Decision::ExplicitDeny { by };
    }
    match trust {
        TrustDecision::Named { by } => Decision::Allowed { by },
        TrustDecision::RoleNamed { by } => within_limits(policies, request, by),
        TrustDecision::WithOwnPolicies { .. } => decide(policies, request),
        TrustDecision::ExplicitDeny { by } => Decision::ExplicitDeny { by },
        TrustDecision::NotTrusted => Decision::ImplicitDeny {
            missing: PolicyKind::Resource,
        },
    }
}

/// Whether one of the statements that allow `request` also names, by a condition, the values that `key` may have.
///
/// For keys whose value decides more than the request itself: an Allow that says nothing of them was not meant for them.
#[must_use]
pub fn is_allowed_within(policies: &PrincipalPolicies, request: &Request<'_>, key: &str) -> bool {
    let (key, asked) = (key.to_ascii_lowercase(), Asked::new(request));
    let mut statements = policies
        .identity
        .iter()
        .flat_map(|policy| policy.document.statements());
    statements.any(|statement| {
        statement.effect == Effect::Allow && statement.constrains(&key) && statement.applies(&asked)
    })
}

/// What is granted by `by`, unless a limit that is set does not allow it.
fn within_limits(policies: &PrincipalPolicies, request: &Asked<'_>, by: StatementRef) -> Decision {
    let withholds = |(kind, limit): &(PolicyKind, Option<&[NamedPolicy]>)| {
        limit.is_some_and(|limit| first(*kind, limit, request, Effect::Allow).is_none())
    };
    match policies.limits().into_iter().find(withholds) {
        Some((missing, _)) => Decision::ImplicitDeny { missing },
        None => Decision::Allowed { by },
    }
}

/// The first statement of the caller's policies, limits included, that denies the request.
fn denial(policies: &PrincipalPolicies, request: &Asked<'_>) -> Option<StatementRef> {
    let granting = (PolicyKind::Identity, Some(policies.identity.as_slice()));
    let mut sets = std::iter::once(granting).chain(policies.limits());
    sets.find_map(|(kind, set)| first(kind, set.unwrap_or_default(), request, Effect::Deny))
}

/// The first statement with this effect that applies.
fn first(
    kind: PolicyKind,
    policies: &[NamedPolicy],
    request: &Asked<'_>,
    effect: Effect,
) -> Option<StatementRef> {
    policies.iter().find_map(|policy| {
        let decides = |(_, statement): &(usize, &Statement)| {
            statement.effect == effect && statement.applies(request)
        };
        let (index, statement) = policy
            .document
            .statements()
            .iter()
            .enumerate()
            .find(decides)?;
        Some(statement.reference(kind, &policy.name, index))
    })
}
