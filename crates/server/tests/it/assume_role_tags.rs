//! Session tags: who may set them, which values, and what a further role keeps of them.

use serde_json::{Value, json};

use crate::assume_role::{DEPLOY, allow, assume, keys, may_assume};
use crate::harness::{Keys, Running};
use crate::roles::{ACCOUNT_ROOT, make, policy, trusting};

const RUN_AS: &str = "aws:RequestTag/SSMSessionRunAs";

const TAG: [(&str, &str); 2] = [
    ("Tags.member.1.Key", "team"),
    ("Tags.member.1.Value", "web"),
];

fn run_as(value: &str) -> [(&'static str, &str); 2] {
    [
        ("Tags.member.1.Key", "SSMSessionRunAs"),
        ("Tags.member.1.Value", value),
    ]
}

/// Trusts the account with AssumeRole, and with TagSession under a condition.
fn tagging(condition: &Value) -> String {
    let principal = json!({"AWS": ACCOUNT_ROOT});
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": principal, "Action": "sts:TagSession", "Condition": condition},
    ]})
    .to_string()
}

#[tokio::test]
async fn tags_need_a_permission_of_their_own_on_both_sides() {
    let server = Running::start().await;
    let only_assume = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"});
    let untagging = server.user("untagging", &policy(&only_assume)).await;
    let mut trust = only_assume;
    trust["Principal"] = json!({"AWS": ACCOUNT_ROOT});
    trust.as_object_mut().unwrap().remove("Resource");
    make(&server, "untrusting", &policy(&trust)).await.served();
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    let untrusting = "arn:aws:iam::000000000000:role/untrusting";
    for (caller, role) in [(&server.admin, untrusting), (&untagging, DEPLOY)] {
        let reply = assume(&server, caller, role, "web", &TAG).await;
        reply.refused(403, "AccessDenied");
        assert!(
            reply.message().contains("sts:TagSession"),
            "{}",
            reply.message()
        );
        assume(&server, caller, role, "web", &[]).await.served();
    }
    assume(&server, &server.admin, DEPLOY, "web", &TAG)
        .await
        .served();
}

#[tokio::test]
async fn tags_that_are_none_and_another_casing_of_run_as_are_refused() {
    let server = Running::start().await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    let tag = async |key: &str, value: &str| {
        let members = [("Tags.member.1.Key", key), ("Tags.member.1.Value", value)];
        assume(&server, &server.admin, DEPLOY, "web", &members).await
    };
    let casing = tag("ssmSessionRunAs", "web").await;
    assert_eq!(casing.status, 400, "{}", casing.body);
    assert!(
        casing.message().contains("must be spelled SSMSessionRunAs"),
        "{}",
        casing.message()
    );
    for (key, value) in [("aws:x", "v"), ("", "v"), ("k", "a;b")] {
        assert_eq!(tag(key, value).await.status, 400, "{key} {value}");
    }
    let twice = [
        &TAG[..],
        &[("Tags.member.2.Key", "Team"), ("Tags.member.2.Value", "x")],
    ]
    .concat();
    assert_eq!(
        assume(&server, &server.admin, DEPLOY, "web", &twice)
            .await
            .status,
        400
    );
    let foreign = [&TAG[..], &[("TransitiveTagKeys.member.1", "other")]].concat();
    assume(&server, &server.admin, DEPLOY, "web", &foreign)
        .await
        .refused(400, "ValidationError");
    let many: Vec<(String, String)> = (0..51)
        .flat_map(|n| {
            let member = |name: &str| format!("Tags.member.{}.{name}", n + 1);
            [
                (member("Key"), format!("k{n}")),
                (member("Value"), String::new()),
            ]
        })
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assume(&server, &server.admin, DEPLOY, "web", &many)
        .await
        .refused(400, "ValidationError");
}

#[tokio::test]
async fn a_run_as_tag_needs_a_statement_that_names_its_values() {
    let server = Running::start().await;
    for (name, condition) in [
        ("open", json!({})),
        ("present", json!({"Null": {RUN_AS: "false"}})),
        ("negative", json!({"StringNotEquals": {RUN_AS: "root"}})),
        ("any", json!({"StringLike": {RUN_AS: "*"}})),
        ("other", json!({"StringEquals": {RUN_AS: ["ops"]}})),
    ] {
        make(&server, name, &tagging(&condition)).await.served();
        let role = format!("arn:aws:iam::000000000000:role/{name}");
        let reply = assume(&server, &server.admin, &role, "web", &run_as("deploy")).await;
        reply.refused(403, "AccessDenied");
        assert!(
            reply.message().contains("sts:TagSession"),
            "{}",
            reply.message()
        );
    }
    let open = "arn:aws:iam::000000000000:role/open";
    let reply = assume(&server, &server.admin, open, "web", &run_as("deploy")).await;
    assert!(
        reply
            .message()
            .contains("must name its values by a condition on aws:RequestTag/SSMSessionRunAs"),
        "{}",
        reply.message()
    );
    assume(&server, &server.admin, open, "web", &TAG)
        .await
        .served();

    let bound = json!({"StringEquals": {RUN_AS: ["deploy", ""]}});
    make(&server, "bound", &tagging(&bound)).await.served();
    let role = "arn:aws:iam::000000000000:role/bound";
    for value in ["deploy", ""] {
        assume(&server, &server.admin, role, "web", &run_as(value))
            .await
            .served();
    }
    assume(&server, &server.admin, role, "web", &run_as("web"))
        .await
        .refused(403, "AccessDenied");
}

