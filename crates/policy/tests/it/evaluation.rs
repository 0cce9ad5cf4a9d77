//! Decisions: AWS's reference policies for Session Manager, the operators one by one, and whom a decision names.

use serde_json::{Value, json};
use usher_policy::{
    Context, Decision, NamedPolicy, PolicyDocument, PolicyKind, PrincipalPolicies, Request,
    evaluate,
};

const TARGET: &str = "arn:aws:ssm:usher-1:000000000000:managed-instance/mi-0123456789abcdef0";
const SHELL: &str = "arn:aws:ssm:usher-1:000000000000:document/SSM-SessionManagerRunShell";
const UNGRANTED: Decision = Decision::ImplicitDeny {
    missing: PolicyKind::Identity,
};
const SESSION: &str = "arn:aws:ssm:usher-1:000000000000:session/alice-0abc";

fn policy(statements: &Value) -> PolicyDocument {
    PolicyDocument::parse(&json!({ "Version": "2012-10-17", "Statement": statements }).to_string())
        .unwrap()
}

/// Policies of a user, by name.
pub(crate) fn granting<const N: usize>(policies: [(&str, PolicyDocument); N]) -> PrincipalPolicies {
    let named = policies.map(|(name, document)| NamedPolicy::new(name, document));
    PrincipalPolicies::granting(named.into())
}

fn decide(statements: &Value, action: &str, resource: &str, context: &Context) -> Decision {
    evaluate(
        &granting([("reference", policy(statements))]),
        &Request {
            action,
            resource,
            context,
        },
    )
}

fn allowed(statements: &Value, action: &str, resource: &str, context: &Context) -> bool {
    matches!(
        decide(statements, action, resource, context),
        Decision::Allowed { .. }
    )
}

#[test]
fn nothing_is_allowed_without_policies() {
    let none = PrincipalPolicies::default();
    let request = Request {
        action: "ssm:StartSession",
        resource: TARGET,
        context: &Context::default(),
    };
    assert_eq!(evaluate(&none, &request), UNGRANTED);
}

#[test]
fn decisions_name_the_policy_and_the_statement() {
    let reads = policy(&json!({ "Effect": "Allow", "Action": "ssm:Get*", "Resource": "*" }));
    let starts = policy(&json!([
        { "Effect": "Allow", "Action": "iam:*", "Resource": "*" },
        { "Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*" },
        { "Sid": "NoShell", "Effect": "Deny", "Action": "ssm:StartSession", "Resource": SHELL },
    ]));
    let policies = granting([("reads", reads), ("starts", starts)]);
    let decide = |resource| {
        let request = Request {
            action: "ssm:StartSession",
            resource,
            context: &Context::default(),
        };
        evaluate(&policies, &request).to_string()
    };
    let policy = "of the identity-based policy starts";
    assert_eq!(
        decide(SHELL),
        format!("denied by statement NoShell {policy}")
    );
    assert_eq!(decide(TARGET), format!("allowed by statement 1 {policy}"));
}

#[test]
fn people_end_their_own_sessions_and_nobody_elses() {
    let statements = json!({
        "Effect": "Allow", "Action": ["ssm:TerminateSession", "ssm:ResumeSession"],
        "Resource": "arn:aws:ssm:*:*:session/${aws:username}-*",
    });
    let end = |user: &str| {
        let context = Context::default().with("aws:username", user);
        allowed(&statements, "ssm:TerminateSession", SESSION, &context)
    };
    assert!(!end("bob") && !end("*") && !end("") && !end("Alice"));
    assert!(end("alice"));
    assert!(!allowed(
        &statements,
        "ssm:TerminateSession",
        SESSION,
        &Context::default()
    ));
    assert!(!allowed(
        &statements,
        "ssm:StartSession",
        SESSION,
        &Context::default().with("aws:username", "alice")
    ));
}

