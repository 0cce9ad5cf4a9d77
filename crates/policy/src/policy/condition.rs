//! The `Condition` block: operators, keys and values, all of which must hold.
//!
//! What an absent key means is the heart of it: a positive operator fails, a negated one holds, `IfExists` holds, and the
//! set prefixes have answers of their own. Each is a line in [`Condition::holds`].

use serde_json::Value;

use super::operator::{Kind, Operator, SetPrefix};
use super::template::Template;
use super::{PolicyError, object};
use crate::Context;
use crate::context::Values;
use crate::could::Attempt;

/// One operator applied to one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    operator: Operator,
    /// In lower case.
    key: String,
    /// The key as the policy has it.
    written: String,
    values: Vec<Template>,
}

/// How certainly something holds where not every key is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    /// Whatever the keys are, it does not.
    Never,
    /// With some it does, with others it does not.
    Perhaps,
    /// Whatever the keys are, it does.
    Always,
}

/// Reads the block.
pub(super) fn read(
    path: &str,
    block: &Value,
    variables: bool,
) -> Result<Vec<Condition>, PolicyError> {
    let mut conditions = Vec::new();
    for (name, keys) in object(path, block)? {
        let operator = Operator::parse(name)
            .ok_or_else(|| PolicyError::UnknownOperator(name.clone()).at(path))?;
        let path = format!("{path}.{name}");
        for (key, values) in object(&path, keys)? {
            if !is_key(key) {
                return Err(PolicyError::MalformedConditionKey(key.clone()).at(&path));
            }
            let path = format!("{path}.{key}");
            let values = scalars(&path, values)?
                .into_iter()
                .map(|text| {
                    operand(name, operator, text, variables).map_err(|error| error.at(&path))
                })
                .collect::<Result<_, _>>()?;
            conditions.push(Condition {
                operator,
                key: key.to_ascii_lowercase(),
                written: key.clone(),
                values,
            });
        }
    }
    Ok(conditions)
}

/// One value of the policy.
fn operand(
    name: &str,
    operator: Operator,
    text: String,
    variables: bool,
) -> Result<Template, PolicyError> {
    let template = Template::parse(&text, variables)?;
    if template.is_constant() && !operator.kind.takes(&text) {
        return Err(PolicyError::MalformedOperand {
            operator: name.to_owned(),
            value: text,
        });
    }
    Ok(template)
}

/// Every key has its service before a colon; one without it is a slip of the pen that would never be there.
fn is_key(key: &str) -> bool {
    key.split_once(':')
        .is_some_and(|(service, name)| !service.is_empty() && !name.is_empty())
}

impl Condition {
    /// Whether the condition holds for a request.
    pub(super) fn holds(&self, context: &Context) -> bool {
        let Operator {
            kind,
            negated,
            if_exists,
            prefix,
        } = self.operator;
        let found = context.values(&self.key);
        if kind == Kind::Null {
            let absent = if found.is_none() { "true" } else { "false" };
            return self.any_matches(absent, context);
        }
        match (found, prefix) {
            (None, _) if if_exists => true,
            (None, None) => negated,
            (None, Some(SetPrefix::ForAllValues)) => true,
            (None, Some(SetPrefix::ForAnyValue)) => false,
            (Some(Values::One(value)), _) => self.fits(value, context),
            // A set without a prefix has no single value to compare.
            (Some(Values::Set(_)), None) => false,
            (Some(Values::Set(values)), Some(SetPrefix::ForAllValues)) => {
                values.iter().all(|value| self.fits(value, context))
            }
            (Some(Values::Set(values)), Some(SetPrefix::ForAnyValue)) => {
                values.iter().any(|value| self.fits(value, context))
            }
        }
    }

    /// How certainly the condition holds for an attempt.
    pub(super) fn certainty(&self, attempt: &Attempt<'_>) -> Certainty {
        if let Some(holds) = self.holds_for_any_value(attempt) {
            return holds;
        }
        if self.required_keys().any(|key| attempt.is_open(key)) {
            return Certainty::Perhaps;
        }
        let context = attempt.context();
        let holds = self.holds(context);
        let is_set = matches!(context.values(&self.key), Some(Values::Set(_)));
        match self.operator.prefix.filter(|_| is_set) {
            // A further member may make any of them fit, or keep all of them from fitting.
            Some(SetPrefix::ForAnyValue) if !holds => Certainty::Perhaps,
            Some(SetPrefix::ForAllValues) if holds => Certainty::Perhaps,
            _ if holds => Certainty::Always,
            _ => Certainty::Never,
        }
    }

    /// The same where the condition asks only whether the key is there, or for any text at all, and it is there with a
    /// value of the requester's choice.
    fn holds_for_any_value(&self, attempt: &Attempt<'_>) -> Option<Certainty> {
        let Operator { kind, negated, .. } = self.operator;
        if !attempt.is_chosen(&self.key) {
            return None;
        }
        let holds = match kind {
            Kind::Null => self.any_matches("false", attempt.context()),
            Kind::Glob if self.values.iter().any(Template::is_any_text) => !negated,
            _ => return None,
        };
        Some(match holds {
            true => Certainty::Always,
            false => Certainty::Never,
        })
    }

    /// Whether the condition names the texts that `key` may have: a positive comparison of text, none of whose values
    /// is just any text. "Not root" or "present" leave open what else it may be.
    pub(super) fn constrains(&self, key: &str) -> bool {
        let Operator { kind, negated, .. } = self.operator;
        let of_text = matches!(kind, Kind::Exact | Kind::ExactIgnoringCase | Kind::Glob);
        self.key == key
            && of_text
            && !negated
            && !(kind == Kind::Glob && self.values.iter().any(Template::is_any_text))
    }

    /// Positive operators: any of the policy's values; negated ones: none of them.
    fn fits(&self, value: &str, context: &Context) -> bool {
        self.any_matches(value, context) != self.operator.negated
    }

    fn any_matches(&self, value: &str, context: &Context) -> bool {
        self.values
            .iter()
            .filter_map(|template| template.resolve(context))
            .any(|pattern| self.operator.kind.matches(&pattern, value))
    }

    /// The keys that the condition asks for, as they are written.
    pub(super) fn required_keys(&self) -> impl Iterator<Item = &str> {
        let variables = self.values.iter().flat_map(Template::required_keys);
        std::iter::once(self.written.as_str()).chain(variables)
    }
}

/// A scalar or a list of at least one, as texts.
fn scalars(path: &str, value: &Value) -> Result<Vec<String>, PolicyError> {
    let expected = "text, a number, true, false or a list of at least one of them";
    let wrong = || PolicyError::WrongType {
        path: path.to_owned(),
        expected,
    };
    let one = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(wrong()),
    };
    match value {
        Value::Array(list) if list.is_empty() => Err(wrong()),
        Value::Array(list) => list.iter().map(one).collect(),
        scalar => Ok(vec![one(scalar)?]),
    }
}
