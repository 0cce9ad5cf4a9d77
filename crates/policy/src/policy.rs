//! Policies: the grammar, read strictly, and whether one statement applies to a request.
//!
//! Identity policies are here whole; what a trust policy has besides (who is trusted) is in `trust`.
//! Invariant: a [`PolicyDocument`] holds nothing that [`crate::evaluate`] does not weigh. What is unknown is refused when
//! the policy is stored, because a skipped condition would allow more than its author wrote.

mod condition;
mod could;
mod decimal;
mod element;
mod error;
mod operand;
mod operator;
mod outline;
mod pattern;
mod place;
mod principal;
mod resource;
mod services;
mod template;
mod trust;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

pub use error::PolicyError;
pub use place::{Place, statement_places};
pub use resource::ResourcePolicy;
pub use trust::{TrustDecision, TrustPolicy, TrustedAs};

use crate::evaluate::Asked;
use crate::{PolicyKind, StatementRef, strict_value};
pub(crate) use condition::Certainty;
use condition::Condition;
use element::{OneOrNone, action, resource};
use pattern::Pattern;
pub(crate) use principal::Meant;
pub(crate) use services::Services;
use template::Template;

/// A policy as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDocument {
    statements: Vec<Statement>,
}

/// What a statement does where it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    sid: Option<String>,
    pub(crate) effect: Effect,
    /// Of the actions.
    services: Services,
    /// In lower case.
    actions: OneOrNone<Pattern>,
    resources: OneOrNone<Template>,
    conditions: Vec<Condition>,
}

impl PolicyDocument {
    /// Reads an identity policy.
    ///
    /// # Errors
    /// The first element that is malformed, unknown, or of no meaning in an identity policy.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let read = |path: &str, map: &Map<String, Value>, variables| {
            if let Some(key) = ["Principal", "NotPrincipal"]
                .into_iter()
                .find(|key| map.contains_key(*key))
            {
                return Err(PolicyError::PrincipalInIdentityPolicy {
                    path: format!("{path}.{key}"),
                });
            }
            let own = ["Resource", "NotResource"];
            let resources = OneOrNone::read(path, map, own, |text| resource(text, variables))?;
            Ok(((), Statement::read(path, map, variables, &own, resources)?))
        };
        let statements = statements(text, read)?;
        Ok(Self {
            statements: statements.into_iter().map(|((), one)| one).collect(),
        })
    }

    pub(crate) fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

impl Statement {
    /// Whether action, resource and every condition fit.
    pub(crate) fn applies(&self, asked: &Asked<'_>) -> bool {
        self.has_action(asked)
            && self.applies_to_resource(asked)
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(asked.context))
    }

    /// Whether the statement is about this action at all.
    fn has_action(&self, asked: &Asked<'_>) -> bool {
        self.services.meets(asked.services)
            && self
                .actions
                .applies(|pattern| pattern.matches(&asked.action))
    }

    fn applies_to_resource(&self, asked: &Asked<'_>) -> bool {
        let is_open = |template: &Template| template.resolve(asked.context).is_none();
        // "All but mine" must not become "all" for a caller who has no such key.
        if let (Effect::Allow, OneOrNone::NoneOf(excluded)) = (self.effect, &self.resources)
            && excluded.iter().any(is_open)
        {
            return false;
        }
        self.resources
            .applies(|template| template.matches(asked.resource, asked.context))
    }

    /// The condition keys that the statement asks for where it has the action, as they are written.
    pub(crate) fn required_keys(&self, asked: &Asked<'_>) -> impl Iterator<Item = &str> {
        let has_action = self.has_action(asked);
        let of_resources = self.resources.entries().iter();
        let of_conditions = self.conditions.iter();
        of_resources
            .flat_map(Template::required_keys)
            .chain(of_conditions.flat_map(Condition::required_keys))
            .filter(move |_| has_action)
    }

    /// How decisions call it: by its Sid, or else by its place in the policy.
    pub(crate) fn reference(&self, kind: PolicyKind, policy: &str, index: usize) -> StatementRef {
        StatementRef {
            kind,
            policy: policy.to_owned(),
            statement: self.sid.clone().unwrap_or_else(|| index.to_string()),
        }
    }

    /// Whether a condition names the values that `key` (in lower case) may have.
    pub(crate) fn constrains(&self, key: &str) -> bool {
        self.conditions
            .iter()
            .any(|condition| condition.constrains(key))
    }

    /// Reads what statements of all policies have in common; `own` are the further elements of this kind of policy,
    /// which its reader has looked at.
    fn read(
        path: &str,
        map: &Map<String, Value>,
        variables: bool,
        own: &[&str],
        resources: OneOrNone<Template>,
    ) -> Result<Self, PolicyError> {
        let known = ["Sid", "Effect", "Action", "NotAction", "Condition"];
        only(path, map, &[&known, own].concat())?;
        let effect = match map.get("Effect") {
            Some(Value::String(effect)) if effect == "Allow" => Effect::Allow,
            Some(Value::String(effect)) if effect == "Deny" => Effect::Deny,
            Some(_) => {
                return Err(PolicyError::WrongType {
                    path: format!("{path}.Effect"),
                    expected: "Allow or Deny",
                });
            }
            None => {
                return Err(PolicyError::MissingElement {
                    path: format!("{path}.Effect"),
                });
            }
        };
        let actions = OneOrNone::read(path, map, ["Action", "NotAction"], action)?;
        Ok(Self {
            sid: sid(path, map)?,
            effect,
            services: Services::of_all(&actions),
            actions,
            resources,
            conditions: match map.get("Condition") {
                Some(block) => condition::read(&format!("{path}.Condition"), block, variables)?,
                None => Vec::new(),
            },
        })
    }
}

