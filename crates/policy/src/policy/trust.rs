//! Trust policies: who may assume a role.
//!
//! Pure, like the rest of the room. It knows callers only by the names it is given: whether a name still belongs to whom
//! it belonged when the policy was stored is for the giver to see to.

use super::element::OneOrNone;
use super::principal::{self, Federation, Meant, Principals};
use super::{Effect, PolicyError, Statement, statements};
use crate::evaluate::Asked;
use crate::{PolicyKind, Request, StatementRef};

/// A role's trust policy as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustPolicy {
    pub(super) statements: Vec<(Principals, Statement)>,
}

/// Under which names a trust policy may mean a caller.
#[derive(Debug, Clone, Copy)]
pub struct TrustedAs<'a> {
    /// The caller's account, 12 digits.
    pub account: &'a str,
    /// ARNs that stand for the caller: the user's, or the role's and the role session's, or the identity provider's that
    /// vouches for it.
    pub arns: &'a [String],
}

/// What a trust policy says to a caller, and by which of its statements.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a caller that is not trusted must be refused"]
pub enum TrustDecision {
    /// It names the user or the role session itself; that alone is enough.
    Named {
        /// The statement.
        by: StatementRef,
    },
    /// It names the role that the caller has assumed: enough, within the limits of the caller's keys.
    RoleNamed {
        /// The statement.
        by: StatementRef,
    },
    /// It trusts the caller's account or everybody: the caller's own policies must allow it too.
    WithOwnPolicies {
        /// The statement.
        by: StatementRef,
    },
    /// A statement denies it, whatever others allow.
    ExplicitDeny {
        /// The statement.
        by: StatementRef,
    },
    /// No statement trusts the caller with this.
    NotTrusted,
}

impl TrustPolicy {
    /// Reads a trust policy: every statement says whom it means, none has a `Resource`.
    ///
    /// # Errors
    /// The first element that is malformed, unknown, or of no meaning in a trust policy.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let statements = statements(text, |path, map, variables| {
            if let Some(key) = ["Resource", "NotResource"]
                .into_iter()
                .find(|key| map.contains_key(*key))
            {
                return Err(PolicyError::ResourceInTrustPolicy {
                    path: format!("{path}.{key}"),
                });
            }
            let principals = Principals::read(path, map, Federation::Trusted)?;
            for (key, value) in map.iter().filter(|(key, _)| key.ends_with("Action")) {
                let foreign = |text: &&str| !text.to_ascii_lowercase().starts_with("sts:");
                if let Some(text) = super::texts(&format!("{path}.{key}"), value)?
                    .into_iter()
                    .find(foreign)
                {
                    return Err(PolicyError::ActionInTrustPolicy(text.to_owned()));
                }
            }
            // The resource is the role that has the policy: no pattern excludes it.
            let resources = OneOrNone::NoneOf(Vec::new());
            let statement = Statement::read(path, map, variables, &principal::ELEMENTS, resources)?;
            Ok((principals, statement))
        })?;
        Ok(Self { statements })
    }

    /// Every account and ARN it names, for whoever must know that they exist.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        self.statements
            .iter()
            .flat_map(|(principals, _)| principals.names())
    }

    /// Decides whether the role `name` trusts a caller with `request`.
    pub fn judge(&self, name: &str, caller: TrustedAs<'_>, request: &Request<'_>) -> TrustDecision {
        let asked = Asked::new(request);
        let mut strongest: Option<(Meant, StatementRef)> = None;
        for (index, (principals, statement)) in self.statements.iter().enumerate() {
            let Some(meant) = principals
                .mean(caller)
                .filter(|_| statement.applies(&asked))
            else {
                continue;
            };
            let by = || statement.reference(PolicyKind::Resource, name, index);
            match statement.effect {
                Effect::Deny => return TrustDecision::ExplicitDeny { by: by() },
                Effect::Allow if strongest.as_ref().is_some_and(|(best, _)| *best >= meant) => {}
                Effect::Allow => strongest = Some((meant, by())),
            }
        }
        match strongest {
            Some((Meant::ByName, by)) => TrustDecision::Named { by },
            Some((Meant::ByRole, by)) => TrustDecision::RoleNamed { by },
            Some((Meant::AmongOthers, by)) => TrustDecision::WithOwnPolicies { by },
            None => TrustDecision::NotTrusted,
        }
    }

    /// Whether one of the statements that trust the caller with `request` also names, by a condition, the values that
    /// `key` may have.
    #[must_use]
    pub fn is_allowed_within(
        &self,
        caller: TrustedAs<'_>,
        request: &Request<'_>,
        key: &str,
    ) -> bool {
        let (key, asked) = (key.to_ascii_lowercase(), Asked::new(request));
        self.statements.iter().any(|(principals, statement)| {
            statement.effect == Effect::Allow
                && statement.constrains(&key)
                && principals.mean(caller).is_some()
                && statement.applies(&asked)
        })
    }
}
