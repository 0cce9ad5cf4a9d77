//! A document's values with their placeholders replaced.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::parameters::Bound;
use super::placeholder::{Piece, pieces, refers_to_parameter_store};
use super::{ParameterError, StoredValues};

type Values = BTreeMap<String, Bound>;

/// `value` with every placeholder replaced. A list that stands alone becomes one, or is taken into the one it stands in.
pub(super) fn filled(
    value: &Value,
    values: &Values,
    stored: &StoredValues,
) -> Result<Value, ParameterError> {
    match value {
        Value::String(text) => match list_alone(text, values) {
            Some(items) => Ok(items.iter().map(String::as_str).collect()),
            None => text_filled(text, values, stored).map(Value::String),
        },
        Value::Array(items) => {
            let mut out = Vec::with_capacity(items.len());
            for item in items {
                match filled(item, values, stored)? {
                    Value::Array(inner) => out.extend(inner),
                    other => out.push(other),
                }
            }
            Ok(Value::Array(out))
        }
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| Ok((key.clone(), filled(value, values, stored)?)))
            .collect::<Result<Map<_, _>, _>>()
            .map(Value::Object),
        other => Ok(other.clone()),
    }
}

fn list_alone<'a>(text: &str, values: &'a Values) -> Option<&'a [String]> {
    match pieces(text).as_slice() {
        [Piece::Name(name)] => match values.get(*name) {
            Some(Bound::List(items)) => Some(items),
            _ => None,
        },
        _ => None,
    }
}

fn text_filled(
    text: &str,
    values: &Values,
    stored: &StoredValues,
) -> Result<String, ParameterError> {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        out.push_str(match piece {
            Piece::Text(text) => text,
            Piece::Name(name) => match values.get(name) {
                Some(Bound::Text(value)) => value,
                // Declared and no list, or the document would not have been stored.
                Some(Bound::List(_)) | None => "",
            },
            Piece::Stored(name, version) => stored.value(name, version)?,
            Piece::Unresolvable => return Err(ParameterError::RefersAgain),
        });
    }
    Ok(out)
}

/// Whether a reference came in with a value: AWS's agent would follow it with its own credentials.
pub(super) fn refers_again(value: &Value) -> bool {
    let mut refers = false;
    each_text(value, &mut |text| refers |= refers_to_parameter_store(text));
    refers
}

/// Hands every text in `value` to `note`.
pub(super) fn each_text(value: &Value, note: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => note(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, note)),
        Value::Object(map) => map.values().for_each(|value| each_text(value, note)),
        _ => {}
    }
}
