//! `--parameters` as `aws ssm start-session` takes it: a JSON object of lists of strings, or the CLI's shorthand
//! (docs.aws.amazon.com/cli, "Using shorthand syntax": `NAME=VALUE,VALUE,NAME=VALUE`). Whether a document has such
//! parameters is for the server to say.

use std::collections::BTreeMap;

/// Names and their lists of values.
pub(crate) type Parameters = BTreeMap<String, Vec<String>>;

/// What no session document can be given.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParametersError {
    /// Neither of the two notations.
    #[error("`{0}` has no name; write NAME=VALUE, or JSON: {{\"NAME\":[\"VALUE\"]}}")]
    Nameless(String),
    /// JSON of another shape.
    #[error("not a JSON object of lists of strings: {0}")]
    Json(String),
    /// A name that comes again, of whose values one would be lost.
    #[error("the parameter `{0}` is given twice")]
    Twice(String),
}

/// Reads either notation.
pub(crate) fn parse(text: &str) -> Result<Parameters, ParametersError> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text)
            .map_err(|error| ParametersError::Json(error.to_string()));
    }
    let mut found = Parameters::new();
    let mut current: Option<String> = None;
    for part in text.split(',') {
        let (name, value) = match (part.split_once('='), current.take()) {
            (Some((name, value)), _) if !name.is_empty() => {
                if found.contains_key(name) {
                    return Err(ParametersError::Twice(name.to_owned()));
                }
                (name.to_owned(), value)
            }
            (None, Some(name)) => (name, part),
            _ => return Err(ParametersError::Nameless(part.to_owned())),
        };
        found
            .entry(name.clone())
            .or_default()
            .push(value.to_owned());
        current = Some(name);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_or_comes_twice_is_refused() {
        for text in ["", "ls", "=ls", "a=1,=2", ","] {
            assert!(
                matches!(parse(text), Err(ParametersError::Nameless(_))),
                "{text}"
            );
        }
        assert_eq!(
            parse("a=1,a=2"),
            Err(ParametersError::Twice("a".to_owned()))
        );
        for text in [r#"{"a":"b"}"#, r#"{"a":[1]}"#, "{"] {
            assert!(
                matches!(parse(text), Err(ParametersError::Json(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn both_notations_of_aws_are_read() {
        let json = parse(r#"{"portNumber":["80"],"host":["a","b"]}"#).unwrap();
        assert_eq!(json, parse("portNumber=80,host=a,b").unwrap());
        assert_eq!(parse("command=x=1").unwrap()["command"], ["x=1"]);
        assert_eq!(parse("{}").unwrap(), Parameters::new());
    }
}
