//! Managed policies, their versions and attachments: AWS's refusals first.

use crate::harness::Running;

const LIST_USERS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}]}"#;
const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:GetDocument","Resource":"arn:aws:ssm:x"}]}"#;
const LISTERS: &str = "arn:aws:iam::000000000000:policy/team/Listers";
const OF_SERVICE: &str = "arn:aws:iam::aws:policy/UsherSessionManagerUser";

async fn with_listers() -> Running {
    let server = Running::start().await;
    let policy = [
        ("PolicyName", "Listers"),
        ("Path", "/team/"),
        ("PolicyDocument", LIST_USERS),
        ("Description", "May list users"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "web"),
    ];
    let made = server
        .iam(&server.admin, "CreatePolicy", &policy)
        .await
        .served();
    assert_eq!(made.element("Arn"), LISTERS);
    assert!(
        made.element("PolicyId").starts_with("ANPA"),
        "{}",
        made.body
    );
    assert_eq!(made.element("DefaultVersionId"), "v1");
    server
}

#[tokio::test]
async fn what_is_no_policy_cannot_be_found() {
    let server = with_listers().await;
    for arn in [
        "arn:aws:iam::000000000000:policy/Listers",
        "arn:aws:iam::000000000000:policy/team/listers",
        "arn:aws:iam::111111111111:policy/team/Listers",
        "arn:aws:iam::aws:policy/team/Listers",
        "arn:aws:iam::aws:policy/AdministratorAccess",
    ] {
        for operation in [
            "GetPolicy",
            "DeletePolicy",
            "ListPolicyVersions",
            "ListPolicyTags",
        ] {
            server
                .iam(&server.admin, operation, &[("PolicyArn", arn)])
                .await
                .refused(404, "NoSuchEntity");
        }
        let attach = [("UserName", "admin"), ("PolicyArn", arn)];
        server
            .iam(&server.admin, "AttachUserPolicy", &attach)
            .await
            .refused(404, "NoSuchEntity");
    }
    for arn in [
        "arn:aws:iam::000000000000:user/admin",
        "not an arn at all, only long",
    ] {
        server
            .iam(&server.admin, "GetPolicy", &[("PolicyArn", arn)])
            .await
            .refused(400, "InvalidInput");
    }
    server
        .iam(&server.admin, "GetPolicy", &[("PolicyArn", "short")])
        .await
        .refused(400, "ValidationError");
}

#[tokio::test]
async fn a_policy_that_could_not_be_decided_on_or_is_too_long_is_refused() {
    let server = with_listers().await;
    let long = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"ssm:{}","Resource":"*"}}]}}"#,
        "x".repeat(6144)
    );
    for (document, status, code) in [
        ("{}", 400, "MalformedPolicyDocument"),
        (long.as_str(), 409, "LimitExceeded"),
    ] {
        let made = [("PolicyName", "p"), ("PolicyDocument", document)];
        server
            .iam(&server.admin, "CreatePolicy", &made)
            .await
            .refused(status, code);
        let version = [("PolicyArn", LISTERS), ("PolicyDocument", document)];
        server
            .iam(&server.admin, "CreatePolicyVersion", &version)
            .await
            .refused(status, code);
    }
    for path in ["/a//", "/a b/", "team", "/ä/"] {
        let made = [
            ("PolicyName", "p"),
            ("Path", path),
            ("PolicyDocument", NOTHING),
        ];
        server
            .iam(&server.admin, "CreatePolicy", &made)
            .await
            .refused(400, "ValidationError");
    }
    let again = [("PolicyName", "LISTERS"), ("PolicyDocument", NOTHING)];
    server
        .iam(&server.admin, "CreatePolicy", &again)
        .await
        .refused(409, "EntityAlreadyExists");
}

#[tokio::test]
async fn a_policy_has_five_versions_and_the_default_one_stays() {
    let server = with_listers().await;
    let version = [("PolicyArn", LISTERS), ("PolicyDocument", NOTHING)];
    for n in 2..=5 {
        let made = server
            .iam(&server.admin, "CreatePolicyVersion", &version)
            .await
            .served();
        assert_eq!(made.element("VersionId"), format!("v{n}"));
        assert_eq!(made.element("IsDefaultVersion"), "false");
    }
    server
        .iam(&server.admin, "CreatePolicyVersion", &version)
        .await
        .refused(409, "LimitExceeded");
    let one = |id: &'static str| [("PolicyArn", LISTERS), ("VersionId", id)];
    server
        .iam(&server.admin, "DeletePolicyVersion", &one("v1"))
        .await
        .refused(409, "DeleteConflict");
    for operation in [
        "DeletePolicyVersion",
        "SetDefaultPolicyVersion",
        "GetPolicyVersion",
    ] {
        server
            .iam(&server.admin, operation, &one("v9"))
            .await
            .refused(404, "NoSuchEntity");
        server
            .iam(&server.admin, operation, &one("9"))
            .await
            .refused(400, "ValidationError");
    }
    let reply = server
        .iam(&server.admin, "DeletePolicy", &[("PolicyArn", LISTERS)])
        .await;
    reply.refused(409, "DeleteConflict");
    assert!(
        reply.message().contains("more than one version"),
        "{}",
        reply.message()
    );
    server
        .iam(&server.admin, "DeletePolicyVersion", &one("v3"))
        .await
        .served();
    // A number is never given twice.
    let made = server
        .iam(&server.admin, "CreatePolicyVersion", &version)
        .await
        .served();
    assert_eq!(made.element("VersionId"), "v6");
    let listed = [("PolicyArn", LISTERS), ("MaxItems", "2")];
    let listed = server
        .iam(&server.admin, "ListPolicyVersions", &listed)
        .await
        .served();
    assert!(
        listed.body.find("v6") < listed.body.find("v5"),
        "{}",
        listed.body
    );
    assert!(!listed.body.contains("Document>"), "{}", listed.body);
    let marker = listed.element("Marker");
    let rest = [("PolicyArn", LISTERS), ("Marker", marker.as_str())];
    let rest = server
        .iam(&server.admin, "ListPolicyVersions", &rest)
        .await
        .served();
    assert_eq!(rest.element("VersionId"), "v4");
}

