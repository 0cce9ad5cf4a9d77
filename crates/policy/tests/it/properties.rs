//! What holds for every policy and document, not only for those we thought of.

use proptest::prelude::*;
use serde_json::{Value, json};
use usher_policy::{
    Attempt, Context, Decision, DocumentFormat, NamedPolicy, PolicyDocument, Request,
    SessionDocument, StoredValues, could_be_allowed, evaluate, simulate,
};

use crate::evaluation::granting;

fn one_of(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(choices)
}

/// Statements over so few words that many of them meet.
fn statement() -> impl Strategy<Value = Value> {
    let effect = one_of(&["Allow", "Deny"]);
    let actions = (
        one_of(&["Action", "NotAction"]),
        one_of(&["*", "ssm:*", "ssm:Start*", "ssm:?et", "iam:Get"]),
    );
    let resources = (
        one_of(&["Resource", "NotResource"]),
        one_of(&[
            "*",
            "arn:aws:ssm",
            "arn:aws:ssm:*:*:session/a*",
            "arn:aws:ssm:::session/${aws:username}-1",
        ]),
    );
    let condition = prop::option::of((
        one_of(&[
            "StringEquals",
            "StringNotEquals",
            "StringLikeIfExists",
            "ForAllValues:StringEquals",
            "ForAnyValue:StringNotLike",
            "Null",
        ]),
        one_of(&["aws:username", "aws:TagKeys", "ssm:x"]),
        one_of(&["true", "a", "*", "${aws:username}"]),
    ));
    (effect, actions, resources, condition).prop_map(
        |(effect, (action, actions), (resource, resources), condition)| {
            let mut statement = json!({ "Effect": effect, action: actions, resource: resources });
            if let Some((operator, key, value)) =
                condition.filter(|(operator, _, value)| *operator != "Null" || *value == "true")
            {
                statement["Condition"] = json!({ operator: { key: value } });
            }
            statement
        },
    )
}

fn request() -> impl Strategy<Value = (&'static str, &'static str, Context)> {
    let action = one_of(&["ssm:StartSession", "ssm:Get", "iam:Get", "S3:GET"]);
    let resource = one_of(&[
        "*",
        "arn:aws:ssm:::session/a-1",
        "arn:aws:ssm:r:1:session/b-1",
        "arn:aws:iam::1:user/a",
    ]);
    let user = prop::option::of(one_of(&["a", "b", "*"]));
    let tags = prop::option::of(prop::collection::vec(one_of(&["a", "b"]), 0..3));
    (action, resource, user, tags).prop_map(|(action, resource, user, tags)| {
        let mut context = Context::default();
        if let Some(user) = user {
            context = context.with("aws:username", user);
        }
        if let Some(tags) = tags {
            context = context.with_set("aws:TagKeys", tags);
        }
        (action, resource, context)
    })
}

/// A call's circumstances, and what of them is known beforehand.
fn circumstances() -> impl Strategy<Value = (Context, Context)> {
    let user = prop::option::of((one_of(&["a", "b", "*"]), any::<bool>()));
    let tag = (one_of(&["a", "b", "c"]), any::<bool>());
    let tags = prop::option::of((prop::collection::vec(tag, 0..3), any::<bool>()));
    (user, tags).prop_map(|(user, tags)| {
        let (mut all, mut known) = (Context::default(), Context::default());
        if let Some((user, is_known)) = user {
            all = all.with("aws:username", user);
            if is_known {
                known = known.with("aws:username", user);
            }
        }
        if let Some((tags, is_known)) = tags {
            all = all.with_set("aws:TagKeys", tags.iter().map(|(tag, _)| *tag));
            if is_known {
                // Of a set that is known there may be more.
                let some = tags.iter().filter(|(_, is_known)| *is_known);
                known = known.with_set("aws:TagKeys", some.map(|(tag, _)| *tag));
            }
        }
        (all, known)
    })
}

fn policy(statements: &[Value]) -> PolicyDocument {
    PolicyDocument::parse(&json!({ "Version": "2012-10-17", "Statement": statements }).to_string())
        .unwrap()
}

fn decide(
    statements: &[Value],
    (action, resource, context): &(&'static str, &'static str, Context),
) -> Decision {
    evaluate(
        &granting([("p", policy(statements))]),
        &Request {
            action,
            resource,
            context,
        },
    )
}

fn is_deny(decision: &Decision) -> bool {
    matches!(decision, Decision::ExplicitDeny { .. })
}

fn is_allowed(decision: &Decision) -> bool {
    matches!(decision, Decision::Allowed { .. })
}

