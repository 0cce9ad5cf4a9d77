//! Users, tags, inline policies and access keys: AWS's refusals first.

use crate::harness::{Keys, Running};

const ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

#[tokio::test]
async fn what_does_not_exist_cannot_be_found() {
    let server = Running::start().await;
    let ghost = ("UserName", "ghost");
    for (operation, members) in [
        ("GetUser", vec![ghost]),
        ("DeleteUser", vec![ghost]),
        (
            "TagUser",
            vec![
                ghost,
                ("Tags.member.1.Key", "k"),
                ("Tags.member.1.Value", "v"),
            ],
        ),
        ("UntagUser", vec![ghost, ("TagKeys.member.1", "k")]),
        ("ListUserTags", vec![ghost]),
        (
            "PutUserPolicy",
            vec![ghost, ("PolicyName", "p"), ("PolicyDocument", ALL)],
        ),
        ("CreateAccessKey", vec![ghost]),
        (
            "GetUserPolicy",
            vec![("UserName", "admin"), ("PolicyName", "ghost")],
        ),
        (
            "DeleteUserPolicy",
            vec![("UserName", "admin"), ("PolicyName", "ghost")],
        ),
        (
            "DeleteAccessKey",
            vec![
                ("UserName", "admin"),
                ("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA"),
            ],
        ),
    ] {
        server
            .iam(&server.admin, operation, &members)
            .await
            .refused(404, "NoSuchEntity");
    }
}

#[tokio::test]
async fn names_are_taken_once_in_any_casing() {
    let server = Running::start().await;
    server
        .iam(&server.admin, "CreateUser", &[("UserName", "Alice")])
        .await
        .served();
    server
        .iam(&server.admin, "CreateUser", &[("UserName", "alice")])
        .await
        .refused(409, "EntityAlreadyExists");
    server
        .iam(&server.admin, "CreateUser", &[("UserName", "a b")])
        .await
        .refused(400, "ValidationError");
    server
        .iam(&server.admin, "CreateUser", &[("UserName", "")])
        .await
        .refused(400, "ValidationError");
    let path = [("UserName", "bob"), ("Path", "ops")];
    server
        .iam(&server.admin, "CreateUser", &path)
        .await
        .refused(400, "ValidationError");
}

#[tokio::test]
async fn another_casing_of_the_run_as_tag_is_refused_wherever_tags_are_set() {
    let server = Running::start().await;
    let tag = [
        ("UserName", "admin"),
        ("Tags.member.1.Key", "ssmsessionrunas"),
        ("Tags.member.1.Value", "deploy"),
    ];
    let reply = server.iam(&server.admin, "TagUser", &tag).await;
    reply.refused(400, "InvalidInput");
    assert!(
        reply.message().contains("must be spelled SSMSessionRunAs"),
        "{}",
        reply.message()
    );
    let made = [
        ("UserName", "bob"),
        ("Tags.member.1.Key", "SSMSESSIONRUNAS"),
        ("Tags.member.1.Value", "deploy"),
    ];
    let reply = server.iam(&server.admin, "CreateUser", &made).await;
    reply.refused(400, "InvalidInput");
    assert!(
        reply.message().contains("must be spelled SSMSessionRunAs"),
        "{}",
        reply.message()
    );
    server
        .iam(&server.admin, "GetUser", &[("UserName", "bob")])
        .await
        .refused(404, "NoSuchEntity");
}

#[tokio::test]
async fn system_tags_and_too_many_tags_are_refused_whole() {
    let server = Running::start().await;
    let system = [
        ("UserName", "admin"),
        ("Tags.member.1.Key", "aws:x"),
        ("Tags.member.1.Value", "v"),
    ];
    server
        .iam(&server.admin, "TagUser", &system)
        .await
        .refused(400, "InvalidInput");
    let keys: Vec<String> = (1..=51).map(|n| format!("Tags.member.{n}.Key")).collect();
    let values: Vec<String> = (1..=51).map(|n| format!("Tags.member.{n}.Value")).collect();
    let names: Vec<String> = (1..=51).map(|n| format!("key{n}")).collect();
    let mut members = vec![("UserName", "admin")];
    for ((key, value), name) in keys.iter().zip(&values).zip(&names) {
        members.extend([(key.as_str(), name.as_str()), (value.as_str(), "")]);
    }
    server
        .iam(&server.admin, "TagUser", &members)
        .await
        .refused(409, "LimitExceeded");
    let tags = server
        .iam(&server.admin, "ListUserTags", &[("UserName", "admin")])
        .await
        .served();
    assert_eq!(tags.find("member"), None, "{}", tags.body);
}