#[tokio::test]
async fn what_comes_with_the_service_is_attached_and_not_changed() {
    let server = Running::start().await;
    for (operation, more) in [
        ("DeletePolicy", vec![]),
        ("CreatePolicyVersion", vec![("PolicyDocument", NOTHING)]),
        ("SetDefaultPolicyVersion", vec![("VersionId", "v1")]),
        ("DeletePolicyVersion", vec![("VersionId", "v1")]),
        (
            "TagPolicy",
            vec![("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")],
        ),
    ] {
        let members = [vec![("PolicyArn", OF_SERVICE)], more].concat();
        let reply = server.iam(&server.admin, operation, &members).await;
        reply.refused(400, "InvalidInput");
        assert!(
            reply.message().contains("comes with the service"),
            "{}",
            reply.message()
        );
    }
    let alice = server.user("alice", "").await;
    server
        .ssm(
            &alice,
            "DescribeSessions",
            &serde_json::json!({"State": "Active"}),
        )
        .await
        .refused(400, "AccessDeniedException");
    let attach = [("UserName", "alice"), ("PolicyArn", OF_SERVICE)];
    server
        .iam(&server.admin, "AttachUserPolicy", &attach)
        .await
        .served();
    server
        .ssm(
            &alice,
            "DescribeSessions",
            &serde_json::json!({"State": "Active"}),
        )
        .await
        .served();
    let of_aws = server
        .iam(&server.admin, "ListPolicies", &[("Scope", "AWS")])
        .await
        .served();
    assert!(of_aws.body.contains(OF_SERVICE), "{}", of_aws.body);
    let local = server
        .iam(&server.admin, "ListPolicies", &[("Scope", "Local")])
        .await
        .served();
    assert!(!local.body.contains(OF_SERVICE), "{}", local.body);
    let used = [("OnlyAttached", "true")];
    let used = server
        .iam(&server.admin, "ListPolicies", &used)
        .await
        .served();
    assert_eq!(used.element("AttachmentCount"), "1");
}

#[tokio::test]
async fn policies_of_the_service_survive_a_restart_once() {
    let server = Running::start().await.restart().await;
    let of_aws = server
        .iam(&server.admin, "ListPolicies", &[("Scope", "AWS")])
        .await
        .served();
    assert_eq!(of_aws.body.matches("<Arn>").count(), 2, "{}", of_aws.body);
    assert!(
        !of_aws.body.contains("<DefaultVersionId>v2"),
        "{}",
        of_aws.body
    );
}