proptest! {
    #[test]
    fn what_is_allowed_in_some_circumstances_could_be_allowed(
        statements in prop::collection::vec(statement(), 1..6), (action, resource, _) in request(),
        (all, known) in circumstances(),
    ) {
        let is_allowed = is_allowed(&decide(&statements, &(action, resource, all)));
        let attempt = Attempt {
            request: Request { action, resource, context: &known },
            settled: &[],
            chosen: None,
        };
        let could = could_be_allowed(&granting([("p", policy(&statements))]), &attempt);
        prop_assert!(!is_allowed || could.is_some());
    }

    #[test]
    fn an_explicit_deny_of_any_one_statement_denies_the_whole(
        statements in prop::collection::vec(statement(), 1..6), request in request(),
    ) {
        let denied_alone = statements.iter().any(|one| is_deny(&decide(std::slice::from_ref(one), &request)));
        prop_assert_eq!(is_deny(&decide(&statements, &request)), denied_alone);
    }

    #[test]
    fn adding_a_statement_never_removes_a_deny(
        statements in prop::collection::vec(statement(), 1..6), more in statement(), at in 0usize..6, request in request(),
    ) {
        let before = decide(&statements, &request);
        let mut longer = statements;
        longer.insert(at.min(longer.len()), more);
        prop_assert!(!is_deny(&before) || is_deny(&decide(&longer, &request)));
    }

    #[test]
    fn an_added_denial_never_widens(
        statements in prop::collection::vec(statement(), 1..6), mut more in statement(), request in request(),
    ) {
        let before = decide(&statements, &request);
        more["Effect"] = json!("Deny");
        let mut longer = statements;
        longer.push(more);
        prop_assert!(is_allowed(&before) || !is_allowed(&decide(&longer, &request)));
    }

    #[test]
    fn the_order_of_statements_is_irrelevant(
        (statements, shuffled) in prop::collection::vec(statement(), 1..6)
            .prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
        request in request(),
    ) {
        let (one, other) = (decide(&statements, &request), decide(&shuffled, &request));
        prop_assert_eq!(std::mem::discriminant(&one), std::mem::discriminant(&other));
    }

    #[test]
    fn a_limit_only_ever_takes_away(
        statements in prop::collection::vec(statement(), 1..6), limit in prop::collection::vec(statement(), 1..4),
        request in request(), is_session in any::<bool>(),
    ) {
        let (action, resource, context) = &request;
        let mut policies = granting([("p", policy(&statements))]);
        let limit_alone = decide(&limit, &request);
        let limit = NamedPolicy::new("limit", policy(&limit));
        if is_session {
            policies.session = Some(vec![limit]);
        } else {
            policies.boundary = Some(limit);
        }
        let limited = evaluate(&policies, &Request { action, resource, context });
        let both = is_allowed(&decide(&statements, &request)) && is_allowed(&limit_alone);
        prop_assert_eq!(is_allowed(&limited), both);
    }

    #[test]
    fn a_simulation_decides_as_the_evaluator_and_names_what_applies(
        statements in prop::collection::vec(statement(), 1..6), request in request(),
    ) {
        let (action, resource, context) = &request;
        let asked = Request { action, resource, context };
        let simulation = simulate(&granting([("p", policy(&statements))]), &asked);
        prop_assert_eq!(&simulation.decision, &decide(&statements, &request));
        let wanted = if is_deny(&simulation.decision) { "Deny" } else { "Allow" };
        for (index, one) in statements.iter().enumerate() {
            let applies = match decide(std::slice::from_ref(one), &request) {
                Decision::ImplicitDeny { .. } => false,
                Decision::Allowed { .. } | Decision::ExplicitDeny { .. } => one["Effect"] == wanted,
            };
            prop_assert_eq!(simulation.matched.iter().any(|matched| matched.index == index), applies);
        }
    }

    #[test]
    fn nothing_is_allowed_that_no_allow_statement_allows(
        statements in prop::collection::vec(statement(), 1..6), request in request(),
    ) {
        let allows = |one: &Value| matches!(decide(std::slice::from_ref(one), &request), Decision::Allowed { .. });
        let expected = statements.iter().any(allows) && !is_deny(&decide(&statements, &request));
        prop_assert_eq!(matches!(decide(&statements, &request), Decision::Allowed { .. }), expected);
    }

    #[test]
    fn one_policy_of_two_statements_decides_like_two_policies_of_one(
        left in statement(), right in statement(), request in request(),
    ) {
        let (action, resource, context) = &request;
        let apart = granting([("l", policy(std::slice::from_ref(&left))), ("r", policy(std::slice::from_ref(&right)))]);
        let apart = evaluate(&apart, &Request { action, resource, context });
        let together = decide(&[left, right], &request);
        prop_assert_eq!(std::mem::discriminant(&apart), std::mem::discriminant(&together));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in "\\PC{0,200}|[\\[\\]{}\":,a-zS${}*?' ]{0,200}") {
        drop(PolicyDocument::parse(&text));
        drop(SessionDocument::parse(&text, DocumentFormat::Json));
        drop(SessionDocument::parse(&text, DocumentFormat::Yaml));
    }

    #[test]
    fn no_resource_pattern_or_request_makes_the_evaluator_panic(
        pattern in "arn:[a-z*?:/${}', é]{0,60}", resource in "\\PC{0,60}", user in "\\PC{0,20}",
    ) {
        let text = json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "*", "Resource": pattern,
            "Condition": { "ArnLikeIfExists": { "aws:x": pattern }, "StringLikeIfExists": { "aws:x": pattern } },
        }});
        if let Ok(policy) = PolicyDocument::parse(&text.to_string()) {
            let context = Context::default().with("aws:username", user.as_str()).with("aws:x", resource.as_str());
            let request = Request { action: "ssm:StartSession", resource: &resource, context: &context };
            let _ = evaluate(&granting([("p", policy)]), &request);
        }
    }

    #[test]
    fn whatever_parameter_is_given_run_as_stays_as_the_document_has_it(value in "\\PC{0,40}") {
        let text = json!({
            "schemaVersion": "1.0", "sessionType": "Standard_Stream",
            "parameters": { "p": { "type": "String" } },
            "inputs": { "runAsEnabled": true, "runAsDefaultUser": "ops", "shellProfile": { "linux": "{{ p }}" } },
        });
        let document = SessionDocument::parse(&text.to_string(), DocumentFormat::Json).unwrap();
        if let Ok(bound) = document.bind(&[("p".to_owned(), vec![value])].into(), &StoredValues::default()) {
            let run_as = &bound.inputs().unwrap().run_as;
            prop_assert_eq!((run_as.enabled, run_as.default_user.as_str()), (true, "ops"));
        }
    }
}
