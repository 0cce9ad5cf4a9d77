//! AssumeRole: who is not trusted, and who is.

use serde_json::json;

use crate::harness::{Keys, Reply, Running};
use crate::roles::{ACCOUNT_ROOT, make, policy, trusting};

pub(crate) const DEPLOY: &str = "arn:aws:iam::000000000000:role/deploy";

/// Lets its holder assume whatever trusts it.
pub(crate) fn may_assume() -> String {
    policy(
        &json!({"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"}),
    )
}

pub(crate) async fn assume(
    server: &Running,
    keys: &Keys,
    role: &str,
    session: &str,
    more: &[(&str, &str)],
) -> Reply {
    let named = [("RoleArn", role), ("RoleSessionName", session)];
    server
        .sts(keys, "AssumeRole", &[&named, more].concat())
        .await
}

/// The keys that AssumeRole answered.
pub(crate) fn keys(reply: &Reply) -> Keys {
    Keys {
        id: reply.element("AccessKeyId"),
        secret: reply.element("SecretAccessKey"),
        token: Some(reply.element("SessionToken")),
    }
}

/// Replaces what a role may do.
pub(crate) async fn allow(server: &Running, role: &str, statement: &serde_json::Value) {
    let document = policy(statement);
    let members = [
        ("RoleName", role),
        ("PolicyName", "p"),
        ("PolicyDocument", document.as_str()),
    ];
    server
        .iam(&server.admin, "PutRolePolicy", &members)
        .await
        .served();
}

/// Asserts a refusal as AWS words it.
fn not_allowed(reply: &Reply, caller: &str, role: &str) {
    reply.refused(403, "AccessDenied");
    let said =
        format!("User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role} ");
    assert!(reply.message().starts_with(&said), "{}", reply.message());
}