#[tokio::test]
async fn an_attached_policy_grants_by_its_default_version_and_stays() {
    let server = with_listers().await;
    let alice = server.user("alice", "").await;
    let attach = [("UserName", "alice"), ("PolicyArn", LISTERS)];
    server
        .iam(&server.admin, "DetachUserPolicy", &attach)
        .await
        .refused(404, "NoSuchEntity");
    server
        .iam(&server.admin, "AttachUserPolicy", &attach)
        .await
        .served();
    server
        .iam(&server.admin, "AttachUserPolicy", &attach)
        .await
        .served();
    server.iam(&alice, "ListUsers", &[]).await.served();
    server
        .iam(&server.admin, "DeletePolicy", &[("PolicyArn", LISTERS)])
        .await
        .refused(409, "DeleteConflict");

    let version = [
        ("PolicyArn", LISTERS),
        ("PolicyDocument", NOTHING),
        ("SetAsDefault", "true"),
    ];
    server
        .iam(&server.admin, "CreatePolicyVersion", &version)
        .await
        .served();
    server
        .iam(&alice, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
    let back = [("PolicyArn", LISTERS), ("VersionId", "v1")];
    server
        .iam(&server.admin, "SetDefaultPolicyVersion", &back)
        .await
        .served();
    server.iam(&alice, "ListUsers", &[]).await.served();
    let text = server
        .iam(&server.admin, "GetPolicyVersion", &back)
        .await
        .served();
    assert!(text.element("Document").starts_with("%7B"), "{}", text.body);

    let listed = server
        .iam(
            &server.admin,
            "ListAttachedUserPolicies",
            &[("UserName", "alice")],
        )
        .await
        .served();
    assert_eq!(listed.element("PolicyArn"), LISTERS);
    let elsewhere = [("UserName", "alice"), ("PathPrefix", "/other/")];
    let elsewhere = server
        .iam(&server.admin, "ListAttachedUserPolicies", &elsewhere)
        .await
        .served();
    assert_eq!(elsewhere.find("PolicyArn"), None);
    let entities = server
        .iam(
            &server.admin,
            "ListEntitiesForPolicy",
            &[("PolicyArn", LISTERS)],
        )
        .await
        .served();
    assert_eq!(entities.element("UserName"), "alice");
    let reply = server
        .iam(&server.admin, "DeleteUser", &[("UserName", "alice")])
        .await;
    reply.refused(409, "DeleteConflict");

    server
        .iam(&server.admin, "DetachUserPolicy", &attach)
        .await
        .served();
    server
        .iam(&alice, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_policy_attached_to_a_group_or_role_grants_there() {
    let server = with_listers().await;
    let alice = server.user("alice", "").await;
    server
        .iam(&server.admin, "CreateGroup", &[("GroupName", "ops")])
        .await
        .served();
    let member = [("GroupName", "ops"), ("UserName", "alice")];
    server
        .iam(&server.admin, "AddUserToGroup", &member)
        .await
        .served();
    let attach = [("GroupName", "ops"), ("PolicyArn", LISTERS)];
    server
        .iam(&server.admin, "AttachGroupPolicy", &attach)
        .await
        .served();
    server.iam(&alice, "ListUsers", &[]).await.served();
    server
        .iam(&server.admin, "DeleteGroup", &[("GroupName", "ops")])
        .await
        .refused(409, "DeleteConflict");
    let protected = [("RoleName", "UsherManagedNode"), ("PolicyArn", LISTERS)];
    server
        .iam(&server.admin, "AttachRolePolicy", &protected)
        .await
        .refused(400, "UnmodifiableEntity");
    let detached = server
        .iam(&server.admin, "DetachGroupPolicy", &attach)
        .await;
    detached.served();
    server
        .iam(&alice, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
}

#[tokio::test]
async fn ten_policies_are_attached_at_most() {
    let server = Running::start().await;
    server
        .iam(&server.admin, "CreateUser", &[("UserName", "bob")])
        .await
        .served();
    for n in 0..=10 {
        let name = format!("p{n}");
        let made = [("PolicyName", name.as_str()), ("PolicyDocument", NOTHING)];
        server
            .iam(&server.admin, "CreatePolicy", &made)
            .await
            .served();
        let arn = format!("arn:aws:iam::000000000000:policy/{name}");
        let attach = [("UserName", "bob"), ("PolicyArn", arn.as_str())];
        let reply = server.iam(&server.admin, "AttachUserPolicy", &attach).await;
        match n {
            10 => reply.refused(409, "LimitExceeded"),
            _ => drop(reply.served()),
        }
    }
}

#[tokio::test]
async fn who_may_attach_one_policy_may_not_attach_another() {
    let server = with_listers().await;
    let only = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"iam:AttachUserPolicy","Resource":"*","Condition":{{"ArnEquals":{{"iam:PolicyARN":"{LISTERS}"}}}}}}]}}"#
    );
    let alice = server.user("alice", &only).await;
    let admins = [
        ("PolicyName", "All"),
        (
            "PolicyDocument",
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
        ),
    ];
    server
        .iam(&server.admin, "CreatePolicy", &admins)
        .await
        .served();
    let all = [
        ("UserName", "alice"),
        ("PolicyArn", "arn:aws:iam::000000000000:policy/All"),
    ];
    server
        .iam(&alice, "AttachUserPolicy", &all)
        .await
        .refused(403, "AccessDenied");
    let listers = [("UserName", "alice"), ("PolicyArn", LISTERS)];
    server
        .iam(&alice, "AttachUserPolicy", &listers)
        .await
        .served();
}

#[tokio::test]
async fn the_tags_of_a_policy_are_set_listed_and_asked_for() {
    let server = with_listers().await;
    let by_tag = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetPolicy","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"web"}}}]}"#;
    let alice = server.user("alice", by_tag).await;
    let arn = [("PolicyArn", LISTERS)];
    server.iam(&alice, "GetPolicy", &arn).await.served();
    let untag = [("PolicyArn", LISTERS), ("TagKeys.member.1", "TEAM")];
    server
        .iam(&server.admin, "UntagPolicy", &untag)
        .await
        .served();
    server
        .iam(&alice, "GetPolicy", &arn)
        .await
        .refused(403, "AccessDenied");
    let tag = [
        ("PolicyArn", LISTERS),
        ("Tags.member.1.Key", "ssmsessionrunas"),
        ("Tags.member.1.Value", "web"),
    ];
    server
        .iam(&server.admin, "TagPolicy", &tag)
        .await
        .refused(400, "InvalidInput");
    let tags = server
        .iam(&server.admin, "ListPolicyTags", &arn)
        .await
        .served();
    assert_eq!(tags.find("Key"), None);
}
