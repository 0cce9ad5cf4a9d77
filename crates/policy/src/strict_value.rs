//! JSON and YAML texts as values, without the one liberty parsers take: a key that is given twice is an error, because
//! two readers of such a text may believe different things.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Parses JSON.
pub(crate) fn from_json(text: &str) -> Result<Value, String> {
    serde_json::from_str::<Strict>(text)
        .map(|strict| strict.0)
        .map_err(|error| error.to_string())
}

/// Parses one YAML document.
pub(crate) fn from_yaml(text: &str) -> Result<Value, String> {
    serde_yaml_ng::from_str::<Strict>(text)
        .map(|strict| strict.0)
        .map_err(|error| error.to_string())
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, true, false, null, a list or a map")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(value)) = sequence.next_element()? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let Strict(value) = entries.next_value()?;
            if map.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format_args!(
                    "the key '{}' is given twice",
                    key.escape_default()
                )));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_given_twice_is_refused_at_any_depth() {
        assert!(
            from_json(r#"{"a":{"b":true,"b":false}}"#)
                .unwrap_err()
                .contains("'b' is given twice")
        );
        assert!(from_yaml("a:\n  b: true\n  b: false\n").is_err());
    }

    #[test]
    fn texts_that_are_not_one_document_are_refused() {
        for text in ["", "{", "{} {}", "nul"] {
            assert!(from_json(text).is_err(), "{text}");
        }
        for text in ["a: b: c", "a: !tag b", "a: .nan", "---\na: 1\n---\na: 2\n"] {
            assert!(from_yaml(text).is_err(), "{text}");
        }
        let deep = "[".repeat(10_000);
        assert!(from_json(&deep).is_err() && from_yaml(&deep).is_err());
    }

    #[test]
    fn yaml_that_multiplies_itself_is_refused() {
        let mut text = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let below = level - 1;
            let copies = vec![format!("*l{below}"); 10].join(", ");
            text.push_str(&format!("l{level}: &l{level} [{copies}]\n"));
        }
        assert!(from_yaml(&text).is_err());
    }

    #[test]
    fn both_formats_give_the_same_value() {
        let json = from_json(r#"{"a":["x",1,-2,1.5,true,null],"b":{"c":"1.0"}}"#).unwrap();
        let yaml = from_yaml("a: [x, 1, -2, 1.5, true, null]\nb:\n  c: '1.0'\n").unwrap();
        assert_eq!(json, yaml);
    }
}