#[tokio::test]
async fn tags_keep_their_spelling_and_are_found_in_any() {
    let server = Running::start().await;
    let tag = |key, value| {
        let members = [
            ("UserName", "admin"),
            ("Tags.member.1.Key", key),
            ("Tags.member.1.Value", value),
        ];
        let server = &server;
        async move {
            server
                .iam(&server.admin, "TagUser", &members)
                .await
                .served()
        }
    };
    tag("Team", "web").await;
    tag("SSMSessionRunAs", "deploy").await;
    tag("TEAM", "a + b = c").await;
    let user = server.iam(&server.admin, "GetUser", &[]).await.served();
    assert!(!user.body.contains("<Key>Team</Key>"), "{}", user.body);
    assert!(
        user.body
            .contains("<member><Key>TEAM</Key><Value>a + b = c</Value></member>"),
        "{}",
        user.body
    );
    let first = [("UserName", "admin"), ("MaxItems", "1")];
    let first = server
        .iam(&server.admin, "ListUserTags", &first)
        .await
        .served();
    assert_eq!(
        (
            first.element("IsTruncated").as_str(),
            first.element("Key").as_str()
        ),
        ("true", "SSMSessionRunAs")
    );
    let marker = first.element("Marker");
    let second = [
        ("UserName", "admin"),
        ("MaxItems", "1"),
        ("Marker", marker.as_str()),
    ];
    let second = server
        .iam(&server.admin, "ListUserTags", &second)
        .await
        .served();
    assert_eq!(
        (
            second.element("IsTruncated").as_str(),
            second.element("Key").as_str()
        ),
        ("false", "TEAM")
    );
    let untag = [
        ("UserName", "admin"),
        ("TagKeys.member.1", "team"),
        ("TagKeys.member.2", "absent"),
    ];
    server
        .iam(&server.admin, "UntagUser", &untag)
        .await
        .served();
    let rest = server
        .iam(&server.admin, "ListUserTags", &[("UserName", "admin")])
        .await
        .served();
    assert!(!rest.body.contains("TEAM"), "{}", rest.body);
}

#[tokio::test]
async fn a_policy_that_could_not_be_decided_on_is_refused() {
    let server = Running::start().await;
    let put = |document: &str| {
        let members = [
            ("UserName", "admin"),
            ("PolicyName", "p"),
            ("PolicyDocument", document),
        ]
        .map(|(k, v)| (k, v.to_owned()));
        let server = &server;
        async move {
            let members: Vec<(&str, &str)> =
                members.iter().map(|(k, v)| (*k, v.as_str())).collect();
            server.iam(&server.admin, "PutUserPolicy", &members).await
        }
    };
    put("not json")
        .await
        .refused(400, "MalformedPolicyDocument");
    put(r#"{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps","Action":"*","Resource":"*"}]}"#)
        .await
        .refused(400, "MalformedPolicyDocument");
    put(r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Colour":"red"}]}"#)
        .await
        .refused(400, "MalformedPolicyDocument");
    let long = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"ssm:{}","Resource":"*"}}]}}"#,
        "x".repeat(2048)
    );
    put(&long).await.refused(409, "LimitExceeded");
    put(ALL).await.served();
}

#[tokio::test]
async fn a_policy_is_answered_percent_encoded() {
    let server = Running::start().await;
    let members = [("UserName", "admin"), ("PolicyName", "AdministratorAccess")];
    let reply = server
        .iam(&server.admin, "GetUserPolicy", &members)
        .await
        .served();
    assert!(
        reply
            .element("PolicyDocument")
            .starts_with("%7B%22Version%22%3A%222012-10-17%22"),
        "{}",
        reply.body
    );
    let names = server
        .iam(&server.admin, "ListUserPolicies", &members[..1])
        .await
        .served();
    assert_eq!(names.element("member"), "AdministratorAccess");
}

