//! The evaluator against `data/iam-cases.jsonl`: one policy, one request and the wanted answer a line.
//!
//! `st` = statements; `AL` = one Allow `ssm:*` on `*` with that Condition; `DN` = Allow `*` on `*` and Deny `ssm:*` on `*`
//! with that Condition; `ctx` = condition keys; `want` = Allow, Deny (explicit), ImplicitDeny or Reject (not stored).

use serde_json::{Value, json};
use usher_policy::{Context, Decision, PolicyDocument, Request, evaluate};

use crate::evaluation::granting;

fn statements(case: &Value) -> Value {
    if let Some(condition) = case.get("AL") {
        return json!([{ "Effect": "Allow", "Action": "ssm:*", "Resource": "*", "Condition": condition }]);
    }
    if let Some(condition) = case.get("DN") {
        return json!([
            { "Effect": "Allow", "Action": "*", "Resource": "*" },
            { "Effect": "Deny", "Action": "ssm:*", "Resource": "*", "Condition": condition },
        ]);
    }
    case.get("st").cloned().unwrap()
}

fn scalar(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn context(case: &Value) -> Context {
    let mut context = Context::default();
    for (key, value) in case
        .get("ctx")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        context = match value.as_array() {
            Some(values) => context.with_set(key, values.iter().map(scalar)),
            None => context.with(key, scalar(value)),
        };
    }
    context
}

fn answer(case: &Value) -> &'static str {
    let text = |key: &str, default: &str| {
        case.get(key)
            .and_then(Value::as_str)
            .unwrap_or(default)
            .to_owned()
    };
    let policy = json!({ "Version": text("version", "2012-10-17"), "Statement": statements(case) });
    let Ok(policy) = PolicyDocument::parse(&policy.to_string()) else {
        return "Reject";
    };
    let (action, resource) = (
        text("action", "ssm:TerminateSession"),
        text(
            "resource",
            "arn:aws:ssm:us-east-1:123456789012:session/alice-0abc",
        ),
    );
    let request = Request {
        action: &action,
        resource: &resource,
        context: &context(case),
    };
    match evaluate(&granting([("case", policy)]), &request) {
        Decision::Allowed { .. } => "Allow",
        Decision::ExplicitDeny { .. } => "Deny",
        Decision::ImplicitDeny { .. } => "ImplicitDeny",
    }
}

#[test]
fn every_case_gets_the_wanted_answer() {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for line in include_str!("../data/iam-cases.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (name, want) = (
            case["case"].as_str().unwrap(),
            case["want"].as_str().unwrap(),
        );
        let got = answer(&case);
        if got != want {
            wrong.push(format!("{name}: wanted {want}, got {got}"));
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cases, 43, "cases were lost");
}
