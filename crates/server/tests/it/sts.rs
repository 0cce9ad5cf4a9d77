//! Session policies, source identity, session tokens: what keys from STS may not, first.

use crate::assume_role::keys;
use crate::harness::{Keys, Reply, Running};

const ROLE: &str = "arn:aws:iam::000000000000:role/web";
const NEXT: &str = "arn:aws:iam::000000000000:role/next";
const ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const LIST_USERS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}]}"#;
const LISTERS: &str = "arn:aws:iam::000000000000:policy/Listers";

/// Roles `web` and `next` that may do everything and trust the account with these actions, and a user who may too.
async fn scene(actions: &str) -> (Running, Keys) {
    let server = Running::start().await;
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"000000000000"}},"Action":{actions}}}]}}"#
    );
    for role in ["web", "next"] {
        let made = [
            ("RoleName", role),
            ("AssumeRolePolicyDocument", trust.as_str()),
        ];
        server
            .iam(&server.admin, "CreateRole", &made)
            .await
            .served();
        let policy = [
            ("RoleName", role),
            ("PolicyName", "p"),
            ("PolicyDocument", ALL),
        ];
        server
            .iam(&server.admin, "PutRolePolicy", &policy)
            .await
            .served();
    }
    let listers = [("PolicyName", "Listers"), ("PolicyDocument", LIST_USERS)];
    server
        .iam(&server.admin, "CreatePolicy", &listers)
        .await
        .served();
    let alice = server.user("alice", ALL).await;
    (server, alice)
}

async fn assume(server: &Running, who: &Keys, role: &str, more: &[(&str, &str)]) -> Reply {
    let members = [&[("RoleArn", role), ("RoleSessionName", "s1")], more].concat();
    server.sts(who, "AssumeRole", &members).await
}

#[tokio::test]
async fn session_policies_that_cannot_limit_are_refused() {
    let (server, alice) = scene(r#""sts:AssumeRole""#).await;
    let long = format!("{ALL}{}", " ".repeat(2048));
    for (member, value, code) in [
        ("Policy", "{}", "MalformedPolicyDocument"),
        ("Policy", long.as_str(), "PackedPolicyTooLarge"),
        (
            "PolicyArns.member.1.arn",
            "arn:aws:iam::000000000000:policy/Ghost",
            "ValidationError",
        ),
    ] {
        assume(&server, &alice, ROLE, &[(member, value)])
            .await
            .refused(400, code);
    }
    let names: Vec<String> = (1..=11)
        .map(|n| format!("PolicyArns.member.{n}.arn"))
        .collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), LISTERS)).collect();
    assume(&server, &alice, ROLE, &many)
        .await
        .refused(400, "ValidationError");
}

