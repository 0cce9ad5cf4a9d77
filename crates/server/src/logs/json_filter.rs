//! Conditions on a message's JSON: `{ ($.user = "al*" || $.code >= 400) && $.sessionData[0] != "x" }`.
//!
//! A path that a message does not have satisfies `NOT EXISTS` and nothing else. Parentheses go [`DEEPEST`] deep, because
//! reading and matching go as deep as they do.

use serde_json::Value;

/// Parentheses within parentheses.
const DEEPEST: usize = 16;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JsonFilter {
    All(Vec<JsonFilter>),
    Any(Vec<JsonFilter>),
    Compare {
        path: Vec<Step>,
        operator: Operator,
        operand: Operand,
    },
    IsTrue(Vec<Step>, bool),
    IsNull(Vec<Step>),
    NotExists(Vec<Step>),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Member(String),
    Item(usize),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    /// Text in parts between stars: one part is the whole text.
    Text(Vec<String>),
    Number(f64),
}

impl JsonFilter {
    /// Reads a condition with its braces.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let inner = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
            .ok_or("the condition is not closed by a brace")?;
        let mut reader = Reader {
            rest: inner,
            depth: 0,
        };
        let filter = reader.any()?;
        match reader.skip_space() {
            "" => Ok(filter),
            rest => Err(format!("this is not understood: {}", rest.escape_default())),
        }
    }

    /// Whether a message is JSON for which the condition holds.
    pub(super) fn matches(&self, message: &str) -> bool {
        serde_json::from_str(message).is_ok_and(|value: Value| self.holds(&value))
    }

    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::All(list) => list.iter().all(|one| one.holds(value)),
            Self::Any(list) => list.iter().any(|one| one.holds(value)),
            Self::IsTrue(path, wanted) => at(value, path).and_then(Value::as_bool) == Some(*wanted),
            Self::IsNull(path) => at(value, path).is_some_and(Value::is_null),
            Self::NotExists(path) => at(value, path).is_none(),
            Self::Compare {
                path,
                operator,
                operand,
            } => at(value, path).is_some_and(|found| compare(found, *operator, operand)),
        }
    }
}

fn at<'a>(value: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Member(name) => value.get(name),
        Step::Item(index) => value.get(index),
    })
}

fn compare(found: &Value, operator: Operator, operand: &Operand) -> bool {
    match operand {
        Operand::Text(parts) => {
            let found = match found {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return false,
            };
            match operator {
                Operator::Equal => fits(&found, parts),
                Operator::Unequal => !fits(&found, parts),
                _ => false,
            }
        }
        Operand::Number(number) => found.as_f64().is_some_and(|found| match operator {
            Operator::Equal => found == *number,
            Operator::Unequal => found != *number,
            Operator::Less => found < *number,
            Operator::LessOrEqual => found <= *number,
            Operator::Greater => found > *number,
            Operator::GreaterOrEqual => found >= *number,
        }),
    }
}

