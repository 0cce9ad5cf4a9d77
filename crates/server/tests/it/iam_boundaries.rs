//! Permissions boundaries, renaming, and the ways people try to get more than they were given.

use crate::harness::Running;

const ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const LIST_USERS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}]}"#;
const FENCE: &str = "arn:aws:iam::000000000000:policy/Fence";

/// With the policy `Fence`, which allows to list users.
async fn with_fence() -> Running {
    let server = Running::start().await;
    let fence = [("PolicyName", "Fence"), ("PolicyDocument", LIST_USERS)];
    server
        .iam(&server.admin, "CreatePolicy", &fence)
        .await
        .served();
    server
}

#[tokio::test]
async fn a_boundary_limits_what_policies_grant_and_grants_nothing() {
    let server = with_fence().await;
    let alice = server.user("alice", ALL).await;
    let bob = server.user("bob", "").await;
    for name in ["alice", "bob"] {
        let put = [("UserName", name), ("PermissionsBoundary", FENCE)];
        server
            .iam(&server.admin, "PutUserPermissionsBoundary", &put)
            .await
            .served();
    }
    let reply = server.iam(&alice, "ListGroups", &[]).await;
    reply.refused(403, "AccessDenied");
    assert!(
        reply.message().contains("permissions boundary"),
        "{}",
        reply.message()
    );
    server.iam(&alice, "ListUsers", &[]).await.served();
    server
        .iam(&bob, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
    let user = server
        .iam(&server.admin, "GetUser", &[("UserName", "alice")])
        .await
        .served();
    assert_eq!(user.element("PermissionsBoundaryArn"), FENCE);
    server
        .iam(&server.admin, "DeletePolicy", &[("PolicyArn", FENCE)])
        .await
        .refused(409, "DeleteConflict");
    let alice_named = [("UserName", "alice")];
    server
        .iam(&server.admin, "DeleteUserPermissionsBoundary", &alice_named)
        .await
        .served();
    server.iam(&alice, "ListGroups", &[]).await.served();
}

#[tokio::test]
async fn who_is_fenced_in_cannot_take_the_fence_away() {
    let server = with_fence().await;
    let alice = server.user("alice", ALL).await;
    let put = [("UserName", "alice"), ("PermissionsBoundary", FENCE)];
    server
        .iam(&server.admin, "PutUserPermissionsBoundary", &put)
        .await
        .served();
    let wider = [
        ("PolicyArn", FENCE),
        ("PolicyDocument", ALL),
        ("SetAsDefault", "true"),
    ];
    for (operation, members) in [
        ("DeleteUserPermissionsBoundary", vec![("UserName", "alice")]),
        ("CreatePolicyVersion", wider.to_vec()),
        (
            "SetDefaultPolicyVersion",
            vec![("PolicyArn", FENCE), ("VersionId", "v1")],
        ),
        ("CreateAccessKey", vec![("UserName", "admin")]),
        (
            "UpdateUser",
            vec![("UserName", "alice"), ("NewUserName", "alice2")],
        ),
    ] {
        server
            .iam(&alice, operation, &members)
            .await
            .refused(403, "AccessDenied");
    }
}

#[tokio::test]
async fn who_makes_only_bounded_users_cannot_make_or_free_others() {
    let server = with_fence().await;
    let delegate = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":["iam:CreateUser","iam:PutUserPolicy","iam:AttachUserPolicy","iam:PutUserPermissionsBoundary","iam:DeleteUserPermissionsBoundary"],"Resource":"*","Condition":{{"StringEquals":{{"iam:PermissionsBoundary":"{FENCE}"}}}}}},{{"Effect":"Deny","Action":"iam:DeleteUserPermissionsBoundary","Resource":"*"}}]}}"#
    );
    let keys = server.user("delegate", &delegate).await;
    server
        .iam(&keys, "CreateUser", &[("UserName", "free")])
        .await
        .refused(403, "AccessDenied");
    let other = [
        ("UserName", "free"),
        (
            "PermissionsBoundary",
            "arn:aws:iam::aws:policy/UsherSessionManagerUser",
        ),
    ];
    server
        .iam(&keys, "CreateUser", &other)
        .await
        .refused(403, "AccessDenied");
    let fenced = [("UserName", "fenced"), ("PermissionsBoundary", FENCE)];
    server.iam(&keys, "CreateUser", &fenced).await.served();
    let put = |name: &'static str| {
        [
            ("UserName", name),
            ("PolicyName", "p"),
            ("PolicyDocument", ALL),
        ]
    };
    server
        .iam(&keys, "PutUserPolicy", &put("delegate"))
        .await
        .refused(403, "AccessDenied");
    server
        .iam(&keys, "PutUserPolicy", &put("admin"))
        .await
        .refused(403, "AccessDenied");
    server
        .iam(&keys, "PutUserPolicy", &put("fenced"))
        .await
        .served();
    let freed = [("UserName", "fenced")];
    server
        .iam(&keys, "DeleteUserPermissionsBoundary", &freed)
        .await
        .refused(403, "AccessDenied");
    let widened = [
        ("UserName", "fenced"),
        (
            "PermissionsBoundary",
            "arn:aws:iam::aws:policy/UsherSessionManagerUser",
        ),
    ];
    server
        .iam(&keys, "PutUserPermissionsBoundary", &widened)
        .await
        .refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_boundary_that_does_not_exist_is_refused_and_nobody_is_made() {
    let server = with_fence().await;
    let ghost = "arn:aws:iam::000000000000:policy/Ghost";
    let user = [("UserName", "bob"), ("PermissionsBoundary", ghost)];
    server
        .iam(&server.admin, "CreateUser", &user)
        .await
        .refused(404, "NoSuchEntity");
    server
        .iam(&server.admin, "GetUser", &[("UserName", "bob")])
        .await
        .refused(404, "NoSuchEntity");
    let protected = [
        ("RoleName", "UsherManagedNode"),
        ("PermissionsBoundary", FENCE),
    ];
    server
        .iam(&server.admin, "PutRolePermissionsBoundary", &protected)
        .await
        .refused(400, "UnmodifiableEntity");
}