#[tokio::test]
async fn the_callers_own_statement_may_name_the_values_instead() {
    let server = Running::start().await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    let own = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"},
        {"Effect": "Allow", "Action": "sts:TagSession", "Resource": DEPLOY,
         "Condition": {"StringEquals": {RUN_AS: "${aws:username}"}}},
    ]});
    let alice = server.user("alice", &own.to_string()).await;
    assume(&server, &alice, DEPLOY, "web", &run_as("bob"))
        .await
        .refused(403, "AccessDenied");
    assume(&server, &alice, DEPLOY, "web", &run_as("alice"))
        .await
        .served();
}

/// Whether the session has this principal tag, in the eyes of policies.
async fn has(server: &Running, role: &str, session: &Keys, key: &str, value: &str) -> bool {
    let key = format!("aws:PrincipalTag/{key}");
    let statement = json!({"Effect": "Allow", "Action": ["iam:ListRoles", "sts:*"], "Resource": "*",
        "Condition": {"StringEquals": {key: value}}});
    allow(server, role, &statement).await;
    server.iam(session, "ListRoles", &[]).await.status == 200
}

#[tokio::test]
async fn session_tags_lie_over_the_roles_in_any_casing() {
    let server = Running::start().await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    for (key, value) in [("Team", "ops"), ("stage", "test")] {
        let members = [
            ("RoleName", "deploy"),
            ("Tags.member.1.Key", key),
            ("Tags.member.1.Value", value),
        ];
        server
            .iam(&server.admin, "TagRole", &members)
            .await
            .served();
    }
    let session = keys(
        &assume(&server, &server.admin, DEPLOY, "web", &TAG)
            .await
            .served(),
    );
    assert!(!has(&server, "deploy", &session, "team", "ops").await);
    assert!(has(&server, "deploy", &session, "Team", "web").await);
    assert!(has(&server, "deploy", &session, "stage", "test").await);
}

#[tokio::test]
async fn transitive_tags_go_along_and_are_not_overridden() {
    let server = Running::start().await;
    let second = "arn:aws:iam::000000000000:role/second";
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    make(&server, "second", &trusting(DEPLOY)).await.served();
    let assume_only = policy(
        &json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": DEPLOY}}),
    );
    make(&server, "untagged", &assume_only).await.served();
    let tags = [
        &TAG[..],
        &[
            ("Tags.member.2.Key", "stage"),
            ("Tags.member.2.Value", "test"),
        ],
        &[("TransitiveTagKeys.member.1", "team")],
    ]
    .concat();
    let first = keys(
        &assume(&server, &server.admin, DEPLOY, "web", &tags)
            .await
            .served(),
    );
    let again = [
        ("Tags.member.1.Key", "Team"),
        ("Tags.member.1.Value", "ops"),
    ];
    assume(&server, &first, second, "web", &again)
        .await
        .refused(400, "ValidationError");
    // Whoever takes tags along sets them on the further session.
    assume(
        &server,
        &first,
        "arn:aws:iam::000000000000:role/untagged",
        "web",
        &[],
    )
    .await
    .refused(403, "AccessDenied");
    let next = keys(&assume(&server, &first, second, "web", &[]).await.served());
    assert!(!has(&server, "second", &next, "stage", "test").await);
    assert!(has(&server, "second", &next, "team", "web").await);
    let reply = assume(&server, &next, second, "web", &[]).await;
    reply.refused(403, "AccessDenied");
}

#[tokio::test]
async fn policies_can_ask_for_the_session_name() {
    let server = Running::start().await;
    let own_name = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT_ROOT},
        "Condition": {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}});
    make(&server, "deploy", &policy(&own_name)).await.served();
    let alice = server.user("alice", &may_assume()).await;
    assume(&server, &alice, DEPLOY, "bob", &[])
        .await
        .refused(403, "AccessDenied");
    assume(&server, &alice, DEPLOY, "alice", &[]).await.served();
}
