//! JSON and YAML texts as values, without two liberties parsers take: a key that is given twice is an error, because
//! two readers of such a text may believe different things, and aliases may not make much of a little text.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What a text may come to with its aliases unfolded: values, keys and bytes of text together. Four times the longest
/// document; the YAML parser's own bound leaves room for gigabytes.
const LARGEST: usize = 256 * 1024;

/// Parses JSON.
pub(crate) fn from_json(text: &str) -> Result<Value, String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Strict::new(&Cell::new(LARGEST))
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| error.to_string())
}

/// Parses one YAML document.
pub(crate) fn from_yaml(text: &str) -> Result<Value, String> {
    Strict::new(&Cell::new(LARGEST))
        .deserialize(serde_yaml_ng::Deserializer::from_str(text))
        .map_err(|error| error.to_string())
}

/// One value, paid for out of what is left of [`LARGEST`].
#[derive(Clone, Copy)]
struct Strict<'a> {
    left: &'a Cell<usize>,
}

impl<'a> Strict<'a> {
    fn new(left: &'a Cell<usize>) -> Self {
        Self { left }
    }

    fn pay<E: Error>(self, bytes: usize) -> Result<(), E> {
        let price = bytes.saturating_add(1);
        let left = self.left.get().checked_sub(price).ok_or_else(|| {
            E::custom(format_args!(
                "it unfolds to more than {LARGEST} values and bytes"
            ))
        })?;
        self.left.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.pay(0)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
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
        self.pay(value.len())?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        self.pay(value.len())?;
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = sequence.next_element_seed(self)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.pay(key.len())?;
            let value = entries.next_value_seed(self)?;
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
    fn yaml_that_multiplies_within_the_parsers_own_bound_is_refused() {
        // 2,000 aliases are no more than the parser allows; each stands for 2,000 values, or for 20,000 bytes.
        let aliases = vec!["*a"; 2_000].join(", ");
        for anchor in [format!("[{}]", "1, ".repeat(2_000)), "x".repeat(20_000)] {
            let text = format!("a: &a {anchor}\nb: [{aliases}]\n");
            let refused = from_yaml(&text).unwrap_err();
            assert!(refused.contains("unfolds to more than"), "{refused}");
        }
    }

    #[test]
    fn the_longest_document_and_a_few_aliases_are_taken() {
        let long = format!("a: [{}]", "x, ".repeat(64 * 1024 / 3));
        assert!(from_yaml(&long).is_ok());
        let shared = from_yaml("a: &a {b: c}\nd: *a\n").unwrap();
        assert_eq!(shared.get("a"), shared.get("d"));
    }

    #[test]
    fn both_formats_give_the_same_value() {
        let json = from_json(r#"{"a":["x",1,-2,1.5,true,null],"b":{"c":"1.0"}}"#).unwrap();
        let yaml = from_yaml("a: [x, 1, -2, 1.5, true, null]\nb:\n  c: '1.0'\n").unwrap();
        assert_eq!(json, yaml);
    }
}