#[tokio::test]
async fn a_session_policy_limits_and_grants_nothing() {
    let (server, alice) = scene(r#""sts:AssumeRole""#).await;
    for more in [("Policy", LIST_USERS), ("PolicyArns.member.1.arn", LISTERS)] {
        let reply = assume(&server, &alice, ROLE, &[more]).await.served();
        assert!(reply.find("PackedPolicySize").is_some(), "{}", reply.body);
        let limited = keys(&reply);
        let refused = server.iam(&limited, "ListGroups", &[]).await;
        refused.refused(403, "AccessDenied");
        assert!(
            refused.message().contains("session policy"),
            "{}",
            refused.message()
        );
        server.iam(&limited, "ListUsers", &[]).await.served();
    }
    let nothing = [("RoleName", "web"), ("PolicyName", "p")];
    server
        .iam(&server.admin, "DeleteRolePolicy", &nothing)
        .await
        .served();
    let wide = keys(
        &assume(&server, &alice, ROLE, &[("Policy", ALL)])
            .await
            .served(),
    );
    server
        .iam(&wide, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
}

#[tokio::test]
async fn keys_whose_managed_session_policy_is_gone_may_nothing() {
    let (server, alice) = scene(r#""sts:AssumeRole""#).await;
    let both = [("Policy", ALL), ("PolicyArns.member.1.arn", LISTERS)];
    let limited = keys(&assume(&server, &alice, ROLE, &both).await.served());
    server.iam(&limited, "ListGroups", &[]).await.served();
    server
        .iam(&server.admin, "DeletePolicy", &[("PolicyArn", LISTERS)])
        .await
        .served();
    server
        .iam(&limited, "ListGroups", &[])
        .await
        .refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_source_identity_needs_its_own_permission_on_both_sides() {
    let (server, alice) = scene(r#""sts:AssumeRole""#).await;
    let identity = [("SourceIdentity", "alice")];
    let refused = assume(&server, &alice, ROLE, &identity).await;
    refused.refused(403, "AccessDenied");
    assert!(
        refused.message().contains("sts:SetSourceIdentity"),
        "{}",
        refused.message()
    );
    for value in ["a", "a b", "alice/x", &"a".repeat(65)] {
        assume(&server, &alice, ROLE, &[("SourceIdentity", value)])
            .await
            .refused(400, "ValidationError");
    }
}

#[tokio::test]
async fn a_source_identity_goes_along_and_is_not_changed() {
    let (server, alice) = scene(r#"["sts:AssumeRole","sts:SetSourceIdentity"]"#).await;
    let identity = [("SourceIdentity", "alice")];
    let reply = assume(&server, &alice, ROLE, &identity).await.served();
    assert_eq!(reply.element("SourceIdentity"), "alice");
    let web = keys(&reply);
    assume(&server, &web, NEXT, &[("SourceIdentity", "bob")])
        .await
        .refused(403, "AccessDenied");
    let next = assume(&server, &web, NEXT, &[]).await.served();
    assert_eq!(next.element("SourceIdentity"), "alice");
    // A chained role that may not be told who it was is not assumed.
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}]}"#;
    let narrower = [("RoleName", "next"), ("PolicyDocument", trust)];
    server
        .iam(&server.admin, "UpdateAssumeRolePolicy", &narrower)
        .await
        .served();
    assume(&server, &web, NEXT, &[])
        .await
        .refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_session_token_may_nothing_in_iam_and_little_in_sts() {
    let (server, alice) = scene(r#""sts:AssumeRole""#).await;
    for seconds in ["899", "129601", "x"] {
        let reply = server
            .sts(&alice, "GetSessionToken", &[("DurationSeconds", seconds)])
            .await;
        assert_eq!(reply.status, 400, "{}", reply.body);
    }
    let token = keys(&server.sts(&alice, "GetSessionToken", &[]).await.served());
    for operation in ["ListUsers", "CreateAccessKey", "GetUser"] {
        server
            .iam(&token, operation, &[])
            .await
            .refused(403, "AccessDenied");
    }
    server
        .sts(&token, "GetSessionToken", &[])
        .await
        .refused(403, "AccessDenied");
    let me = server.whoami(&token).await.served();
    assert_eq!(me.element("Arn"), "arn:aws:iam::000000000000:user/alice");
    let role = keys(&assume(&server, &token, ROLE, &[]).await.served());
    server
        .sts(&role, "GetSessionToken", &[])
        .await
        .refused(403, "AccessDenied");
    let without = Keys {
        token: None,
        ..token.clone()
    };
    server
        .whoami(&without)
        .await
        .refused(403, "InvalidClientTokenId");
}

#[tokio::test]
async fn keys_from_sts_end_with_the_key_that_got_them() {
    let (server, alice) = scene(r#""sts:AssumeRole""#).await;
    let token = keys(&server.sts(&alice, "GetSessionToken", &[]).await.served());
    let role = keys(&assume(&server, &token, ROLE, &[]).await.served());
    let switch = |status: &'static str| {
        let (server, id) = (&server, alice.id.clone());
        async move {
            let members = [
                ("UserName", "alice"),
                ("AccessKeyId", id.as_str()),
                ("Status", status),
            ];
            server
                .iam(&server.admin, "UpdateAccessKey", &members)
                .await
                .served()
        }
    };
    switch("Inactive").await;
    for keys in [&token, &role] {
        server
            .whoami(keys)
            .await
            .refused(403, "InvalidClientTokenId");
    }
    switch("Active").await;
    server.whoami(&role).await.served();
    let key = [("UserName", "alice"), ("AccessKeyId", alice.id.as_str())];
    server
        .iam(&server.admin, "DeleteAccessKey", &key)
        .await
        .served();
    server
        .whoami(&role)
        .await
        .refused(403, "InvalidClientTokenId");
}

#[tokio::test]
async fn the_account_of_a_key_is_told_to_who_may_ask() {
    let (server, alice) = scene(r#""sts:AssumeRole""#).await;
    let nobody = server.user("nobody", "").await;
    let own = [("AccessKeyId", alice.id.as_str())];
    server
        .sts(&nobody, "GetAccessKeyInfo", &own)
        .await
        .refused(403, "AccessDenied");
    let foreign = [("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA")];
    server
        .sts(&alice, "GetAccessKeyInfo", &foreign)
        .await
        .refused(400, "ValidationError");
    let info = server.sts(&alice, "GetAccessKeyInfo", &own).await.served();
    assert_eq!(info.element("Account"), "000000000000");
}