#[test]
fn excluding_a_resource_by_an_unknown_variable_excludes_all_from_an_allow_and_none_from_a_deny() {
    let own = "arn:aws:ssm:*:*:session/${aws:username}-*";
    let allow = json!({ "Effect": "Allow", "Action": "*", "NotResource": own });
    let deny = json!({ "Effect": "Deny", "Action": "*", "NotResource": own });
    let unknown = Context::default();
    assert_eq!(
        decide(&allow, "ssm:GetDocument", SHELL, &unknown),
        UNGRANTED
    );
    assert!(matches!(
        decide(&deny, "ssm:GetDocument", SHELL, &unknown),
        Decision::ExplicitDeny { .. }
    ));
    assert!(allowed(
        &allow,
        "ssm:GetDocument",
        SHELL,
        &Context::default().with("aws:username", "alice")
    ));
}

#[test]
fn a_policy_of_the_older_version_has_no_variables() {
    let text = json!({ "Version": "2008-10-17", "Statement": {
        "Effect": "Allow", "Action": "*", "Resource": "arn:aws:ssm:*:*:session/${aws:username}-*",
    }});
    let policies = granting([("old", PolicyDocument::parse(&text.to_string()).unwrap())]);
    let context = Context::default().with("aws:username", "alice");
    let decide = |resource| {
        evaluate(
            &policies,
            &Request {
                action: "ssm:ResumeSession",
                resource,
                context: &context,
            },
        )
    };
    assert_eq!(decide(SESSION), UNGRANTED);
    let literal = "arn:aws:ssm:usher-1:000000000000:session/${aws:username}-0abc";
    assert!(matches!(decide(literal), Decision::Allowed { .. }));
}

#[test]
fn tag_conditions_do_not_let_untagged_targets_through() {
    let statements = json!({
        "Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*",
        "Condition": { "StringLike": { "ssm:resourceTag/Finance": "WebServers", "ssm:resourceTag/Stage": ["test", "dev*"] } },
    });
    let start = |tags: &[(&str, &str)]| {
        let tagged = |context: Context, (key, value): &(&str, &str)| {
            context.with(&format!("ssm:resourceTag/{key}"), *value)
        };
        let context = tags.iter().fold(Context::default(), tagged);
        allowed(&statements, "ssm:StartSession", TARGET, &context)
    };
    assert!(
        !start(&[])
            && !start(&[("Finance", "WebServers")])
            && !start(&[("Finance", "webservers"), ("Stage", "test")])
    );
    assert!(start(&[
        ("Finance", "WebServers"),
        ("Stage", "development")
    ]));
}

#[test]
fn sessions_are_ended_by_their_session_tag() {
    let statements = json!({
        "Effect": "Allow", "Action": "ssm:TerminateSession", "Resource": "*",
        "Condition": { "StringLike": { "ssm:resourceTag/aws:ssmmessages:session-id": ["${aws:userid}"] } },
    });
    let end = |tag: &str| {
        let context = Context::default()
            .with("aws:userid", "AIDAALICE")
            .with("ssm:resourceTag/aws:ssmmessages:session-id", tag);
        allowed(&statements, "ssm:TerminateSession", SESSION, &context)
    };
    assert!(!end("AIDABOB"));
    assert!(end("AIDAALICE"));
}

#[test]
fn the_document_check_of_the_quickstart_policy_holds_on_the_target() {
    let statements = json!([
        {
            "Effect": "Allow", "Action": "ssm:StartSession", "Resource": [TARGET, SHELL],
            "Condition": { "BoolIfExists": { "ssm:SessionDocumentAccessCheck": "true" } },
        },
        { "Effect": "Allow", "Action": ["ssm:DescribeSessions"], "Resource": "*" },
    ]);
    let start = |resource, checked: Option<&str>| {
        let key = "ssm:SessionDocumentAccessCheck";
        let context = checked.map_or_else(Context::default, |value| {
            Context::default().with(key, value)
        });
        allowed(&statements, "ssm:StartSession", resource, &context)
    };
    assert!(!start(TARGET, Some("false")));
    assert!(!start(
        "arn:aws:ssm:usher-1::document/AWS-StartSSHSession",
        Some("true")
    ));
    assert!(start(TARGET, Some("true")) && start(TARGET, None) && start(SHELL, Some("true")));
    assert!(allowed(
        &statements,
        "ssm:DescribeSessions",
        "*",
        &Context::default()
    ));
}

