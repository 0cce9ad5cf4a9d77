//! What a simulation tells besides the decision.

use serde_json::{Value, json};
use usher_policy::{
    Context, Decision, NamedPolicy, PolicyDocument, PrincipalPolicies, Request, Simulation,
    simulate,
};

use crate::evaluation::granting;

fn policy(statements: &Value) -> PolicyDocument {
    PolicyDocument::parse(&json!({ "Version": "2012-10-17", "Statement": statements }).to_string())
        .unwrap()
}

fn simulated(policies: &PrincipalPolicies, context: &Context) -> Simulation {
    simulate(
        policies,
        &Request {
            action: "ssm:StartSession",
            resource: "arn:aws:ssm:usher-1:000000000000:session/alice-1",
            context,
        },
    )
}

#[test]
fn keys_that_nobody_gave_are_told_once_as_they_are_written() {
    let policies = granting([(
        "p",
        policy(&json!([
            {
                "Effect": "Allow", "Action": "ssm:*", "Resource": "arn:aws:ssm:*:*:session/${aws:UserName}-*",
                "Condition": {
                    "StringEquals": { "aws:username": "a", "aws:PrincipalTag/Team": "${aws:RequestTag/team}" },
                    "IpAddress": { "aws:SourceIp": "10.0.0.0/8" },
                    "StringLike": { "ssm:x": "${aws:x, 'any'}" },
                },
            },
            { "Effect": "Allow", "Action": "iam:*", "Resource": "*", "Condition": { "Null": { "aws:TagKeys": "true" } } },
        ])),
    )]);
    let given = Context::default().with("AWS:SOURCEIP", "10.0.0.1");
    assert_eq!(
        simulated(&policies, &given).missing_keys,
        [
            "aws:UserName",
            "aws:PrincipalTag/Team",
            "aws:RequestTag/team",
            "ssm:x"
        ]
    );
}

#[test]
fn a_denial_shows_every_statement_that_denies_limits_included() {
    let all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    let deny = json!({ "Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*" });
    let mut policies = granting([("p", policy(&json!([all, deny])))]);
    policies.boundary = Some(NamedPolicy::new("limit", policy(&json!([deny]))));
    let simulation = simulated(&policies, &Context::default());
    let matched: Vec<_> = simulation
        .matched
        .iter()
        .map(|one| (one.by.policy.as_str(), one.index))
        .collect();
    assert_eq!(matched, [("p", 1), ("limit", 0)]);
    assert_eq!(simulation.allowed_by_boundary, Some(false));
}

#[test]
fn a_boundary_that_withholds_is_told_apart_from_policies_that_do_not_grant() {
    let statement = |action: &str| json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
    let mut policies = granting([("p", policy(&statement("ssm:*")))]);
    assert_eq!(
        simulated(&policies, &Context::default()).allowed_by_boundary,
        None
    );
    policies.boundary = Some(NamedPolicy::new("limit", policy(&statement("iam:*"))));
    let simulation = simulated(&policies, &Context::default());
    assert!(matches!(simulation.decision, Decision::ImplicitDeny { .. }));
    assert_eq!(simulation.allowed_by_boundary, Some(false));
    assert_eq!(simulation.matched.len(), 1);
}
