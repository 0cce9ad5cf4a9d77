//! Declared parameters: what the document asks for and which values it takes.
//!
//! Values are texts, as StartSession sends them; `Integer` and `Boolean` constrain the text. A `StringList` has several,
//! each held to the same rules. Maps are refused when the document is stored, because no key of a session document can
//! hold one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::allowed_pattern::AllowedPattern;
use super::fields::Fields;
use super::placeholder::{Piece, pieces, refers_to_parameter_store};
use super::{DocumentError, ParameterError, StoredValues};

/// Longest value, in characters (StartSession's model).
const LONGEST_VALUE: u64 = 65_535;

/// Items of a StringList, at most; AWS states no limit.
const MOST_ITEMS: u64 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    List,
    Integer,
    Boolean,
}

/// What a parameter stands for in one session.
#[derive(Clone)]
pub(super) enum Bound {
    /// The value.
    Text(String),
    /// The items of a StringList.
    List(Vec<String>),
}

/// One declaration.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    kind: Kind,
    default: Option<Vec<String>>,
    allowed_values: Option<Vec<String>>,
    allowed_pattern: Option<AllowedPattern>,
    min_chars: u64,
    max_chars: u64,
    min_items: u64,
    max_items: u64,
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
            "minItems",
            "maxItems",
            "displayType",
        ])?;
        let kind = match fields.text("type")? {
            Some("String") => Kind::Text,
            Some("StringList") => Kind::List,
            Some("Integer") => Kind::Integer,
            Some("Boolean") => Kind::Boolean,
            Some(_) => {
                let types = "must be String, StringList, Integer or Boolean";
                return Err(fields.broken("type", types));
            }
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
        if kind != Kind::List
            && let Some(key) = ["minItems", "maxItems"]
                .into_iter()
                .find(|key| fields.value(key).is_some())
        {
            return Err(fields.broken(key, "belongs to the type StringList"));
        }
        let (min_chars, max_chars) = range(fields, ["minChars", "maxChars"], LONGEST_VALUE)?;
        let (min_items, max_items) = range(fields, ["minItems", "maxItems"], MOST_ITEMS)?;
        let parameter = Self {
            kind,
            default: default(fields, kind)?,
            allowed_values: allowed_values(fields)?,
            allowed_pattern: allowed_pattern(fields)?,
            min_chars,
            max_chars,
            min_items,
            max_items,
        };
        parameter.check_default(fields)?;
        Ok(parameter)
    }

    /// Whether it is a StringList.
    pub(super) fn is_list(&self) -> bool {
        self.kind == Kind::List
    }

    /// Whether nothing but its length bounds what a caller may give.
    pub(super) fn is_unconstrained(&self) -> bool {
        matches!(self.kind, Kind::Text | Kind::List)
            && self.allowed_values.is_none()
            && self.allowed_pattern.is_none()
    }

    /// What the session is given for it: the caller's texts, or else the default's.
    pub(super) fn texts<'a>(&'a self, given: Option<&'a Vec<String>>) -> Option<&'a [String]> {
        given.or(self.default.as_ref()).map(Vec::as_slice)
    }

    /// Holds the default to the rules, as far as it is known before Parameter Store is asked.
    fn check_default(&self, fields: &Fields<'_>) -> Result<(), DocumentError> {
        for text in self.default.iter().flatten() {
            if pieces(text).contains(&Piece::Unresolvable) {
                return Err(DocumentError::UnresolvableReference {
                    path: fields.path_of("default"),
                });
            }
            if !refers_to_parameter_store(text) {
                self.check(text)
                    .map_err(|rule| fields.broken("default", rule))?;
            }
        }
        match &self.default {
            Some(items) if self.is_list() && !self.has_room(items.len()) => {
                let (least, most) = (self.min_items, self.max_items);
                Err(fields.broken("default", format!("must have {least} to {most} items")))
            }
            _ => Ok(()),
        }
    }

    fn has_room(&self, items: usize) -> bool {
        (self.min_items..=self.max_items).contains(&(items as u64))
    }

    /// The rule that `value` breaks, to follow the parameter's name in a sentence.
    fn check(&self, value: &str) -> Result<(), String> {
        match self.kind {
            Kind::Text | Kind::List => {}
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
        if let Some(pattern) = self
            .allowed_pattern
            .as_ref()
            .filter(|pattern| !pattern.matches(value))
        {
            return Err(format!("must match {} as a whole", pattern.as_str()));
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

/// The value of every declared parameter: as given, else its default, with what Parameter Store has put in first.
pub(super) fn values(
    declared: &BTreeMap<String, Parameter>,
    given: &BTreeMap<String, Vec<String>>,
    stored: &StoredValues,
) -> Result<BTreeMap<String, Bound>, ParameterError> {
    if let Some(name) = given.keys().find(|name| !declared.contains_key(*name)) {
        return Err(ParameterError::Undeclared { name: name.clone() });
    }
    declared
        .iter()
        .map(|(name, parameter)| {
            let texts = parameter.texts(given.get(name));
            let texts = texts.ok_or_else(|| ParameterError::Missing { name: name.clone() })?;
            Ok((name.clone(), parameter.bind(name, texts, stored)?))
        })
        .collect()
}

impl Parameter {
    fn bind(
        &self,
        name: &str,
        texts: &[String],
        stored: &StoredValues,
    ) -> Result<Bound, ParameterError> {
        let name = || name.to_owned();
        let bind_one = |text: &String| {
            if pieces(text).contains(&Piece::Unresolvable) {
                return Err(ParameterError::UnresolvableReference { name: name() });
            }
            let value = stored.resolve(text)?;
            match self.check(&value) {
                Ok(()) => Ok(value),
                Err(rule) => Err(ParameterError::RuleBroken { name: name(), rule }),
            }
        };
        if self.is_list() {
            if !self.has_room(texts.len()) {
                return Err(ParameterError::ItemCount {
                    name: name(),
                    least: self.min_items,
                    most: self.max_items,
                });
            }
            let items = texts.iter().map(bind_one).collect::<Result<_, _>>()?;
            return Ok(Bound::List(items));
        }
        match texts {
            [text] => bind_one(text).map(Bound::Text),
            _ => Err(ParameterError::NotOneValue { name: name() }),
        }
    }
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

fn allowed_pattern(fields: &Fields<'_>) -> Result<Option<AllowedPattern>, DocumentError> {
    let Some(pattern) = fields.text("allowedPattern")? else {
        return Ok(None);
    };
    AllowedPattern::parse(pattern)
        .map(Some)
        .ok_or_else(|| fields.broken("allowedPattern", AllowedPattern::RULE))
}

/// The texts of the default; one, unless it is a list's.
fn default(fields: &Fields<'_>, kind: Kind) -> Result<Option<Vec<String>>, DocumentError> {
    match (fields.value("default"), kind) {
        (None, _) => Ok(None),
        (Some(Value::Array(items)), Kind::List) => items
            .iter()
            .map(|item| scalar(fields, "default", item))
            .collect::<Result<_, _>>()
            .map(Some),
        (Some(_), Kind::List) => Err(fields.broken("default", "must be a list")),
        (Some(value), _) => scalar(fields, "default", value).map(|text| Some(vec![text])),
    }
}

/// Two bounds, the lower of which is not above the upper.
fn range(
    fields: &Fields<'_>,
    [least, most]: [&str; 2],
    limit: u64,
) -> Result<(u64, u64), DocumentError> {
    let number = |key: &str| match fields.value(key) {
        None => Ok(None),
        Some(value) => match value.as_u64() {
            Some(count) if count <= limit => Ok(Some(count)),
            _ => Err(fields.broken(key, format!("must be a number from 0 to {limit}"))),
        },
    };
    let (lower, upper) = (number(least)?.unwrap_or(0), number(most)?.unwrap_or(limit));
    if lower > upper {
        return Err(fields.broken(least, format!("must not be above {most}")));
    }
    Ok((lower, upper))
}