/// Whether a text is these parts in their order, with anything where the stars were.
fn fits(text: &str, parts: &[String]) -> bool {
    let Some((first, others)) = parts.split_first() else {
        return text.is_empty();
    };
    let Some((last, between)) = others.split_last() else {
        return text == first;
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in between {
        match rest.split_once(part.as_str()) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn skip_space(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        self.rest
    }

    fn takes(&mut self, word: &str) -> bool {
        match self.skip_space().strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn any(&mut self) -> Result<JsonFilter, String> {
        let mut list = vec![self.all()?];
        while self.takes("||") {
            list.push(self.all()?);
        }
        Ok(JsonFilter::Any(list))
    }

    fn all(&mut self) -> Result<JsonFilter, String> {
        let mut list = vec![self.one()?];
        while self.takes("&&") {
            list.push(self.one()?);
        }
        Ok(JsonFilter::All(list))
    }

    fn one(&mut self) -> Result<JsonFilter, String> {
        if self.takes("(") {
            if self.depth == DEEPEST {
                return Err("parentheses are nested too deeply".to_owned());
            }
            self.depth += 1;
            let inner = self.any()?;
            self.depth -= 1;
            return match self.takes(")") {
                true => Ok(inner),
                false => Err("a parenthesis is not closed".to_owned()),
            };
        }
        let path = self.path()?;
        for (word, make) in [
            ("IS TRUE", JsonFilter::IsTrue(path.clone(), true)),
            ("IS FALSE", JsonFilter::IsTrue(path.clone(), false)),
            ("IS NULL", JsonFilter::IsNull(path.clone())),
            ("NOT EXISTS", JsonFilter::NotExists(path.clone())),
        ] {
            if self.takes(word) {
                return Ok(make);
            }
        }
        let operator = self.operator()?;
        let operand = self.operand()?;
        Ok(JsonFilter::Compare {
            path,
            operator,
            operand,
        })
    }

    fn path(&mut self) -> Result<Vec<Step>, String> {
        if !self.takes("$") {
            return Err("a condition begins with $".to_owned());
        }
        let mut path = Vec::new();
        loop {
            if let Some(rest) = self.rest.strip_prefix('.') {
                let end = rest
                    .find(|c: char| !(c.is_alphanumeric() || "_-:/@".contains(c)))
                    .unwrap_or(rest.len());
                let (name, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                if name.is_empty() {
                    return Err("a member without a name".to_owned());
                }
                path.push(Step::Member(name.to_owned()));
                self.rest = after;
            } else if let Some(rest) = self.rest.strip_prefix('[') {
                let (index, after) = rest.split_once(']').ok_or("a bracket is not closed")?;
                let index = index.trim().parse().map_err(|_| "an index is no number")?;
                path.push(Step::Item(index));
                self.rest = after;
            } else {
                return Ok(path);
            }
        }
    }

    fn operator(&mut self) -> Result<Operator, String> {
        for (word, operator) in [
            ("!=", Operator::Unequal),
            (">=", Operator::GreaterOrEqual),
            ("<=", Operator::LessOrEqual),
            ("=", Operator::Equal),
            (">", Operator::Greater),
            ("<", Operator::Less),
        ] {
            if self.takes(word) {
                return Ok(operator);
            }
        }
        Err("a comparison is missing".to_owned())
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let text = self.skip_space();
        if let Some(quoted) = text.strip_prefix('"') {
            let (inner, after) = quoted
                .split_once('"')
                .ok_or("a quoted text is not closed")?;
            self.rest = after;
            return Ok(Operand::Text(inner.split('*').map(str::to_owned).collect()));
        }
        let end = text
            .find(|c: char| c.is_whitespace() || ")&|".contains(c))
            .unwrap_or(text.len());
        let (word, after) = text.split_at_checked(end).unwrap_or((text, ""));
        if word.is_empty() {
            return Err("a value is missing".to_owned());
        }
        self.rest = after;
        Ok(match word.parse() {
            Ok(number) => Operand::Number(number),
            Err(_) => Operand::Text(word.split('*').map(str::to_owned).collect()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = r#"{"user":"alice","code":404,"ok":false,"none":null,"data":["ls","pwd"],"in":{"a":"x y"}}"#;

    #[test]
    fn conditions_that_are_none_are_refused() {
        for text in [
            "{}",
            "{ a = 1 }",
            "{ $.a = }",
            "{ $.a ~ 1 }",
            "{ $.a = \"x }",
            "{ ($.a = 1 }",
            "{ $.a = 1 } x",
            "{ $. = 1 }",
            "{ $.a[x] = 1 }",
            "{ $.a = 1 && }",
            "{ $.a = 1 $.b = 2 }",
        ] {
            assert!(JsonFilter::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |depth: usize| {
            let (open, close) = ("(".repeat(depth), ")".repeat(depth));
            JsonFilter::parse(&format!("{{{open}$.code = 404{close}}}"))
        };
        assert!(nested(DEEPEST + 1).is_err());
        assert!(nested(500).is_err());
        assert!(nested(DEEPEST).unwrap().matches(MESSAGE));
    }

    #[test]
    fn conditions_hold_or_not() {
        let check = |text: &str, expected: bool| {
            assert_eq!(
                JsonFilter::parse(text).unwrap().matches(MESSAGE),
                expected,
                "{text}"
            );
        };
        for text in [
            "{ $.user = \"bob\" }",
            "{ $.user = \"alic\" }",
            "{ $.user = \"*x*\" }",
            "{ $.missing = \"alice\" }",
            "{ $.missing != \"alice\" }",
            "{ $.code < 404 }",
            "{ $.user > 1 }",
            "{ $.ok IS TRUE }",
            "{ $.user IS NULL }",
            "{ $.user NOT EXISTS }",
            "{ $.data[2] = \"ls\" }",
            "{ $.user = \"alice\" && $.code = 1 }",
            "{ $.user = \"a*a*lice\" }",
        ] {
            check(text, false);
        }
        for text in [
            "{ $.user = \"alice\" }",
            "{ $.user = alice }",
            "{ $.user = \"al*\" }",
            "{ $.user = \"*l*c*\" }",
            "{ $.user != \"bob\" }",
            "{ $.code >= 404 }",
            "{ $.code = 404 }",
            "{ $.ok IS FALSE }",
            "{ $.none IS NULL }",
            "{ $.missing NOT EXISTS }",
            "{ $.data[1] = \"pwd\" }",
            "{ $.in.a = \"x y\" }",
            "{ $.user = \"bob\" || ($.code = 404 && $.ok IS FALSE) }",
        ] {
            check(text, true);
        }
        assert!(
            !JsonFilter::parse("{ $.a NOT EXISTS }")
                .unwrap()
                .matches("no JSON")
        );
    }
}