#[tokio::test]
async fn a_name_is_given_only_by_who_may_rename_both() {
    let server = Running::start().await;
    let only_alice = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:UpdateUser","Resource":"arn:aws:iam::000000000000:user/alice"}]}"#;
    let alice = server.user("alice", only_alice).await;
    server.user("bob", "").await;
    let rename = |name: &'static str| [("UserName", "alice"), ("NewUserName", name)];
    server
        .iam(&alice, "UpdateUser", &rename("root2"))
        .await
        .refused(403, "AccessDenied");
    server
        .iam(&server.admin, "UpdateUser", &rename("BOB"))
        .await
        .refused(409, "EntityAlreadyExists");
    for name in ["", "a b", "a/b", "*", "${aws:username}"] {
        server
            .iam(&server.admin, "UpdateUser", &rename(name))
            .await
            .refused(400, "ValidationError");
    }
    let moved = [
        ("UserName", "alice"),
        ("NewUserName", "Alice.B"),
        ("NewPath", "/ops/"),
    ];
    server
        .iam(&server.admin, "UpdateUser", &moved)
        .await
        .served();
    let me = server.whoami(&alice).await.served();
    assert_eq!(
        me.element("Arn"),
        "arn:aws:iam::000000000000:user/ops/Alice.B"
    );
}

#[tokio::test]
async fn a_trusted_user_stays_trusted_under_a_new_name_and_its_old_name_is_not() {
    let server = Running::start().await;
    let alice = server.user("alice", "").await;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/alice"},"Action":"sts:AssumeRole"}]}"#;
    let role = [("RoleName", "web"), ("AssumeRolePolicyDocument", trust)];
    server
        .iam(&server.admin, "CreateRole", &role)
        .await
        .served();
    let rename = [("UserName", "alice"), ("NewUserName", "alicia")];
    server
        .iam(&server.admin, "UpdateUser", &rename)
        .await
        .served();
    let impostor = server.user("alice", "").await;
    let assume = [
        ("RoleArn", "arn:aws:iam::000000000000:role/web"),
        ("RoleSessionName", "s1"),
    ];
    server
        .sts(&impostor, "AssumeRole", &assume)
        .await
        .refused(403, "AccessDenied");
    server.sts(&alice, "AssumeRole", &assume).await.served();
}

#[tokio::test]
async fn a_roles_terms_change_each_by_itself() {
    let server = Running::start().await;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}]}"#;
    let role = [
        ("RoleName", "web"),
        ("AssumeRolePolicyDocument", trust),
        ("Description", "first"),
    ];
    server
        .iam(&server.admin, "CreateRole", &role)
        .await
        .served();
    for (member, value) in [
        ("MaxSessionDuration", "3599"),
        ("MaxSessionDuration", "43201"),
    ] {
        server
            .iam(
                &server.admin,
                "UpdateRole",
                &[("RoleName", "web"), (member, value)],
            )
            .await
            .refused(400, "ValidationError");
    }
    let node = [("RoleName", "UsherManagedNode"), ("Description", "mine")];
    server
        .iam(&server.admin, "UpdateRole", &node)
        .await
        .refused(400, "UnmodifiableEntity");
    let longer = [("RoleName", "web"), ("MaxSessionDuration", "7200")];
    server
        .iam(&server.admin, "UpdateRole", &longer)
        .await
        .served();
    let role = server
        .iam(&server.admin, "GetRole", &[("RoleName", "web")])
        .await
        .served();
    assert_eq!(
        (
            role.element("Description"),
            role.element("MaxSessionDuration")
        ),
        ("first".to_owned(), "7200".to_owned())
    );
}

#[tokio::test]
async fn the_last_use_of_a_key_is_known_to_the_minute() {
    let server = Running::start().await;
    let alice = server.user("alice", ALL).await;
    let ghost = [("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA")];
    server
        .iam(&server.admin, "GetAccessKeyLastUsed", &ghost)
        .await
        .refused(404, "NoSuchEntity");
    let key = [("AccessKeyId", alice.id.as_str())];
    let never = server
        .iam(&server.admin, "GetAccessKeyLastUsed", &key)
        .await
        .served();
    assert_eq!(
        (
            never.element("ServiceName").as_str(),
            never.find("LastUsedDate")
        ),
        ("N/A", None)
    );
    server.whoami(&alice).await.served();
    let used = server
        .iam(&server.admin, "GetAccessKeyLastUsed", &key)
        .await
        .served();
    assert_eq!(
        (
            used.element("ServiceName").as_str(),
            used.element("Region").as_str()
        ),
        ("sts", "usher-1")
    );
    let first = used.element("LastUsedDate");
    server.pass(61);
    server.iam(&alice, "ListUsers", &[]).await.served();
    let later = server
        .iam(&server.admin, "GetAccessKeyLastUsed", &key)
        .await
        .served();
    assert_eq!(later.element("ServiceName"), "iam");
    assert!(later.element("LastUsedDate") > first);
}