#[tokio::test]
async fn a_user_has_at_most_two_keys_and_can_make_its_own() {
    let server = Running::start().await;
    let keys = server.user("alice", ALL).await;
    let second = server.iam(&keys, "CreateAccessKey", &[]).await.served();
    assert_eq!(second.element("UserName"), "alice");
    server
        .iam(&keys, "CreateAccessKey", &[])
        .await
        .refused(409, "LimitExceeded");
    let second = Keys {
        id: second.element("AccessKeyId"),
        secret: second.element("SecretAccessKey"),
        token: None,
    };
    assert!(
        second.id.starts_with("AKIA") && second.id.len() == 20,
        "{}",
        second.id
    );
    assert_eq!(second.secret.len(), 40);
    server.whoami(&second).await.served();
    let listed = server.iam(&keys, "ListAccessKeys", &[]).await.served();
    assert!(
        listed.body.contains(&keys.id) && listed.body.contains(&second.id),
        "{}",
        listed.body
    );
    assert!(!listed.body.contains(&second.secret));
}

#[tokio::test]
async fn a_user_that_still_has_something_is_not_deleted() {
    let server = Running::start().await;
    let keys = server.user("alice", ALL).await;
    let alice = [("UserName", "alice")];
    server
        .iam(&server.admin, "DeleteUser", &alice)
        .await
        .refused(409, "DeleteConflict");
    let key = [("UserName", "alice"), ("AccessKeyId", keys.id.as_str())];
    server
        .iam(&server.admin, "DeleteAccessKey", &key)
        .await
        .served();
    server
        .iam(&server.admin, "DeleteUser", &alice)
        .await
        .refused(409, "DeleteConflict");
    server
        .iam(
            &server.admin,
            "DeleteUserPolicy",
            &[("UserName", "alice"), ("PolicyName", "p")],
        )
        .await
        .served();
    server
        .iam(&server.admin, "DeleteUser", &alice)
        .await
        .served();
    server
        .iam(&server.admin, "GetUser", &alice)
        .await
        .refused(404, "NoSuchEntity");
    // The name is free again, for another identity.
    let again = server
        .iam(&server.admin, "CreateUser", &alice)
        .await
        .served();
    assert!(again.element("UserId").starts_with("AIDA"));
}

#[tokio::test]
async fn users_are_listed_by_name_page_by_page_below_a_path() {
    let server = Running::start().await;
    for (name, path) in [("carol", "/ops/"), ("Bob", "/ops/"), ("dave", "/")] {
        server
            .iam(
                &server.admin,
                "CreateUser",
                &[("UserName", name), ("Path", path)],
            )
            .await
            .served();
    }
    let first = server
        .iam(
            &server.admin,
            "ListUsers",
            &[("PathPrefix", "/ops/"), ("MaxItems", "1")],
        )
        .await
        .served();
    assert_eq!(first.element("UserName"), "Bob");
    assert_eq!(
        first.element("Arn"),
        "arn:aws:iam::000000000000:user/ops/Bob"
    );
    let marker = first.element("Marker");
    let second = [("PathPrefix", "/ops/"), ("Marker", marker.as_str())];
    let second = server
        .iam(&server.admin, "ListUsers", &second)
        .await
        .served();
    assert_eq!(
        (
            second.element("UserName").as_str(),
            second.element("IsTruncated").as_str()
        ),
        ("carol", "false")
    );
    server
        .iam(&server.admin, "ListUsers", &[("MaxItems", "0")])
        .await
        .refused(400, "ValidationError");
    server
        .iam(&server.admin, "ListUsers", &[("MaxItems", "x")])
        .await
        .refused(400, "MalformedInput");
    server
        .iam(&server.admin, "ListUsers", &[("Marker", "?")])
        .await
        .refused(400, "ValidationError");
}
