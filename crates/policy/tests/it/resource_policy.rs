//! Policies of resources: what they may not say, and what they say to which caller.

use serde_json::{Value, json};
use usher_policy::{Context, Request, ResourcePolicy, TrustDecision, TrustedAs};

const KEY: &str = "arn:aws:kms:usher-1:000000000000:key/k";
const ALICE: &str = "arn:aws:iam::000000000000:user/alice";

fn statement(changes: &Value) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Principal": { "AWS": ALICE }, "Action": "kms:Decrypt", "Resource": "*" });
    for (key, value) in changes.as_object().unwrap() {
        statement[key] = value.clone();
    }
    statement
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    statement
}

fn parse(statements: &[Value]) -> Result<ResourcePolicy, String> {
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    ResourcePolicy::parse(&text, "kms").map_err(|error| error.to_string())
}

/// What the statements say to alice about decrypting with the key, in a word.
fn judged(statements: &[Value]) -> &'static str {
    let request = Request {
        action: "kms:Decrypt",
        resource: KEY,
        context: &Context::default(),
    };
    let alice = TrustedAs {
        account: "000000000000",
        arns: &[ALICE.to_owned()],
    };
    match parse(statements).unwrap().judge(KEY, alice, &request) {
        TrustDecision::Named { .. } => "named",
        TrustDecision::RoleNamed { .. } => "role named",
        TrustDecision::WithOwnPolicies { .. } => "with own policies",
        TrustDecision::ExplicitDeny { .. } => "denied",
        TrustDecision::NotTrusted => "not trusted",
    }
}

#[test]
fn a_statement_without_principal_or_resource_or_of_another_service_is_refused() {
    for changes in [
        json!({ "Principal": null }),
        json!({ "Resource": null }),
        json!({ "Action": "s3:GetObject" }),
        json!({ "Action": ["kms:Decrypt", "sts:AssumeRole"] }),
        json!({ "Action": null, "NotAction": "s3:*" }),
        json!({ "Principal": null, "NotPrincipal": { "AWS": ALICE } }),
        json!({ "Resource": "key/k" }),
        json!({ "Owner": "alice" }),
    ] {
        assert!(parse(&[statement(&changes)]).is_err(), "{changes}");
    }
    assert!(parse(&[statement(&json!({ "Action": "*" }))]).is_ok());
}

#[test]
fn what_is_not_said_is_not_trusted_and_a_denial_wins() {
    let bob = json!({ "AWS": "arn:aws:iam::000000000000:user/bob" });
    let other = "arn:aws:kms:usher-1:000000000000:key/other";
    for changes in [
        json!({ "Action": "kms:Encrypt" }),
        json!({ "Principal": bob }),
        json!({ "Resource": other }),
        json!({ "Condition": { "StringEquals": { "kms:ViaService": "x" } } }),
    ] {
        assert_eq!(judged(&[statement(&changes)]), "not trusted", "{changes}");
    }
    let root = json!({ "AWS": "arn:aws:iam::000000000000:root" });
    let (plain, delegating) = (json!({}), json!({ "Principal": root }));
    let denial = json!({ "Effect": "Deny", "Principal": "*", "Action": "kms:*" });
    assert_eq!(judged(&[statement(&plain), statement(&denial)]), "denied");
    assert_eq!(judged(&[statement(&delegating)]), "with own policies");
    assert_eq!(
        judged(&[statement(&delegating), statement(&plain)]),
        "named"
    );
}