#[test]
fn a_deny_on_the_preferences_wins_over_an_administrators_allow() {
    let statements = json!([
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": ["ssm:CreateDocument", "ssm:UpdateDocument", "ssm:DeleteDocument"], "Resource": SHELL },
    ]);
    for action in [
        "ssm:CreateDocument",
        "SSM:updatedocument",
        "ssm:DeleteDocument",
    ] {
        assert!(matches!(
            decide(&statements, action, SHELL, &Context::default()),
            Decision::ExplicitDeny { .. }
        ));
    }
    assert!(allowed(
        &statements,
        "ssm:GetDocument",
        SHELL,
        &Context::default()
    ));
}

/// Whether `condition` holds where `aws:x` has this value, none, or is a set.
fn holds(operator: &str, wanted: Value, found: Option<&[&str]>, is_set: bool) -> bool {
    let statements = json!({
        "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { operator: { "AWS:X": wanted } },
    });
    let context = match found {
        None => Context::default(),
        Some(values) if is_set => Context::default().with_set("aws:x", values.iter().copied()),
        Some(values) => values.iter().fold(Context::default(), |context, value| {
            context.with("aws:x", *value)
        }),
    };
    allowed(&statements, "ssm:StartSession", "*", &context)
}

#[test]
fn every_operator_tells_matching_values_from_others() {
    for (operator, wanted, other, same) in [
        ("StringEquals", "a*", "ab", "a*"),
        ("StringEqualsIgnoreCase", "Ä", "a", "ä"),
        ("StringLike", "a?c*", "ac", "abcd"),
        ("NumericEquals", "1.50", "1.51", "1.5"),
        ("NumericLessThan", "10", "10", "9"),
        ("NumericLessThanEquals", "10", "11", "10"),
        ("NumericGreaterThan", "10", "10", "10.1"),
        ("NumericGreaterThanEquals", "-10", "-11", "-10"),
        (
            "DateEquals",
            "2026-11-22T00:00:00Z",
            "2026-11-23",
            "2026-11-22",
        ),
        (
            "DateLessThan",
            "2026-11-22",
            "2026-11-22",
            "2026-11-21T23:59:59Z",
        ),
        (
            "DateLessThanEquals",
            "2026-11-22",
            "2026-11-23",
            "2026-11-22",
        ),
        ("DateGreaterThan", "2026-11-22", "2026-11-22", "1795305601"),
        (
            "DateGreaterThanEquals",
            "2026-11-22",
            "2026-11-21",
            "2026-11-22",
        ),
        ("Bool", "true", "false", "TRUE"),
        ("BinaryEquals", "AAEC", "AAED", "AAEC"),
        ("IpAddress", "203.0.113.0/24", "203.0.114.1", "203.0.113.9"),
        (
            "ArnEquals",
            "arn:aws:iam::*:role/ops-*",
            "arn:aws:iam::1:user/ops-1",
            "arn:aws:iam::1:role/ops-1",
        ),
        (
            "ArnLike",
            "arn:aws:s3:::b/*",
            "arn:aws:s3:::c/k",
            "arn:aws:s3:::b/k:l",
        ),
    ] {
        assert!(
            !holds(operator, json!(wanted), Some(&[other]), false),
            "{operator} {wanted} {other}"
        );
        assert!(
            holds(operator, json!(wanted), Some(&[same]), false),
            "{operator} {wanted} {same}"
        );
        assert!(
            !holds(operator, json!(wanted), None, false),
            "{operator} without the key"
        );
        assert!(
            holds(&format!("{operator}IfExists"), json!(wanted), None, false),
            "{operator}IfExists"
        );
        assert!(
            !holds(
                &format!("{operator}IfExists"),
                json!(wanted),
                Some(&[other]),
                false
            ),
            "{operator}IfExists"
        );
    }
}

