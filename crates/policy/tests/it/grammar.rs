//! What a policy may not say. Every refusal is one that would otherwise be a statement meaning more than it reads.

use serde_json::{Value, json};
use usher_policy::PolicyDocument;

fn refused(policy: &Value, sentence: &str) {
    match PolicyDocument::parse(&policy.to_string()) {
        Ok(_) => assert_eq!("stored", sentence, "{policy}"),
        Err(error) => assert!(
            error.to_string().contains(sentence),
            "{policy}\n{error}\nnot: {sentence}"
        ),
    }
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*" });
    change(&mut statement);
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

#[test]
fn texts_that_are_no_policy_are_refused() {
    for text in [
        "",
        "{",
        "[]",
        "null",
        "{}",
        r#"{"Statement":[]}"#,
        r#"{"Statement":"x"}"#,
        r#"{"Statement":[1]}"#,
    ] {
        assert!(PolicyDocument::parse(text).is_err(), "{text}");
    }
    let twice = r#"{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}"#;
    assert!(
        PolicyDocument::parse(twice)
            .unwrap_err()
            .to_string()
            .contains("'Effect' is given twice")
    );
}

#[test]
fn unknown_elements_are_refused_where_they_stand() {
    refused(
        &json!({ "Version": "2012-10-17", "Statement": [], "Extra": 1 }),
        "The element Extra is not known",
    );
    refused(
        &with(|s| s["Actions"] = json!("*")),
        "Statement[0].Actions is not known",
    );
    refused(
        &with(|s| s["effect"] = json!("Deny")),
        "Statement[0].effect is not known",
    );
    refused(
        &with(|s| s["Principal"] = json!("*")),
        "Statement[0].Principal is not allowed",
    );
    refused(
        &with(|s| s["NotPrincipal"] = json!("*")),
        "Statement[0].NotPrincipal is not allowed",
    );
}

#[test]
fn versions_and_effects_are_taken_from_their_lists() {
    for version in ["2012-10-18", "", "1"] {
        let mut policy = with(|_| {});
        policy["Version"] = json!(version);
        refused(&policy, "Version must be");
    }
    for effect in [
        json!("allow"),
        json!("ALLOW"),
        json!(true),
        json!(["Allow"]),
    ] {
        refused(
            &with(|s| s["Effect"] = effect),
            "Effect must be Allow or Deny",
        );
    }
    refused(
        &with(|s| drop(s.as_object_mut().unwrap().remove("Effect"))),
        "needs the element Statement[0].Effect",
    );
}

#[test]
fn exactly_one_action_and_one_resource_element_must_stand() {
    for (key, other) in [("Action", "NotAction"), ("Resource", "NotResource")] {
        refused(
            &with(|s| drop(s.as_object_mut().unwrap().remove(key))),
            &format!("Statement[0].{key}"),
        );
        let both = with(|s| s[other] = s[key].clone());
        refused(&both, &format!("has both {key} and {other}"));
        for value in [json!([]), json!(1), json!([1]), json!(null), json!({})] {
            refused(
                &with(|s| s[key] = value),
                "text or a list of at least one text",
            );
        }
    }
}

#[test]
fn actions_and_resources_must_have_their_form() {
    for action in [
        "",
        "ssm",
        "ssm:",
        ":Start",
        "s*:Start",
        "ssm:Start Session",
        "ssm:${aws:username}",
        "**",
    ] {
        refused(&with(|s| s["Action"] = json!(action)), "is not an action");
    }
    for resource in ["", "mi-1", "*x", "ARN:aws:ssm", "${aws:username}"] {
        refused(
            &with(|s| s["Resource"] = json!(resource)),
            "must be in ARN format",
        );
    }
    for variable in [
        "${",
        "${}",
        "${aws:username",
        "${ a}",
        "${a, b}",
        "${a, 'b}",
        "${a{b}",
    ] {
        let resource = format!("arn:aws:ssm:*:*:session/{variable}");
        refused(
            &with(|s| s["Resource"] = json!(resource)),
            "policy variable",
        );
    }
}

#[test]
fn a_sid_that_is_not_letters_and_digits_is_refused() {
    for sid in [
        "a b",
        "a-b",
        "ä",
        "a\n2026-01-01T00:00:00Z INFO allowed",
        "a\u{1b}[31m",
    ] {
        refused(&with(|s| s["Sid"] = json!(sid)), "must be alpha-numeric");
    }
}

#[test]
fn sids_are_unique_in_a_policy() {
    let statement = json!({ "Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*" });
    refused(
        &json!({ "Statement": [statement, statement] }),
        "The Sid A stands twice",
    );
}

#[test]
fn unknown_operators_and_values_that_could_never_match_are_refused() {
    let condition = |operator: &str, value: Value| {
        with(|s| s["Condition"] = json!({ operator: { "aws:x": value } }))
    };
    for operator in [
        "StringMatches",
        "stringequals",
        "NullIfExists",
        "ForAnyValue:Null",
        "NumericLike",
        "ForAll:Bool",
    ] {
        refused(&condition(operator, json!("true")), "condition operator");
    }
    for (operator, value) in [
        ("NumericEquals", "one"),
        ("DateLessThan", "tomorrow"),
        ("Bool", "yes"),
        ("Null", "maybe"),
        ("IpAddress", "10.0.0.0/33"),
        ("NotIpAddress", "10.0.0"),
        ("BinaryEquals", "?"),
    ] {
        refused(
            &condition(operator, json!(value)),
            "is not a value for the condition operator",
        );
    }
    for value in [
        json!([]),
        json!({}),
        json!(null),
        json!([null]),
        json!([["a"]]),
    ] {
        refused(&condition("StringEquals", value), "must be text, a number");
    }
    refused(
        &with(|s| s["Condition"] = json!([])),
        "Statement[0].Condition must be a map",
    );
    refused(
        &with(|s| s["Condition"] = json!({ "Bool": true })),
        "Statement[0].Condition.Bool must be a map",
    );
}

#[test]
fn refusals_name_the_place_and_the_rule() {
    let condition = |block: Value| with(|s| s["Condition"] = block);
    refused(
        &with(|s| s["Action"] = json!(["ssm:*", "start"])),
        "Statement[0].Action: start is not an action",
    );
    refused(
        &with(|s| s["Resource"] = json!("arn:aws:ssm:${aws:username")),
        "Statement[0].Resource: arn:aws:ssm:${aws:username holds a policy variable",
    );
    refused(
        &condition(json!({ "StringIs": { "aws:x": "a" } })),
        "Statement[0].Condition: The condition operator StringIs is not known",
    );
    refused(
        &condition(json!({ "Bool": { "aws:SecureTransport": ["true", "yes"] } })),
        "Statement[0].Condition.Bool.aws:SecureTransport: yes is not a value",
    );
    for key in ["username", "", ":username", "aws:"] {
        refused(
            &condition(json!({ "StringEquals": { key: "a" } })),
            "Statement[0].Condition.StringEquals: ",
        );
    }
}
