//! Policies: the grammar, read strictly, and whether one statement applies to a request.
//!
//! Identity policies are here whole; what a trust policy has besides (who is trusted) is in `trust`.
//! Invariant: a [`PolicyDocument`] holds nothing that [`crate::evaluate`] does not weigh. What is unknown is refused when
//! the policy is stored, because a skipped condition would allow more than its author wrote.

mod condition;
mod decimal;
mod error;
mod operand;
mod operator;
mod principal;
mod resource;
mod template;
mod trust;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

pub use error::PolicyError;
pub use resource::ResourcePolicy;
pub use trust::{TrustDecision, TrustPolicy, TrustedAs};

use crate::glob::{Token, matches};
use crate::{PolicyKind, Request, StatementRef, strict_value};
use condition::Condition;
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
    actions: OneOrNone<Vec<Token>>,
    resources: OneOrNone<Template>,
    conditions: Vec<Condition>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum OneOrNone<T> {
    /// Applies where any matches.
    OneOf(Vec<T>),
    /// Applies where none matches.
    NoneOf(Vec<T>),
}

impl<T> OneOrNone<T> {
    fn applies(&self, matches: impl Fn(&T) -> bool) -> bool {
        match self {
            Self::OneOf(list) => list.iter().any(matches),
            Self::NoneOf(list) => !list.iter().any(matches),
        }
    }
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
            let resources = one_or_none(path, map, ["Resource", "NotResource"], |text| {
                resource(text, variables)
            })?;
            let own = ["Resource", "NotResource"];
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
    pub(crate) fn applies(&self, request: &Request<'_>) -> bool {
        let action = request.action.to_ascii_lowercase();
        self.actions.applies(|pattern| matches(pattern, &action))
            && self.applies_to_resource(request)
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(request.context))
    }

    fn applies_to_resource(&self, request: &Request<'_>) -> bool {
        let resolve = |template: &Template| template.resolve(request.context);
        // "All but mine" must not become "all" for a caller who has no such key.
        if let (Effect::Allow, OneOrNone::NoneOf(excluded)) = (self.effect, &self.resources)
            && excluded.iter().any(|template| resolve(template).is_none())
        {
            return false;
        }
        self.resources.applies(|template| {
            resolve(template).is_some_and(|tokens| matches(&tokens, request.resource))
        })
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
        Ok(Self {
            sid: sid(path, map)?,
            effect,
            actions: one_or_none(path, map, ["Action", "NotAction"], action)?,
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

/// Exactly one of the two keys, with a text or a list of texts.
fn one_or_none<T>(
    path: &str,
    map: &Map<String, Value>,
    [positive, negative]: [&'static str; 2],
    read: impl Fn(&str) -> Result<T, PolicyError>,
) -> Result<OneOrNone<T>, PolicyError> {
    let list = |key: &str, value: &Value| -> Result<Vec<T>, PolicyError> {
        let texts = texts(&format!("{path}.{key}"), value)?;
        texts.into_iter().map(&read).collect()
    };
    match (map.get(positive), map.get(negative)) {
        (Some(value), None) => list(positive, value).map(OneOrNone::OneOf),
        (None, Some(value)) => list(negative, value).map(OneOrNone::NoneOf),
        (None, None) => Err(PolicyError::MissingElement {
            path: format!("{path}.{positive}"),
        }),
        (Some(_), Some(_)) => Err(PolicyError::Contradiction {
            path: path.to_owned(),
            one: positive,
            other: negative,
        }),
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

/// Actions compare without case.
fn action(text: &str) -> Result<Vec<Token>, PolicyError> {
    let well_formed = text == "*"
        || text.split_once(':').is_some_and(|(service, name)| {
            let in_service = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"*?-_".contains(&byte);
            !service.is_empty()
                && !name.is_empty()
                && service.bytes().all(in_service)
                && name.bytes().all(in_name)
        });
    if !well_formed {
        return Err(PolicyError::MalformedAction(text.to_owned()));
    }
    let tokens =
        Template::parse(&text.to_ascii_lowercase(), false)?.resolve(&crate::Context::default());
    Ok(tokens.unwrap_or_default())
}

fn resource(text: &str, variables: bool) -> Result<Template, PolicyError> {
    let mut template = Template::parse(text, variables)?;
    if text.starts_with("arn:") {
        template.complete_arn();
    } else if text != "*" {
        return Err(PolicyError::MalformedResource(text.to_owned()));
    }
    Ok(template)
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
