//! Groups: AWS's refusals first, then what their members may do.

use crate::harness::Running;

const LIST_USERS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}]}"#;
const NO_LISTS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:List*","Resource":"*"}]}"#;

#[tokio::test]
async fn what_is_no_group_or_no_user_cannot_be_found() {
    let server = Running::start().await;
    server
        .iam(&server.admin, "CreateGroup", &[("GroupName", "ops")])
        .await
        .served();
    let ghost = ("GroupName", "ghost");
    for (operation, members) in [
        ("GetGroup", vec![ghost]),
        ("DeleteGroup", vec![ghost]),
        ("AddUserToGroup", vec![ghost, ("UserName", "admin")]),
        (
            "AddUserToGroup",
            vec![("GroupName", "ops"), ("UserName", "ghost")],
        ),
        ("RemoveUserFromGroup", vec![ghost, ("UserName", "admin")]),
        ("ListGroupsForUser", vec![("UserName", "ghost")]),
        (
            "GetGroupPolicy",
            vec![("GroupName", "ops"), ("PolicyName", "ghost")],
        ),
        (
            "DeleteGroupPolicy",
            vec![("GroupName", "ops"), ("PolicyName", "ghost")],
        ),
    ] {
        server
            .iam(&server.admin, operation, &members)
            .await
            .refused(404, "NoSuchEntity");
    }
}

#[tokio::test]
async fn a_group_is_named_by_its_own_member_alone() {
    let server = Running::start().await;
    server
        .iam(&server.admin, "GetGroup", &[("UserName", "admin")])
        .await
        .refused(400, "ValidationError");
    for name in ["", "a b", "a/b", "ä"] {
        server
            .iam(&server.admin, "CreateGroup", &[("GroupName", name)])
            .await
            .refused(400, "ValidationError");
    }
}

#[tokio::test]
async fn a_group_that_still_has_something_is_not_deleted() {
    let server = Running::start().await;
    let group = [("GroupName", "Ops")];
    let made = server
        .iam(&server.admin, "CreateGroup", &group)
        .await
        .served();
    assert!(made.element("GroupId").starts_with("AGPA"), "{}", made.body);
    assert_eq!(made.element("Arn"), "arn:aws:iam::000000000000:group/Ops");
    server
        .iam(&server.admin, "CreateGroup", &[("GroupName", "OPS")])
        .await
        .refused(409, "EntityAlreadyExists");
    let member = [("GroupName", "ops"), ("UserName", "admin")];
    server
        .iam(&server.admin, "AddUserToGroup", &member)
        .await
        .served();
    server
        .iam(&server.admin, "DeleteGroup", &group)
        .await
        .refused(409, "DeleteConflict");
    server
        .iam(&server.admin, "RemoveUserFromGroup", &member)
        .await
        .served();
    let policy = [
        ("GroupName", "ops"),
        ("PolicyName", "p"),
        ("PolicyDocument", LIST_USERS),
    ];
    server
        .iam(&server.admin, "PutGroupPolicy", &policy)
        .await
        .served();
    let reply = server.iam(&server.admin, "DeleteGroup", &group).await;
    reply.refused(409, "DeleteConflict");
    assert_eq!(
        reply.message(),
        "Cannot delete entity, must delete policies first."
    );
    server
        .iam(&server.admin, "DeleteGroupPolicy", &policy[..2])
        .await
        .served();
    server
        .iam(&server.admin, "DeleteGroup", &group)
        .await
        .served();
}

#[tokio::test]
async fn a_user_in_a_group_is_not_deleted_and_is_in_ten_at_most() {
    let server = Running::start().await;
    server
        .iam(&server.admin, "CreateUser", &[("UserName", "bob")])
        .await
        .served();
    for n in 0..=10 {
        let name = format!("g{n}");
        server
            .iam(&server.admin, "CreateGroup", &[("GroupName", &name)])
            .await
            .served();
        let member = [("GroupName", name.as_str()), ("UserName", "bob")];
        let reply = server.iam(&server.admin, "AddUserToGroup", &member).await;
        match n {
            10 => reply.refused(409, "LimitExceeded"),
            _ => drop(reply.served()),
        }
    }
    let reply = server
        .iam(&server.admin, "DeleteUser", &[("UserName", "bob")])
        .await;
    reply.refused(409, "DeleteConflict");
    assert!(
        reply.message().contains("remove users from group"),
        "{}",
        reply.message()
    );
    let first = [("UserName", "bob"), ("MaxItems", "9")];
    let first = server
        .iam(&server.admin, "ListGroupsForUser", &first)
        .await
        .served();
    assert_eq!(first.element("IsTruncated"), "true");
    let marker = first.element("Marker");
    let rest = [("UserName", "bob"), ("Marker", marker.as_str())];
    let rest = server
        .iam(&server.admin, "ListGroupsForUser", &rest)
        .await
        .served();
    assert_eq!(rest.element("GroupName"), "g9");
}

#[tokio::test]
async fn members_have_what_the_group_allows_and_not_what_it_denies() {
    let server = Running::start().await;
    let alice = server.user("alice", "").await;
    server
        .iam(&alice, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
    let put = |group: &'static str, document: &'static str| {
        let server = &server;
        async move {
            let made = [("GroupName", group)];
            server
                .iam(&server.admin, "CreateGroup", &made)
                .await
                .served();
            let policy = [
                ("GroupName", group),
                ("PolicyName", "p"),
                ("PolicyDocument", document),
            ];
            server
                .iam(&server.admin, "PutGroupPolicy", &policy)
                .await
                .served();
            let member = [("GroupName", group), ("UserName", "alice")];
            server
                .iam(&server.admin, "AddUserToGroup", &member)
                .await
                .served();
        }
    };
    put("listers", LIST_USERS).await;
    server.iam(&alice, "ListUsers", &[]).await.served();
    put("outcasts", NO_LISTS).await;
    server
        .iam(&alice, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
    let member = [("GroupName", "outcasts"), ("UserName", "alice")];
    server
        .iam(&server.admin, "RemoveUserFromGroup", &member)
        .await
        .served();
    server.iam(&alice, "ListUsers", &[]).await.served();
    let members = server
        .iam(&server.admin, "GetGroup", &[("GroupName", "listers")])
        .await
        .served();
    assert_eq!(members.element("UserName"), "alice");
}

#[tokio::test]
async fn a_role_session_has_nothing_of_the_groups_of_who_assumed_it() {
    let server = Running::start().await;
    let alice = server.user("alice", "").await;
    let group = [("GroupName", "listers")];
    server
        .iam(&server.admin, "CreateGroup", &group)
        .await
        .served();
    let policy = [
        ("GroupName", "listers"),
        ("PolicyName", "p"),
        ("PolicyDocument", LIST_USERS),
    ];
    server
        .iam(&server.admin, "PutGroupPolicy", &policy)
        .await
        .served();
    let member = [("GroupName", "listers"), ("UserName", "alice")];
    server
        .iam(&server.admin, "AddUserToGroup", &member)
        .await
        .served();
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/alice"},"Action":"sts:AssumeRole"}]}"#;
    let role = [("RoleName", "empty"), ("AssumeRolePolicyDocument", trust)];
    server
        .iam(&server.admin, "CreateRole", &role)
        .await
        .served();
    let assume = [
        ("RoleArn", "arn:aws:iam::000000000000:role/empty"),
        ("RoleSessionName", "s1"),
    ];
    let keys = crate::assume_role::keys(&server.sts(&alice, "AssumeRole", &assume).await.served());
    server
        .iam(&keys, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
    server.iam(&alice, "ListUsers", &[]).await.served();
}
