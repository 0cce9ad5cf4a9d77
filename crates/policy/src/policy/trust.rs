//! Trust policies: who may assume a role.
//!
//! Pure, like the rest of the room. It knows callers only by the names it is given: whether a name still belongs to whom
//! it belonged when the policy was stored is for the giver to see to.

use super::principal::{self, Principal};
use super::{Effect, OneOrNone, PolicyError, Statement, statements};
use crate::Request;

/// A role's trust policy as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustPolicy {
    statements: Vec<(Vec<Principal>, Statement)>,
}

/// Under which names a trust policy may mean a caller.
#[derive(Debug, Clone, Copy)]
pub struct TrustedAs<'a> {
    /// The caller's account, 12 digits.
    pub account: &'a str,
    /// ARNs that stand for the caller: the user's, or the role's and the role session's.
    pub arns: &'a [String],
}

/// What a trust policy says to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a caller that is not trusted must be refused"]
pub enum TrustDecision {
    /// It names the caller; that alone is enough.
    Named,
    /// It trusts the caller's account or everybody: the caller's own policies must allow it too.
    WithOwnPolicies,
    /// A statement denies it, whatever others allow.
    ExplicitDeny,
    /// No statement trusts the caller with this.
    NotTrusted,
}

impl TrustPolicy {
    /// Reads a trust policy: every statement has a `Principal`, none has a `Resource`.
    ///
    /// # Errors
    /// The first element that is malformed, unknown, or of no meaning in a trust policy.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let statements = statements(text, |path, map, variables| {
            if map.contains_key("NotPrincipal") {
                return Err(PolicyError::NotPrincipal {
                    path: format!("{path}.NotPrincipal"),
                });
            }
            if let Some(key) = ["Resource", "NotResource"]
                .into_iter()
                .find(|key| map.contains_key(*key))
            {
                return Err(PolicyError::ResourceInTrustPolicy {
                    path: format!("{path}.{key}"),
                });
            }
            let principals = format!("{path}.Principal");
            let principals = match map.get("Principal") {
                Some(value) => principal::read(&principals, value)?,
                None => return Err(PolicyError::MissingElement { path: principals }),
            };
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
            let statement = Statement::read(path, map, variables, &["Principal"], resources)?;
            Ok((principals, statement))
        })?;
        Ok(Self { statements })
    }

    /// Every account and ARN it names, for whoever must know that they exist.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        self.statements
            .iter()
            .flat_map(|(principals, _)| principals)
            .filter_map(|principal| match principal {
                Principal::Account(name) | Principal::Named(name) => Some(name.as_str()),
                Principal::Everybody | Principal::Service => None,
            })
    }

    /// Decides whether the role trusts a caller with `request`.
    pub fn judge(&self, caller: TrustedAs<'_>, request: &Request<'_>) -> TrustDecision {
        let mut decision = TrustDecision::NotTrusted;
        for (principals, statement) in &self.statements {
            let trusted = principals
                .iter()
                .filter_map(|principal| principal.means(caller))
                .reduce(|one, other| {
                    if one == TrustDecision::Named {
                        one
                    } else {
                        other
                    }
                });
            let Some(trusted) = trusted.filter(|_| statement.applies(request)) else {
                continue;
            };
            match statement.effect {
                Effect::Deny => return TrustDecision::ExplicitDeny,
                Effect::Allow if decision == TrustDecision::Named => {}
                Effect::Allow => decision = trusted,
            }
        }
        decision
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
        let key = key.to_ascii_lowercase();
        self.statements.iter().any(|(principals, statement)| {
            statement.effect == Effect::Allow
                && statement.constrains(&key)
                && principals
                    .iter()
                    .any(|principal| principal.means(caller).is_some())
                && statement.applies(request)
        })
    }
}

impl Principal {
    /// Whether the caller is meant, and whether by name.
    fn means(&self, caller: TrustedAs<'_>) -> Option<TrustDecision> {
        match self {
            Self::Everybody => Some(TrustDecision::WithOwnPolicies),
            Self::Account(account) if account == caller.account => {
                Some(TrustDecision::WithOwnPolicies)
            }
            Self::Named(arn) if caller.arns.contains(arn) => Some(TrustDecision::Named),
            Self::Account(_) | Self::Named(_) | Self::Service => None,
        }
    }
}
