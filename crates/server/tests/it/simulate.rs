//! Simulations: the evaluator's own answer, page by page, for whom policy lets ask.

use serde_json::{Value, json};

use crate::harness::{Keys, Reply, Running};

fn policy(statement: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statement }).to_string()
}

fn allow(action: &str) -> String {
    policy(&json!({ "Effect": "Allow", "Action": action, "Resource": "*" }))
}

async fn custom(server: &Running, keys: &Keys, policy: &str, more: &[(&str, &str)]) -> Reply {
    let mut members = vec![
        ("PolicyInputList.member.1", policy),
        ("ActionNames.member.1", "ssm:StartSession"),
    ];
    members.extend(more);
    server.iam(keys, "SimulateCustomPolicy", &members).await
}

#[tokio::test]
async fn who_may_not_simulate_learns_nothing() {
    let server = Running::start().await;
    let alice = server.user("alice", &allow("ssm:*")).await;
    custom(&server, &alice, &allow("*"), &[])
        .await
        .refused(403, "AccessDenied");
    for name in ["admin", "nobody"] {
        let arn = format!("arn:aws:iam::000000000000:user/{name}");
        let members = [
            ("PolicySourceArn", arn.as_str()),
            ("ActionNames.member.1", "ssm:StartSession"),
        ];
        server
            .iam(&alice, "SimulatePrincipalPolicy", &members)
            .await
            .refused(403, "AccessDenied");
    }
}

#[tokio::test]
async fn what_is_no_question_is_refused_with_the_member_and_the_rule() {
    let server = Running::start().await;
    let all = allow("*");
    let huge = " ".repeat(70_000);
    for (policy, more, sentence) in [
        (
            "{}",
            vec![],
            "PolicyInputList.1: The policy needs the element Statement",
        ),
        (
            &all,
            vec![("ActionNames.member.2", "ssm:*")],
            "ActionNames: ssm:*",
        ),
        (
            &all,
            vec![("ResourceArns.member.1", "mi-1")],
            "ResourceArns: mi-1",
        ),
        (
            &all,
            vec![("ResourcePolicy", "{}")],
            "ResourcePolicy is not weighed",
        ),
        (&huge, vec![], "at most 65536 bytes"),
        (
            &all,
            vec![
                ("ContextEntries.member.1.ContextKeyName", "aws:username"),
                ("ContextEntries.member.1.ContextKeyValues.member.1", "a"),
                ("ContextEntries.member.1.ContextKeyValues.member.2", "b"),
                ("ContextEntries.member.1.ContextKeyType", "string"),
            ],
            "must have one value",
        ),
    ] {
        let reply = custom(&server, &server.admin, policy, &more).await;
        reply.refused(400, "InvalidInput");
        assert!(reply.message().contains(sentence), "{}", reply.message());
    }
}

#[tokio::test]
async fn a_boundary_that_is_tried_out_limits_and_is_told() {
    let server = Running::start().await;
    let boundary = allow("iam:*");
    let more = [(
        "PermissionsBoundaryPolicyInputList.member.1",
        boundary.as_str(),
    )];
    let reply = custom(&server, &server.admin, &allow("ssm:*"), &more)
        .await
        .served();
    assert_eq!(reply.element("EvalDecision"), "implicitDeny");
    assert_eq!(reply.element("AllowedByPermissionsBoundary"), "false");
}

#[tokio::test]
async fn a_principals_own_policies_decide_together_with_those_given() {
    let server = Running::start().await;
    server.user("alice", &allow("ssm:Start*")).await;
    let deny = policy(&json!({ "Effect": "Deny", "Action": "ssm:*", "Resource": "*" }));
    let ask = async |given: &[(&str, &str)]| {
        let mut members = vec![
            ("PolicySourceArn", "arn:aws:iam::000000000000:user/alice"),
            ("ActionNames.member.1", "ssm:StartSession"),
        ];
        members.extend(given);
        let reply = server
            .iam(&server.admin, "SimulatePrincipalPolicy", &members)
            .await;
        reply.served().element("EvalDecision")
    };
    assert_eq!(
        ask(&[("PolicyInputList.member.1", &deny)]).await,
        "explicitDeny"
    );
    assert_eq!(ask(&[]).await, "allowed");
    let members = [
        ("PolicySourceArn", "arn:aws:iam::000000000000:user/nobody"),
        ("ActionNames.member.1", "ssm:StartSession"),
    ];
    server
        .iam(&server.admin, "SimulatePrincipalPolicy", &members)
        .await
        .refused(404, "NoSuchEntity");
}

#[tokio::test]
async fn every_action_is_asked_on_every_resource_page_by_page() {
    let server = Running::start().await;
    let policy = policy(&json!({
        "Effect": "Allow", "Action": "ssm:StartSession", "Resource": "arn:aws:ssm:*:*:session/a-1",
    }));
    let mut questions = vec![
        ("PolicyInputList.member.1", policy.as_str()),
        ("ActionNames.member.1", "ssm:StartSession"),
        ("ActionNames.member.2", "ssm:ResumeSession"),
        (
            "ResourceArns.member.1",
            "arn:aws:ssm:usher-1:000000000000:session/a-1",
        ),
        (
            "ResourceArns.member.2",
            "arn:aws:ssm:usher-1:000000000000:session/b-1",
        ),
        ("MaxItems", "3"),
    ];
    let first = server
        .iam(&server.admin, "SimulateCustomPolicy", &questions)
        .await
        .served();
    let decisions = |reply: &Reply| {
        let parts = reply.body.split("<EvalDecision>").skip(1);
        let texts = parts.filter_map(|part| Some(part.split_once('<')?.0.to_owned()));
        texts.collect::<Vec<_>>()
    };
    assert_eq!(
        decisions(&first),
        ["allowed", "implicitDeny", "implicitDeny"]
    );
    assert_eq!(first.element("IsTruncated"), "true");
    let marker = first.element("Marker");
    questions.push(("Marker", &marker));
    let second = server
        .iam(&server.admin, "SimulateCustomPolicy", &questions)
        .await
        .served();
    assert_eq!(decisions(&second), ["implicitDeny"]);
    assert_eq!(second.element("IsTruncated"), "false");
}
