//! The body formats of the control plane, all by way of one JSON tree.
//!
//! Operations are written once with serde types; whether their input came as JSON or as a form, and
//! whether their output leaves as JSON or XML, is decided here. A member that is `null` is absent.
//! Must not know operations.

mod ec2;
mod form;
mod times;
mod xml;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{ApiError, Code, Protocol};

pub(crate) use ec2::{ec2_error_document, ec2_response_document};
pub(crate) use form::{Form, integer, list, numbered, percent_encoded, truth};
pub(crate) use times::{EpochSeconds, IsoTime, iso_time};
pub(crate) use xml::{error_document, response_document};

/// Reads an operation's input.
pub(crate) fn decode<I: DeserializeOwned>(protocol: Protocol, body: &Bytes) -> Result<I, ApiError> {
    let tree = match protocol {
        Protocol::Json => json_tree(body)?,
        Protocol::Query | Protocol::Ec2 => Form::parse(body)?.into_tree()?,
    };
    serde_json::from_value(tree).map_err(|error| refusal(&error))
}

/// An input's members for whoever only looks at them, without what names the operation; null if it cannot be read.
pub(crate) fn members(protocol: Protocol, body: &Bytes) -> Value {
    let tree = match protocol {
        Protocol::Json => json_tree(body),
        Protocol::Query | Protocol::Ec2 => Form::parse(body).and_then(Form::into_tree),
    };
    let mut tree = tree.unwrap_or_default();
    if let (Protocol::Query | Protocol::Ec2, Some(members)) = (protocol, tree.as_object_mut()) {
        members.retain(|name, _| {
            !["Action", "Version"].contains(&name.as_str()) && !name.starts_with("X-Amz-")
        });
    }
    tree
}

/// An operation's output as a tree, absent members left out; null for one without output, whose type is `()`.
pub(crate) fn encode(output: &impl Serialize) -> Result<Value, ApiError> {
    let mut tree = serde_json::to_value(output).map_err(ApiError::internal)?;
    drop_nulls(&mut tree);
    Ok(tree)
}

fn json_tree(body: &Bytes) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let mut tree: Value = serde_json::from_slice(body)
        .map_err(|_| ApiError::new(Code::MalformedInput, "The body is not valid JSON."))?;
    if !tree.is_object() {
        return Err(ApiError::new(
            Code::MalformedInput,
            "The body is not a JSON object.",
        ));
    }
    drop_nulls(&mut tree);
    Ok(tree)
}

fn drop_nulls(tree: &mut Value) {
    match tree {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// serde tells a missing member and a wrong type apart only by text. The text of a wrong type may
/// quote the value, which can be a secret, so it stays here.
fn refusal(error: &serde_json::Error) -> ApiError {
    let text = error.to_string();
    match text
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next())
    {
        Some(member) => ApiError::constraint(member, "Member must not be null"),
        None => ApiError::new(
            Code::MalformedInput,
            "A member of the request has the wrong type.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        name: String,
        limit: Option<u32>,
    }

    fn check(body: &'static str, expected: &Result<Input, Code>) {
        let got = decode::<Input>(Protocol::Json, &Bytes::from_static(body.as_bytes()));
        assert_eq!(&got.map_err(|error| error.code()), expected, "{body}");
    }

    #[test]
    fn a_body_that_is_no_json_object_is_a_serialization_error() {
        check("{", &Err(Code::MalformedInput));
        check("[]", &Err(Code::MalformedInput));
        check("{\"Name\":1}", &Err(Code::MalformedInput));
        check("{\"Name\":\"a\",\"Limit\":-1}", &Err(Code::MalformedInput));
    }

    #[test]
    fn a_missing_or_null_required_member_is_a_validation_error() {
        check("", &Err(Code::Validation));
        check("{}", &Err(Code::Validation));
        check("{\"Name\":null}", &Err(Code::Validation));
    }

    #[test]
    fn an_operation_without_output_is_told_from_one_whose_output_is_empty() {
        assert_eq!(encode(&()).unwrap(), Value::Null);
        let empty: BTreeMap<String, Option<u32>> = [("Limit".to_owned(), None)].into();
        assert_eq!(encode(&empty).unwrap(), Value::Object(Map::new()));
    }

    #[test]
    fn null_is_absent_and_unknown_members_are_ignored() {
        check(
            "{\"Name\":\"a\",\"Limit\":null,\"Other\":[1]}",
            &Ok(Input {
                name: "a".into(),
                limit: None,
            }),
        );
    }

    #[test]
    fn a_wrong_type_does_not_quote_the_value() {
        let error = decode::<Input>(
            Protocol::Json,
            &Bytes::from_static(b"{\"Name\":[\"hunter2\"]}"),
        )
        .unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