#[tokio::test]
async fn who_is_not_trusted_learns_nothing_about_roles() {
    let server = Running::start().await;
    let alice = server.user("alice", &may_assume()).await;
    server.user("bob", "").await;
    let bob_only = trusting("arn:aws:iam::000000000000:user/bob");
    make(&server, "deploy", &bob_only).await.served();
    let missing = "arn:aws:iam::000000000000:role/missing";
    let other_path = "arn:aws:iam::000000000000:role/team/deploy";
    let nodes = "arn:aws:iam::000000000000:role/service-role/UsherManagedNode";
    let mut told = Vec::new();
    for role in [
        DEPLOY,
        missing,
        other_path,
        nodes,
        "deploy",
        "arn:aws:iam::1:role/deploy",
    ] {
        let reply = assume(&server, &alice, role, "web", &[]).await;
        not_allowed(&reply, "arn:aws:iam::000000000000:user/alice", role);
        told.push(reply.message().replace(role, "ROLE"));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test]
async fn trusting_the_account_leaves_it_to_the_callers_own_policies() {
    let server = Running::start().await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    let nobody = server.user("nobody", "").await;
    let reply = assume(&server, &nobody, DEPLOY, "web", &[]).await;
    not_allowed(&reply, "arn:aws:iam::000000000000:user/nobody", DEPLOY);
    let elsewhere = policy(&json!({"Effect": "Allow", "Action": "sts:AssumeRole",
        "Resource": "arn:aws:iam::000000000000:role/other"}));
    let elsewhere = server.user("elsewhere", &elsewhere).await;
    assume(&server, &elsewhere, DEPLOY, "web", &[])
        .await
        .refused(403, "AccessDenied");
    let alice = server.user("alice", &may_assume()).await;
    assume(&server, &alice, DEPLOY, "web", &[]).await.served();
}

#[tokio::test]
async fn who_is_named_needs_no_policy_but_a_denial_still_counts() {
    let server = Running::start().await;
    let deny = policy(&json!({"Effect": "Deny", "Action": "sts:*", "Resource": "*"}));
    let denied = server.user("denied", &deny).await;
    let plain = server.user("plain", "").await;
    for name in ["denied", "plain"] {
        let trust = trusting(&format!("arn:aws:iam::000000000000:user/{name}"));
        make(&server, name, &trust).await.served();
    }
    let role = |name: &str| format!("arn:aws:iam::000000000000:role/{name}");
    let reply = assume(&server, &denied, &role("denied"), "web", &[]).await;
    reply.refused(403, "AccessDenied");
    assert!(
        reply.message().contains("explicit deny"),
        "{}",
        reply.message()
    );
    assume(&server, &plain, &role("plain"), "web", &[])
        .await
        .served();
}

#[tokio::test]
async fn a_role_does_not_trust_a_later_user_of_the_same_name() {
    let server = Running::start().await;
    let first = server.user("alice", "").await;
    let trust = trusting("arn:aws:iam::000000000000:user/alice");
    make(&server, "deploy", &trust).await.served();
    assume(&server, &first, DEPLOY, "web", &[]).await.served();
    let key = [("UserName", "alice"), ("AccessKeyId", first.id.as_str())];
    server
        .iam(&server.admin, "DeleteAccessKey", &key)
        .await
        .served();
    server
        .iam(&server.admin, "DeleteUser", &key[..1])
        .await
        .served();
    let second = server.user("alice", &may_assume()).await;
    assume(&server, &second, DEPLOY, "web", &[])
        .await
        .refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_wrong_or_missing_external_id_is_refused() {
    let server = Running::start().await;
    let alice = server.user("alice", "").await;
    let trust = policy(&json!({"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::000000000000:user/alice"},
        "Condition": {"StringEquals": {"sts:ExternalId": "right:1"}}}));
    make(&server, "deploy", &trust).await.served();
    for wrong in [
        &[][..],
        &[("ExternalId", "wrong")],
        &[("ExternalId", "RIGHT:1")],
    ] {
        assume(&server, &alice, DEPLOY, "web", wrong)
            .await
            .refused(403, "AccessDenied");
    }
    let malformed = [("ExternalId", "right 1")];
    assume(&server, &alice, DEPLOY, "web", &malformed)
        .await
        .refused(400, "ValidationError");
    assume(&server, &alice, DEPLOY, "web", &[("ExternalId", "right:1")])
        .await
        .served();
}

#[tokio::test]
async fn members_that_would_narrow_the_keys_are_refused_rather_than_ignored() {
    let server = Running::start().await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    for (member, value) in [
        (
            "PolicyArns.member.1.arn",
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
        ),
        ("SerialNumber", "arn:aws:iam::000000000000:mfa/alice"),
        ("DurationSeconds", "899"),
        ("DurationSeconds", "43201"),
        ("DurationSeconds", "3601"),
    ] {
        assume(&server, &server.admin, DEPLOY, "web", &[(member, value)])
            .await
            .refused(400, "ValidationError");
    }
    for name in ["a", "a b", "a/b", "a:b", "ä", &"x".repeat(65)] {
        assume(&server, &server.admin, DEPLOY, name, &[])
            .await
            .refused(400, "ValidationError");
    }
}

#[tokio::test]
async fn nodes_assume_no_role_even_where_everybody_is_trusted() {
    let server = Running::start().await;
    make(&server, "deploy", &trusting("*")).await.served();
    let (_, node) = crate::nodes::node_with_keys(&server).await;
    assume(&server, &node, DEPLOY, "web", &[])
        .await
        .refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_role_and_a_role_session_can_be_trusted_by_name() {
    let server = Running::start().await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    let by_role = trusting(DEPLOY);
    let by_session = trusting("arn:aws:sts::000000000000:assumed-role/deploy/web");
    make(&server, "by-role", &by_role).await.served();
    make(&server, "by-session", &by_session).await.served();
    let role = |name: &str| format!("arn:aws:iam::000000000000:role/{name}");
    let session = async |name: &str| {
        keys(
            &assume(&server, &server.admin, DEPLOY, name, &[])
                .await
                .served(),
        )
    };
    let (web, ops) = (session("web").await, session("ops").await);
    assume(&server, &ops, &role("by-session"), "x1", &[])
        .await
        .refused(403, "AccessDenied");
    assume(&server, &ops, &role("by-role"), "x1", &[])
        .await
        .served();
    assume(&server, &web, &role("by-session"), "x1", &[])
        .await
        .served();
}
