//! What policies decide: nothing is allowed unless one says so, and a denial wins.

use serde_json::json;

use crate::harness::Running;

const ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

#[tokio::test]
async fn a_user_without_policies_may_do_nothing() {
    let server = Running::start().await;
    let keys = server.user("alice", "").await;
    let reply = server
        .ssm(&keys, "DescribeInstanceInformation", &json!({}))
        .await;
    reply.refused(400, "AccessDeniedException");
    assert_eq!(
        reply.message(),
        "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: ssm:DescribeInstanceInformation \
         on resource: * because no identity-based policy allows the ssm:DescribeInstanceInformation action"
    );
    server
        .iam(&keys, "GetUser", &[])
        .await
        .refused(403, "AccessDenied");
    server
        .iam(&keys, "CreateUser", &[("UserName", "mallory")])
        .await
        .refused(403, "AccessDenied");
    server
        .ssm(
            &keys,
            "CreateActivation",
            &json!({"IamRole": "UsherManagedNode"}),
        )
        .await
        .refused(400, "AccessDeniedException");
}

#[tokio::test]
async fn an_explicit_deny_wins_and_says_so() {
    let server = Running::start().await;
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
        {"Effect":"Deny","Action":"ssm:GetDocument","Resource":"arn:aws:ssm:usher-1:000000000000:document/SSM-SessionManagerRunShell"}]}"#;
    let keys = server.user("alice", policy).await;
    for name in [
        "SSM-SessionManagerRunShell",
        "arn:aws:ssm:usher-1:000000000000:document/SSM-SessionManagerRunShell",
    ] {
        let reply = server
            .ssm(&keys, "GetDocument", &json!({"Name": name}))
            .await;
        reply.refused(400, "AccessDeniedException");
        assert!(
            reply
                .message()
                .ends_with("with an explicit deny in an identity-based policy"),
            "{}",
            reply.message()
        );
    }
    server
        .ssm(
            &keys,
            "GetDocument",
            &json!({"Name": "AWS-StartSSHSession"}),
        )
        .await
        .served();
}

#[tokio::test]
async fn a_built_in_document_is_one_thing_under_all_its_names() {
    let server = Running::start().await;
    let names = [
        "AWS-StartSSHSession",
        "arn:aws:ssm:usher-1::document/AWS-StartSSHSession",
        "arn:aws:ssm:usher-1:000000000000:document/AWS-StartSSHSession",
    ];
    for (user, denied) in [("a", names[1]), ("b", names[2])] {
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"*","Resource":"*"}},
            {{"Effect":"Deny","Action":"*","Resource":"{denied}"}}]}}"#
        );
        let keys = server.user(user, &policy).await;
        for name in names {
            server
                .ssm(&keys, "GetDocument", &json!({"Name": name}))
                .await
                .refused(400, "AccessDeniedException");
        }
    }
}

#[tokio::test]
async fn whether_a_user_exists_does_not_show_to_who_may_not_see_it() {
    let server = Running::start().await;
    let keys = server.user("alice", "").await;
    let known = server.iam(&keys, "GetUser", &[("UserName", "admin")]).await;
    let unknown = server.iam(&keys, "GetUser", &[("UserName", "ghost")]).await;
    known.refused(403, "AccessDenied");
    unknown.refused(403, "AccessDenied");
    assert_eq!(known.message().replace("admin", "ghost"), unknown.message());
}

#[tokio::test]
async fn the_path_of_a_user_is_part_of_what_is_judged() {
    let server = Running::start().await;
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"},
        {"Effect":"Deny","Action":"iam:TagUser","Resource":"arn:aws:iam::000000000000:user/ops/*"}]}"#;
    let keys = server.user("alice", policy).await;
    server
        .iam(
            &keys,
            "CreateUser",
            &[("UserName", "bob"), ("Path", "/ops/")],
        )
        .await
        .served();
    let tag = [
        ("UserName", "bob"),
        ("Tags.member.1.Key", "SSMSessionRunAs"),
        ("Tags.member.1.Value", "deploy"),
    ];
    server
        .iam(&keys, "TagUser", &tag)
        .await
        .refused(403, "AccessDenied");
    // Neither by another casing of the name, nor at creation.
    let tag = [
        ("UserName", "BOB"),
        ("Tags.member.1.Key", "SSMSessionRunAs"),
        ("Tags.member.1.Value", "deploy"),
    ];
    server
        .iam(&keys, "TagUser", &tag)
        .await
        .refused(403, "AccessDenied");
    let tagged = [
        ("UserName", "carol"),
        ("Path", "/ops/"),
        ("Tags.member.1.Key", "SSMSessionRunAs"),
        ("Tags.member.1.Value", "deploy"),
    ];
    server
        .iam(&keys, "CreateUser", &tagged)
        .await
        .refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_changed_policy_counts_from_the_next_call() {
    let server = Running::start().await;
    let keys = server.user("alice", "").await;
    server
        .iam(&keys, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
    let members = [
        ("UserName", "alice"),
        ("PolicyName", "all"),
        ("PolicyDocument", ALL),
    ];
    server
        .iam(&server.admin, "PutUserPolicy", &members)
        .await
        .served();
    server.iam(&keys, "ListUsers", &[]).await.served();
    server
        .iam(&server.admin, "DeleteUserPolicy", &members[..2])
        .await
        .served();
    server
        .iam(&keys, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
}

#[tokio::test]
async fn creating_an_activation_takes_passing_the_role() {
    let server = Running::start().await;
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:*","Resource":"*"}]}"#;
    let keys = server.user("alice", policy).await;
    let reply = server
        .ssm(
            &keys,
            "CreateActivation",
            &json!({"IamRole": "service-role/UsherManagedNode"}),
        )
        .await;
    reply.refused(400, "AccessDeniedException");
    assert!(reply.message().contains(
        "iam:PassRole on resource: arn:aws:iam::000000000000:role/service-role/UsherManagedNode"
    ));
}
