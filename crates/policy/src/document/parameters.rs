//! Declared parameters: what the document asks for and which values it takes.
//!
//! Every value is a text, as StartSession sends it; `Integer` and `Boolean` constrain the text. Lists and maps are refused
//! when the document is stored, because no key of a session document can hold one.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::Value;

use super::fields::Fields;
use super::placeholder::{Piece, pieces};
use super::{DocumentError, ParameterError};

/// Longest value, in characters (StartSession's model).
const LONGEST_VALUE: u64 = 65_535;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Boolean,
}

/// One declaration.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    kind: Kind,
    default: Option<String>,
    allowed_values: Option<Vec<String>>,
    allowed_pattern: Option<(String, Regex)>,
    min_chars: u64,
    max_chars: u64,
}

/// Reads the map under the key `parameters`.
pub(super) fn read(fields: &Fields<'_>) -> Result<BTreeMap<String, Parameter>, DocumentError> {
    fields
        .maps()?
        .into_iter()
        .map(|(name, declaration)| {
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(fields.broken(name, "must be named with letters and digits only"));
            }
            Ok((name.to_owned(), Parameter::read(&declaration)?))
        })
        .collect()
}

impl Parameter {
    fn read(fields: &Fields<'_>) -> Result<Self, DocumentError> {
        fields.only(&[
            "type",
            "description",
            "default",
            "allowedValues",
            "allowedPattern",
            "minChars",
            "maxChars",
            "displayType",
        ])?;
        let kind = match fields.text("type")? {
            Some("String") => Kind::Text,
            Some("Integer") => Kind::Integer,
            Some("Boolean") => Kind::Boolean,
            Some(_) => return Err(fields.broken("type", "must be String, Integer or Boolean")),
            None => {
                return Err(DocumentError::MissingKey {
                    path: fields.path_of("type"),
                });
            }
        };
        fields.text("description")?;
        if !matches!(
            fields.text("displayType")?,
            None | Some("textfield" | "textarea")
        ) {
            return Err(fields.broken("displayType", "must be textfield or textarea"));
        }
        let parameter = Self {
            kind,
            default: fields
                .value("default")
                .map(|value| scalar(fields, "default", value))
                .transpose()?,
            allowed_values: allowed_values(fields)?,
            allowed_pattern: allowed_pattern(fields)?,
            min_chars: characters(fields, "minChars")?.unwrap_or(0),
            max_chars: characters(fields, "maxChars")?.unwrap_or(LONGEST_VALUE),
        };
        match parameter
            .default
            .as_deref()
            .map(|default| parameter.check(default))
        {
            Some(Err(rule)) => Err(fields.broken("default", rule)),
            _ => Ok(parameter),
        }
    }

    /// The rule that `value` breaks, to follow the parameter's name in a sentence.
    fn check(&self, value: &str) -> Result<(), String> {
        match self.kind {
            Kind::Text => {}
            Kind::Integer => value
                .parse::<i64>()
                .map(drop)
                .map_err(|_| "must be a whole number".to_owned())?,
            Kind::Boolean if matches!(value, "true" | "false") => {}
            Kind::Boolean => return Err("must be true or false".to_owned()),
        }
        if let Some(allowed) = self
            .allowed_values
            .as_ref()
            .filter(|allowed| !allowed.iter().any(|one| one == value))
        {
            return Err(format!("must be one of {}", allowed.join(", ")));
        }
        if let Some((pattern, _)) = self
            .allowed_pattern
            .as_ref()
            .filter(|(_, regex)| !regex.is_match(value))
        {
            return Err(format!("must match {pattern} as a whole"));
        }
        let length = value.chars().count() as u64;
        if !(self.min_chars..=self.max_chars).contains(&length) {
            return Err(format!(
                "must have {} to {} characters",
                self.min_chars, self.max_chars
            ));
        }
        Ok(())
    }
}

/// The value of every declared parameter: as given, else its default.
pub(super) fn values(
    declared: &BTreeMap<String, Parameter>,
    given: &BTreeMap<String, Vec<String>>,
) -> Result<BTreeMap<String, String>, ParameterError> {
    if let Some(name) = given.keys().find(|name| !declared.contains_key(*name)) {
        return Err(ParameterError::Undeclared { name: name.clone() });
    }
    declared
        .iter()
        .map(|(name, parameter)| {
            let name = name.clone();
            let value = match given.get(&name).map(Vec::as_slice) {
                Some([value]) => value,
                Some(_) => return Err(ParameterError::NotOneValue { name }),
                None => match &parameter.default {
                    Some(default) => default,
                    None => return Err(ParameterError::Missing { name }),
                },
            };
            if pieces(value).contains(&Piece::ParameterStore) {
                return Err(ParameterError::ParameterStoreRefused { name });
            }
            match parameter.check(value) {
                Ok(()) => Ok((name, value.clone())),
                Err(rule) => Err(ParameterError::RuleBroken { name, rule }),
            }
        })
        .collect()
}

/// A declaration's value as the text it stands for.
fn scalar(fields: &Fields<'_>, key: &str, value: &Value) -> Result<String, DocumentError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(fields.broken(key, "must be text, a number, true or false")),
    }
}

fn allowed_values(fields: &Fields<'_>) -> Result<Option<Vec<String>>, DocumentError> {
    match fields.value("allowedValues") {
        None => Ok(None),
        Some(Value::Array(values)) => values
            .iter()
            .map(|value| scalar(fields, "allowedValues", value))
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(fields.broken("allowedValues", "must be a list")),
    }
}

/// The pattern holds for the whole value, whatever anchors it has of its own.
fn allowed_pattern(fields: &Fields<'_>) -> Result<Option<(String, Regex)>, DocumentError> {
    let Some(pattern) = fields.text("allowedPattern")? else {
        return Ok(None);
    };
    // Compiled alone first: `a)(b` would only be balanced by the group around it.
    Regex::new(pattern)
        .and_then(|_| Regex::new(&format!("^(?:{pattern})$")))
        .map(|regex| Some((pattern.to_owned(), regex)))
        .map_err(|_| {
            fields.broken(
                "allowedPattern",
                "must be a regular expression without look-around or back-references",
            )
        })
}

fn characters(fields: &Fields<'_>, key: &str) -> Result<Option<u64>, DocumentError> {
    match fields.value(key) {
        None => Ok(None),
        Some(value) => match value.as_u64() {
            Some(count) if count <= LONGEST_VALUE => Ok(Some(count)),
            _ => Err(fields.broken(key, format!("must be a number from 0 to {LONGEST_VALUE}"))),
        },
    }
}
