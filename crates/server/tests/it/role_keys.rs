//! Keys of role sessions: when they are no keys, and what they may do.

use serde_json::json;

use crate::assume_role::{DEPLOY, allow, assume, keys, may_assume};
use crate::harness::{Keys, Running};
use crate::roles::{ACCOUNT_ROOT, make, trusting};

#[tokio::test]
async fn keys_that_expired_or_lack_their_own_token_are_refused() {
    let server = Running::start().await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    let short = [("DurationSeconds", "900")];
    let reply = assume(&server, &server.admin, DEPLOY, "web", &short)
        .await
        .served();
    let session = keys(&reply);
    let other = keys(
        &assume(&server, &server.admin, DEPLOY, "ops", &[])
            .await
            .served(),
    );
    server.whoami(&session).await.served();
    for token in [None, other.token, Some("made up".to_owned())] {
        let wrong = Keys {
            token,
            ..session.clone()
        };
        server
            .whoami(&wrong)
            .await
            .refused(403, "InvalidClientTokenId");
        server
            .ssm(
                &wrong,
                "GetConnectionStatus",
                &json!({"Target": "mi-0123456789abcdef0"}),
            )
            .await
            .refused(400, "UnrecognizedClientException");
    }
    let stolen = Keys {
        secret: server.admin.secret.clone(),
        ..session.clone()
    };
    server
        .whoami(&stolen)
        .await
        .refused(403, "SignatureDoesNotMatch");
    server.pass(900);
    server.whoami(&session).await.refused(403, "ExpiredToken");
    server
        .ssm(
            &session,
            "GetConnectionStatus",
            &json!({"Target": "mi-0123456789abcdef0"}),
        )
        .await
        .refused(400, "ExpiredTokenException");
}

#[tokio::test]
async fn keys_end_with_the_role_and_with_the_person_behind_them() {
    let server = Running::start().await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    make(&server, "other", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    let alice = server.user("alice", &may_assume()).await;
    let of_alice = keys(&assume(&server, &alice, DEPLOY, "web", &[]).await.served());
    let of_admin = keys(
        &assume(&server, &server.admin, DEPLOY, "web", &[])
            .await
            .served(),
    );
    let other = "arn:aws:iam::000000000000:role/other";
    let of_other = keys(
        &assume(&server, &server.admin, other, "web", &[])
            .await
            .served(),
    );
    let named = [
        ("UserName", "alice"),
        ("PolicyName", "p"),
        ("AccessKeyId", alice.id.as_str()),
    ];
    for operation in ["DeleteUserPolicy", "DeleteAccessKey", "DeleteUser"] {
        server.iam(&server.admin, operation, &named).await.served();
    }
    server
        .whoami(&of_alice)
        .await
        .refused(403, "InvalidClientTokenId");
    server.whoami(&of_admin).await.served();
    let role = [("RoleName", "deploy")];
    server
        .iam(&server.admin, "DeleteRole", &role)
        .await
        .served();
    server
        .whoami(&of_admin)
        .await
        .refused(403, "InvalidClientTokenId");
    server.whoami(&of_other).await.served();
}

#[tokio::test]
async fn a_role_session_may_do_what_the_role_may_and_nothing_of_its_callers() {
    let server = Running::start().await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    let reply = assume(&server, &server.admin, DEPLOY, "web.1", &[])
        .await
        .served();
    assert_eq!(
        reply.element("Arn"),
        "arn:aws:sts::000000000000:assumed-role/deploy/web.1"
    );
    assert_eq!(reply.element("Expiration"), "2026-11-22T09:51:16Z");
    let session = keys(&reply);
    assert!(session.id.starts_with("ASIA"), "{}", session.id);
    let whoami = server.whoami(&session).await.served();
    assert_eq!(whoami.element("Arn"), reply.element("Arn"));
    assert_eq!(whoami.element("UserId"), reply.element("AssumedRoleId"));
    assert!(whoami.element("UserId").ends_with(":web.1"));

    let denied = server.iam(&session, "ListRoles", &[]).await;
    denied.refused(403, "AccessDenied");
    assert!(
        denied.message().starts_with(
            "User: arn:aws:sts::000000000000:assumed-role/deploy/web.1 is not authorized to perform: iam:ListRoles"
        ),
        "{}",
        denied.message()
    );
    allow(
        &server,
        "deploy",
        &json!({"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"}),
    )
    .await;
    server.iam(&session, "ListRoles", &[]).await.served();
    server
        .iam(&session, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
    server
        .iam(&session, "GetUser", &[])
        .await
        .refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_role_got_by_a_role_lives_an_hour_at_most() {
    let server = Running::start().await;
    let trust = trusting(ACCOUNT_ROOT);
    for name in ["deploy", "second"] {
        let members = [
            ("RoleName", name),
            ("AssumeRolePolicyDocument", trust.as_str()),
            ("MaxSessionDuration", "43200"),
        ];
        server
            .iam(&server.admin, "CreateRole", &members)
            .await
            .served();
    }
    let second = "arn:aws:iam::000000000000:role/second";
    let long = [("DurationSeconds", "43200")];
    let first = keys(
        &assume(&server, &server.admin, DEPLOY, "web", &long)
            .await
            .served(),
    );
    assume(&server, &first, second, "web", &[])
        .await
        .refused(403, "AccessDenied");
    allow(
        &server,
        "deploy",
        &json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": second}),
    )
    .await;
    let too_long = assume(
        &server,
        &first,
        second,
        "web",
        &[("DurationSeconds", "3601")],
    )
    .await;
    too_long.refused(400, "ValidationError");
    assert!(
        too_long.message().contains("role chaining"),
        "{}",
        too_long.message()
    );
    assume(&server, &first, second, "web", &[]).await.served();
}

#[tokio::test]
async fn conditions_see_where_a_call_comes_from_and_who_makes_it() {
    let server = Running::start().await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    let session = keys(
        &assume(&server, &server.admin, DEPLOY, "web", &[])
            .await
            .served(),
    );
    for (condition, holds) in [
        (
            json!({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}),
            false,
        ),
        (json!({"Bool": {"aws:SecureTransport": "true"}}), false),
        (json!({"StringLike": {"aws:username": "*"}}), false),
        (
            json!({"ArnEquals": {"aws:PrincipalArn": "arn:aws:sts::000000000000:assumed-role/deploy/web"}}),
            false,
        ),
        (
            json!({"DateGreaterThan": {"aws:CurrentTime": "2026-11-23"}}),
            false,
        ),
        (json!({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}), true),
        (json!({"Bool": {"aws:SecureTransport": "false"}}), true),
        (json!({"StringLike": {"aws:userid": "AROA*:web"}}), true),
        (json!({"ArnEquals": {"aws:PrincipalArn": DEPLOY}}), true),
        (
            json!({"StringEquals": {"aws:PrincipalType": "AssumedRole"}}),
            true,
        ),
        (
            json!({"DateLessThan": {"aws:TokenIssueTime": "2026-11-23"}}),
            true,
        ),
        (
            json!({"NumericGreaterThan": {"aws:EpochTime": "1795337400"}}),
            true,
        ),
    ] {
        let statement = json!({"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*", "Condition": condition});
        allow(&server, "deploy", &statement).await;
        let reply = server.iam(&session, "ListRoles", &[]).await;
        assert_eq!(reply.status == 200, holds, "{condition}: {}", reply.body);
    }
}