/// Reads a policy's frame and each of its statements by `read`, which gets the statement's path, the statement, and
/// whether `${` begins a variable.
fn statements<T>(
    text: &str,
    read: impl Fn(&str, &Map<String, Value>, bool) -> Result<(T, Statement), PolicyError>,
) -> Result<Vec<(T, Statement)>, PolicyError> {
    let value = strict_value::from_json(text).map_err(PolicyError::Unreadable)?;
    let map = object("The policy", &value)?;
    only("", map, &["Version", "Id", "Statement"])?;
    optional_text("", map, "Id")?;
    let variables = match optional_text("", map, "Version")? {
        Some("2012-10-17") => true,
        Some("2008-10-17") | None => false,
        Some(_) => return Err(PolicyError::UnknownVersion),
    };
    let given = match map.get("Statement") {
        Some(Value::Array(list)) if !list.is_empty() => list.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        Some(_) => {
            let expected = "a statement or a list of at least one";
            return Err(PolicyError::WrongType {
                path: "Statement".to_owned(),
                expected,
            });
        }
        None => {
            return Err(PolicyError::MissingElement {
                path: "Statement".to_owned(),
            });
        }
    };
    let statements: Vec<(T, Statement)> = given
        .into_iter()
        .enumerate()
        .map(|(index, value)| {
            let path = format!("Statement[{index}]");
            read(&path, object(&path, value)?, variables)
        })
        .collect::<Result<_, _>>()?;
    let mut sids = BTreeSet::new();
    match statements
        .iter()
        .filter_map(|(_, statement)| statement.sid.as_ref())
        .find(|sid| !sids.insert(*sid))
    {
        Some(sid) => Err(PolicyError::DuplicateSid(sid.clone())),
        None => Ok(statements),
    }
}

/// A statement's id as IAM takes it. Decisions are logged with it, so it must not hold a line of its own.
fn sid(path: &str, map: &Map<String, Value>) -> Result<Option<String>, PolicyError> {
    match optional_text(path, map, "Sid")? {
        None | Some("") => Ok(None),
        Some(sid) if sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            Ok(Some(sid.to_owned()))
        }
        Some(sid) => Err(PolicyError::MalformedSid(sid.to_owned())),
    }
}

/// A text, or a list of at least one.
fn texts<'a>(path: &str, value: &'a Value) -> Result<Vec<&'a str>, PolicyError> {
    let wrong = || PolicyError::WrongType {
        path: path.to_owned(),
        expected: "text or a list of at least one text",
    };
    match value {
        Value::String(text) => Ok(vec![text]),
        Value::Array(texts) if !texts.is_empty() => texts
            .iter()
            .map(|text| text.as_str().ok_or_else(wrong))
            .collect(),
        _ => Err(wrong()),
    }
}

fn object<'a>(path: &str, value: &'a Value) -> Result<&'a Map<String, Value>, PolicyError> {
    value.as_object().ok_or_else(|| PolicyError::WrongType {
        path: path.to_owned(),
        expected: "a map",
    })
}

fn only(path: &str, map: &Map<String, Value>, known: &[&str]) -> Result<(), PolicyError> {
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) if path.is_empty() => Err(PolicyError::UnknownElement { path: key.clone() }),
        Some(key) => Err(PolicyError::UnknownElement {
            path: format!("{path}.{key}"),
        }),
        None => Ok(()),
    }
}

fn optional_text<'a>(
    path: &str,
    map: &'a Map<String, Value>,
    key: &str,
) -> Result<Option<&'a str>, PolicyError> {
    match map.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => {
            let path = if path.is_empty() {
                key.to_owned()
            } else {
                format!("{path}.{key}")
            };
            Err(PolicyError::WrongType {
                path,
                expected: "text",
            })
        }
    }
}
