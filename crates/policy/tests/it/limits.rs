//! Several sets of policies: boundaries and session policies limit, trust policies must agree, and any denial wins.

use serde_json::{Value, json};
use usher_policy::{
    Context, Decision, NamedPolicy, PolicyDocument, PrincipalPolicies, Request, TrustPolicy,
    TrustedAs, evaluate, evaluate_trusted,
};

const ACCOUNT: &str = "000000000000";
const USER: &str = "arn:aws:iam::000000000000:user/alice";
const ROLE: &str = "arn:aws:iam::000000000000:role/ops";
const SESSION: &str = "arn:aws:sts::000000000000:assumed-role/ops/alice";

fn named(name: &str, effect: &str, action: &str) -> NamedPolicy {
    let text =
        json!({ "Statement": { "Sid": "S", "Effect": effect, "Action": action, "Resource": "*" } });
    NamedPolicy::new(name, PolicyDocument::parse(&text.to_string()).unwrap())
}

fn allow(name: &str, action: &str) -> NamedPolicy {
    named(name, "Allow", action)
}

fn deny(name: &str) -> NamedPolicy {
    named(name, "Deny", "sts:AssumeRole")
}

fn request(context: &Context) -> Request<'_> {
    Request {
        action: "sts:AssumeRole",
        resource: "arn:aws:iam::000000000000:role/deploy",
        context,
    }
}

fn decided(policies: &PrincipalPolicies) -> String {
    evaluate(policies, &request(&Context::default())).to_string()
}

/// What comes of a trust policy with this `Principal` for a caller with these names.
fn trusted(principal: &Value, arns: &[&str], policies: &PrincipalPolicies) -> String {
    let text = json!({ "Statement":
        { "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" } });
    let arns: Vec<String> = arns.iter().map(|arn| (*arn).to_owned()).collect();
    let caller = TrustedAs {
        account: ACCOUNT,
        arns: &arns,
    };
    let context = Context::default();
    let trust = TrustPolicy::parse(&text.to_string()).unwrap();
    let trust = trust.judge("deploy", caller, &request(&context));
    evaluate_trusted(trust, policies, &request(&context)).to_string()
}

#[test]
fn a_limit_that_does_not_allow_denies_and_is_named() {
    let mut policies = PrincipalPolicies::granting(vec![allow("own", "sts:*")]);
    policies.boundary = Some(allow("boundary", "ssm:*"));
    assert_eq!(
        decided(&policies),
        "denied: no permissions boundary allows it"
    );
    policies.boundary = Some(allow("boundary", "*"));
    policies.session = Some(vec![allow("one", "ssm:*"), allow("two", "iam:*")]);
    assert_eq!(decided(&policies), "denied: no session policy allows it");
    policies.session = Some(Vec::new());
    assert_eq!(decided(&policies), "denied: no session policy allows it");
}

#[test]
fn a_denial_in_any_set_wins_and_is_named() {
    let all = || PrincipalPolicies {
        identity: vec![allow("own", "*")],
        boundary: Some(allow("limit", "*")),
        session: Some(vec![allow("keys", "*")]),
    };
    let mut own = all();
    own.identity.push(deny("own2"));
    let mut boundary = all();
    boundary.boundary = Some(deny("limit"));
    let mut session = all();
    session.session = Some(vec![allow("keys", "*"), deny("keys2")]);
    for (policies, by) in [
        (own, "identity-based policy own2"),
        (boundary, "permissions boundary limit"),
        (session, "session policy keys2"),
    ] {
        let expected = format!("denied by statement S of the {by}");
        assert_eq!(decided(&policies), expected);
        assert_eq!(
            trusted(&json!({ "AWS": USER }), &[USER], &policies),
            expected
        );
    }
}

#[test]
fn limits_grant_nothing_by_themselves() {
    let policies = PrincipalPolicies {
        identity: Vec::new(),
        boundary: Some(allow("limit", "*")),
        session: Some(vec![allow("keys", "*")]),
    };
    assert_eq!(
        decided(&policies),
        "denied: no identity-based policy allows it"
    );
}

#[test]
fn a_trust_policy_that_is_silent_denies_whatever_the_caller_has() {
    let policies = PrincipalPolicies::granting(vec![allow("own", "*")]);
    let stranger = json!({ "AWS": "111111111111" });
    assert_eq!(
        trusted(&stranger, &[USER], &policies),
        "denied: no resource-based policy allows it"
    );
}

#[test]
fn being_of_a_trusted_account_needs_a_permission_of_ones_own() {
    let account = json!({ "AWS": ACCOUNT });
    assert_eq!(
        trusted(&account, &[USER], &PrincipalPolicies::default()),
        "denied: no identity-based policy allows it"
    );
    let policies = PrincipalPolicies::granting(vec![allow("own", "sts:*")]);
    assert_eq!(
        trusted(&account, &[USER], &policies),
        "allowed by statement S of the identity-based policy own"
    );
}

#[test]
fn being_named_stands_for_a_permission_and_a_named_role_keeps_its_limits() {
    let limited = PrincipalPolicies {
        identity: Vec::new(),
        boundary: Some(allow("limit", "ssm:*")),
        session: Some(vec![allow("keys", "ssm:*")]),
    };
    let keys = PrincipalPolicies {
        boundary: None,
        ..limited.clone()
    };
    let role = [ROLE, SESSION];
    assert_eq!(
        trusted(&json!({ "AWS": ROLE }), &role, &limited),
        "denied: no permissions boundary allows it"
    );
    assert_eq!(
        trusted(&json!({ "AWS": ROLE }), &role, &keys),
        "denied: no session policy allows it"
    );
    let unlimited = PrincipalPolicies::default();
    for (principal, arns, policies) in [
        (json!({ "AWS": ROLE }), &role[..], &unlimited),
        (json!({ "AWS": SESSION }), &role, &limited),
        (json!({ "AWS": [ROLE, SESSION] }), &role, &limited),
        (json!({ "AWS": USER }), &[USER], &limited),
    ] {
        assert_eq!(
            trusted(&principal, arns, policies),
            "allowed by statement 0 of the resource-based policy deploy",
            "{principal}"
        );
    }
}

#[test]
fn what_every_set_allows_is_allowed_by_the_statement_that_grants() {
    let policies = PrincipalPolicies {
        identity: vec![allow("other", "ssm:*"), allow("own", "sts:Assume*")],
        boundary: Some(allow("limit", "sts:*")),
        session: Some(vec![allow("other", "ssm:*"), allow("keys", "*")]),
    };
    let Decision::Allowed { by } = evaluate(&policies, &request(&Context::default())) else {
        unreachable!("every set allows it")
    };
    assert_eq!((by.policy.as_str(), by.statement.as_str()), ("own", "S"));
}