#[test]
fn negated_operators_are_the_opposite_and_hold_without_the_key() {
    for (operator, wanted, same, other) in [
        ("StringNotEquals", "a", "a", "b"),
        ("StringNotEqualsIgnoreCase", "A", "a", "b"),
        ("StringNotLike", "a*", "ab", "b"),
        ("NumericNotEquals", "1", "1.0", "2"),
        ("DateNotEquals", "2026-11-22", "2026-11-22", "2026-11-23"),
        ("NotIpAddress", "10.0.0.0/8", "10.1.1.1", "11.0.0.1"),
        (
            "ArnNotEquals",
            "arn:aws:iam::1:role/a",
            "arn:aws:iam::1:role/a",
            "arn:aws:iam::1:role/b",
        ),
        (
            "ArnNotLike",
            "arn:aws:iam::1:role/*",
            "arn:aws:iam::1:role/a",
            "arn:aws:iam::1:user/a",
        ),
    ] {
        assert!(
            !holds(operator, json!(wanted), Some(&[same]), false),
            "{operator} {wanted} {same}"
        );
        assert!(
            holds(operator, json!(wanted), Some(&[other]), false),
            "{operator} {wanted} {other}"
        );
        assert!(
            holds(operator, json!(wanted), None, false),
            "{operator} without the key"
        );
    }
}

#[test]
fn several_values_are_alternatives_and_for_negated_operators_all_excluded() {
    let wanted = || json!(["a", "b"]);
    assert!(holds("StringEquals", wanted(), Some(&["b"]), false));
    assert!(!holds("StringNotEquals", wanted(), Some(&["b"]), false));
    assert!(holds("StringNotEquals", wanted(), Some(&["c"]), false));
}

#[test]
fn null_asks_for_presence_alone() {
    for (wanted, absent, present) in [(json!("true"), true, false), (json!(false), false, true)] {
        assert_eq!(holds("Null", wanted.clone(), None, false), absent);
        assert_eq!(holds("Null", wanted.clone(), Some(&["x"]), false), present);
        assert_eq!(holds("Null", wanted, Some(&[]), true), present);
    }
}

#[test]
fn sets_are_matched_through_their_prefixes_and_not_without() {
    let wanted = || json!(["a", "b"]);
    for (operator, set, expected) in [
        ("StringEquals", &["a"][..], false),
        ("StringNotEquals", &["z"], false),
        ("StringEqualsIfExists", &["a"], false),
        ("ForAnyValue:StringEquals", &["z", "a"], true),
        ("ForAnyValue:StringEquals", &["z"], false),
        ("ForAnyValue:StringEquals", &[], false),
        ("ForAllValues:StringEquals", &["a", "b"], true),
        ("ForAllValues:StringEquals", &["a", "z"], false),
        ("ForAllValues:StringEquals", &[], true),
        ("ForAnyValue:StringNotEquals", &["a", "z"], true),
        ("ForAnyValue:StringNotEquals", &["a", "b"], false),
        ("ForAllValues:StringNotEquals", &["y", "z"], true),
        ("ForAllValues:StringNotEquals", &["a", "z"], false),
    ] {
        assert_eq!(
            holds(operator, wanted(), Some(set), true),
            expected,
            "{operator} {set:?}"
        );
    }
    for (operator, expected) in [
        ("ForAnyValue:StringEquals", false),
        ("ForAllValues:StringEquals", true),
        ("ForAnyValue:StringNotEquals", false),
        ("ForAnyValue:StringEqualsIfExists", true),
    ] {
        assert_eq!(
            holds(operator, wanted(), None, true),
            expected,
            "{operator} without the key"
        );
    }
}
