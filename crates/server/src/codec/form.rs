//! awsQuery input: `A=x`, `A.B=x` for structures, `A.member.N=x` for lists (control-plane.md 1.1).
//!
//! Every leaf is text; members that are numbers say so with [`integer`], lists with [`list`]
//! (botocore sends an empty list as `Tags=`).

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::error::{ApiError, Code};

/// `Tags.member.50.Value` has four parts; nothing we serve has more than eight.
const MAX_DEPTH: usize = 8;

/// A decoded form, in the order it was sent.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

enum Node {
    Leaf(String),
    Branch(BTreeMap<String, Node>),
}

impl Form {
    /// Splits and decodes `application/x-www-form-urlencoded`.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let text = std::str::from_utf8(body).map_err(|_| malformed())?;
        text.split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((decoded(key)?, decoded(value)?))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The first value of `key`.
    pub(crate) fn first(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// The members as a tree for serde.
    pub(super) fn into_tree(self) -> Result<Value, ApiError> {
        let mut root = BTreeMap::new();
        for (key, value) in self.0 {
            let parts: Vec<&str> = key.split('.').collect();
            if parts.len() > MAX_DEPTH {
                return Err(malformed());
            }
            insert(&mut root, &parts, value)?;
        }
        Ok(Value::Object(object(root)))
    }
}

fn insert(
    branch: &mut BTreeMap<String, Node>,
    parts: &[&str],
    value: String,
) -> Result<(), ApiError> {
    match parts {
        [] => Err(malformed()),
        [last] => match branch.insert((*last).to_owned(), Node::Leaf(value)) {
            // Two values for one member: nobody could say which one was authorised.
            Some(_) => Err(malformed()),
            None => Ok(()),
        },
        [first, rest @ ..] => {
            match branch
                .entry((*first).to_owned())
                .or_insert_with(|| Node::Branch(BTreeMap::new()))
            {
                Node::Branch(inner) => insert(inner, rest, value),
                Node::Leaf(_) => Err(malformed()),
            }
        }
    }
}

fn object(branch: BTreeMap<String, Node>) -> Map<String, Value> {
    branch
        .into_iter()
        .map(|(key, node)| (key, tree(node)))
        .collect()
}

fn tree(node: Node) -> Value {
    match node {
        Node::Leaf(text) => Value::String(text),
        Node::Branch(mut branch) => match (branch.len(), branch.remove("member")) {
            (1, Some(Node::Branch(items))) => {
                let mut items: Vec<_> = items
                    .into_iter()
                    .map(|(index, node)| (index.parse().unwrap_or(u32::MAX), node))
                    .collect();
                items.sort_by_key(|(index, _)| *index);
                Value::Array(items.into_iter().map(|(_, node)| tree(node)).collect())
            }
            (_, member) => {
                branch.extend(member.map(|node| ("member".to_owned(), node)));
                Value::Object(object(branch))
            }
        },
    }
}

fn decoded(text: &str) -> Result<String, ApiError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || {
                    rest.next()
                        .and_then(|b| char::from(b).to_digit(16))
                        .ok_or_else(malformed)
                };
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).map_err(|_| malformed())?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| malformed())
}

/// RFC 3986: everything but unreserved characters as `%XX`.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

fn malformed() -> ApiError {
    ApiError::new(
        Code::MalformedInput,
        "The body is not a well-formed query request.",
    )
}

/// For an optional number: `MaxItems=10`.
pub(crate) fn integer<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| text.parse().map_err(|_| D::Error::custom("not a number")))
        .transpose()
}

/// For an optional truth value: `SetAsDefault=true`.
pub(crate) fn truth<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| {
        text.to_ascii_lowercase()
            .parse()
            .map_err(|_| D::Error::custom("neither true nor false"))
    })
    .transpose()
}

/// For a list that may have been sent empty: `Tags=`.
pub(crate) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    match Value::deserialize(from)? {
        Value::String(empty) if empty.is_empty() => Ok(Vec::new()),
        Value::Array(items) => items
            .into_iter()
            .map(|item| serde_json::from_value(item).map_err(D::Error::custom))
            .collect(),
        _ => Err(D::Error::custom("not a list")),
    }
}

/// For a list as ec2Query writes it: `InstanceId.1=`, `InstanceId.2=`. A text without a number is a list of one.
pub(crate) fn numbered<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    let items = match Value::deserialize(from)? {
        Value::Object(items) => {
            let items = items.into_iter().map(|(number, item)| {
                let number: u32 = number.parse().map_err(|_| D::Error::custom("not a list"))?;
                Ok((number, item))
            });
            let mut items: Vec<_> = items.collect::<Result<_, D::Error>>()?;
            items.sort_by_key(|(number, _)| *number);
            items.into_iter().map(|(_, item)| item).collect()
        }
        text => vec![text],
    };
    items
        .into_iter()
        .map(|item| serde_json::from_value(item).map_err(D::Error::custom))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(body: &str, expected: impl Into<Option<Value>>) {
        let got = Form::parse(body.as_bytes()).and_then(Form::into_tree);
        assert_eq!(got.ok(), expected.into(), "{body}");
    }

    #[test]
    fn broken_escapes_and_contradictions_are_refused() {
        check("A=%4", None);
        check("A=%zz", None);
        check("A=%ff", None);
        check("A=1&A=2", None);
        check("A=1&A.B=2", None);
        check("A.B=2&A=1", None);
        check("a.b.c.d.e.f.g.h.i=1", None);
    }

    #[test]
    fn lists_come_in_the_order_of_their_numbers() {
        check(
            "Tags.member.10.Key=c&Tags.member.2.Key=b&Tags.member.1.Key=a+%26&Tags.member.1.Value=",
            Some(json!({"Tags": [{"Key": "a &", "Value": ""}, {"Key": "b"}, {"Key": "c"}]})),
        );
    }

    #[test]
    fn numbered_lists_come_in_the_order_of_their_numbers() {
        let list = |body: &str| {
            let tree = Form::parse(body.as_bytes()).and_then(Form::into_tree);
            numbered::<_, String>(tree.unwrap()["A"].clone()).ok()
        };
        assert_eq!(list("A.x=a"), None);
        assert_eq!(list("A.1.B=a"), None);
        let expected = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list("A.10=c&A.2=b&A.1=a"), Some(expected.to_vec()));
    }

    #[test]
    fn what_is_percent_encoded_decodes_to_itself() {
        let text = "{\"a\": \"ü+%/ \"}";
        assert!(!percent_encoded(text).contains(['+', '"', ' ', '/']));
        assert_eq!(decoded(&percent_encoded(text)).unwrap(), text);
    }

    #[test]
    fn structures_and_plain_members_keep_their_names() {
        check(
            "A.B=1&C=2&D.member=3",
            Some(json!({"A": {"B": "1"}, "C": "2", "D": {"member": "3"}})),
        );
    }
}
