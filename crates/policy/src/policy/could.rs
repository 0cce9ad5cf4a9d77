//! What statements could say in circumstances that are not known yet: at another time, from another address, with another
//! value. The half of [`crate::could`] that looks into statements.

use super::condition::Certainty;
use super::trust::TrustPolicy;
use super::{Effect, Statement};
use crate::could::Attempt;
use crate::evaluate::Asked;
use crate::policy::principal::Meant;
use crate::{PolicyKind, StatementRef, TrustedAs};

/// How certainly a statement applies, and the open keys that it hangs on.
pub(crate) struct Applies {
    pub(crate) certainty: Certainty,
    pub(crate) depends_on: Vec<String>,
}

impl Statement {
    /// How certainly the statement applies to an attempt.
    pub(crate) fn applies_to(&self, attempt: &Attempt<'_>, asked: &Asked<'_>) -> Applies {
        let mut applies = Applies {
            certainty: Certainty::Always,
            depends_on: Vec::new(),
        };
        if !self.has_action(asked) {
            applies.certainty = Certainty::Never;
            return applies;
        }
        let templates = self.resources.entries().iter();
        let open: Vec<&str> = templates
            .flat_map(super::Template::required_keys)
            .filter(|key| attempt.is_open(key))
            .collect();
        if open.is_empty() {
            if !self.applies_to_resource(asked) {
                applies.certainty = Certainty::Never;
            }
        } else {
            applies.certainty = Certainty::Perhaps;
            applies
                .depends_on
                .extend(open.into_iter().map(str::to_owned));
        }
        for condition in &self.conditions {
            let certainty = condition.certainty(attempt);
            applies.certainty = applies.certainty.min(certainty);
            if certainty == Certainty::Perhaps {
                let keys = condition.required_keys().filter(|key| attempt.is_open(key));
                applies.depends_on.extend(keys.map(str::to_owned));
            }
        }
        applies
    }
}

/// How a trust policy could let somebody in.
pub(crate) struct Trusted {
    pub(crate) meant: Meant,
    pub(crate) by: StatementRef,
    pub(crate) depends_on: Vec<String>,
}

impl TrustPolicy {
    /// As [`TrustPolicy::judge`], for an attempt; none if it is not trusted whatever the circumstances.
    pub(crate) fn could_trust(
        &self,
        name: &str,
        caller: TrustedAs<'_>,
        attempt: &Attempt<'_>,
    ) -> Option<Trusted> {
        let asked = Asked::new(&attempt.request);
        let mut strongest: Option<Trusted> = None;
        let mut doubts = Vec::new();
        for (index, (principals, statement)) in self.statements.iter().enumerate() {
            let Some(meant) = principals.mean(caller) else {
                continue;
            };
            let Applies {
                certainty,
                depends_on,
            } = statement.applies_to(attempt, &asked);
            match (statement.effect, certainty) {
                (_, Certainty::Never) => {}
                (Effect::Deny, Certainty::Always) => return None,
                (Effect::Deny, Certainty::Perhaps) => doubts.extend(depends_on),
                (Effect::Allow, _) => {
                    let is_better = strongest.as_ref().is_none_or(|best| meant > best.meant);
                    if is_better {
                        strongest = Some(Trusted {
                            meant,
                            by: statement.reference(PolicyKind::Resource, name, index),
                            depends_on,
                        });
                    }
                }
            }
        }
        strongest.map(|mut trusted| {
            trusted.depends_on.extend(doubts);
            trusted
        })
    }

    /// Whether a statement that could trust the caller names, by a condition, the values that the chosen key may have.
    pub(crate) fn could_bind(
        &self,
        caller: TrustedAs<'_>,
        attempt: &Attempt<'_>,
        key: &str,
    ) -> bool {
        let asked = Asked::new(&attempt.request);
        self.statements.iter().any(|(principals, statement)| {
            principals.mean(caller).is_some() && statement.could_bind(attempt, &asked, key)
        })
    }
}

impl Statement {
    /// Whether the statement could allow the attempt and names the values that `key` (in lower case) may have.
    pub(crate) fn could_bind(&self, attempt: &Attempt<'_>, asked: &Asked<'_>, key: &str) -> bool {
        self.effect == Effect::Allow
            && self.constrains(key)
            && self.applies_to(attempt, asked).certainty != Certainty::Never
    }
}
