//! IAM roles: what may not be stored, changed or deleted, and what is answered as AWS answers it.

use serde_json::json;

use crate::harness::{Keys, Reply, Running};

/// A policy document of one statement.
pub(crate) fn policy(statement: &serde_json::Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// A trust policy that trusts by `principal`, an entry of `AWS`.
pub(crate) fn trusting(principal: &str) -> String {
    let actions = ["sts:AssumeRole", "sts:TagSession"];
    policy(&json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions}))
}

pub(crate) const ACCOUNT_ROOT: &str = "arn:aws:iam::000000000000:root";

/// Makes a role as the administrator.
pub(crate) async fn make(server: &Running, name: &str, trust: &str) -> Reply {
    let members = [("RoleName", name), ("AssumeRolePolicyDocument", trust)];
    server.iam(&server.admin, "CreateRole", &members).await
}

async fn admin(server: &Running, operation: &str, members: &[(&str, &str)]) -> Reply {
    server.iam(&server.admin, operation, members).await
}

#[tokio::test]
async fn a_trust_policy_that_cannot_be_decided_on_is_not_stored() {
    let server = Running::start().await;
    let identity = policy(&json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}));
    for trust in ["{", "", &identity, &trusting("alice")] {
        make(&server, "deploy", trust)
            .await
            .refused(400, "MalformedPolicyDocument");
    }
    admin(&server, "GetRole", &[("RoleName", "deploy")])
        .await
        .refused(404, "NoSuchEntity");
}

#[tokio::test]
async fn a_trust_policy_that_names_nobody_real_is_not_stored() {
    let server = Running::start().await;
    server.user("alice", "").await;
    make(&server, "other", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    for principal in [
        "111111111111",
        "arn:aws:iam::111111111111:root",
        "arn:aws:iam::111111111111:user/alice",
        "arn:aws:iam::000000000000:user/bob",
        "arn:aws:iam::000000000000:user/Alice",
        "arn:aws:iam::000000000000:user/team/alice",
        "arn:aws:iam::000000000000:role/alice",
        "arn:aws:iam::000000000000:user/other",
        "arn:aws:sts::000000000000:assumed-role/alice/x",
    ] {
        let reply = make(&server, "deploy", &trusting(principal)).await;
        reply.refused(400, "MalformedPolicyDocument");
        assert!(
            reply.message().contains("Invalid principal in policy"),
            "{}",
            reply.message()
        );
    }
    for (name, principal) in [
        ("a", "arn:aws:iam::000000000000:user/alice"),
        ("b", "arn:aws:iam::000000000000:role/other"),
        ("c", "arn:aws:sts::000000000000:assumed-role/other/x"),
        ("d", "000000000000"),
        ("e", "*"),
    ] {
        make(&server, name, &trusting(principal)).await.served();
    }
}

#[tokio::test]
async fn members_outside_their_bounds_are_refused() {
    let server = Running::start().await;
    let trust = trusting(ACCOUNT_ROOT);
    let long = "x".repeat(1001);
    for (member, value) in [
        ("RoleName", "a b"),
        ("Path", "team"),
        ("MaxSessionDuration", "3599"),
        ("MaxSessionDuration", "43201"),
        ("Description", long.as_str()),
    ] {
        let mut members = vec![
            ("RoleName", "deploy"),
            ("AssumeRolePolicyDocument", trust.as_str()),
        ];
        members.retain(|(given, _)| *given != member);
        members.push((member, value));
        admin(&server, "CreateRole", &members)
            .await
            .refused(400, "ValidationError");
    }
    let members = [
        ("RoleName", "deploy"),
        ("AssumeRolePolicyDocument", trust.as_str()),
        ("PermissionsBoundary", "arn:aws:iam::000000000000:policy/p"),
    ];
    admin(&server, "CreateRole", &members)
        .await
        .refused(404, "NoSuchEntity");
    let spaced = format!("{}{}", trust, "x".repeat(2048));
    make(&server, "deploy", &spaced)
        .await
        .refused(409, "LimitExceeded");
}

#[tokio::test]
async fn another_casing_of_the_run_as_tag_is_refused_on_roles_too() {
    let server = Running::start().await;
    let trust = trusting(ACCOUNT_ROOT);
    let tag = [
        ("Tags.member.1.Key", "ssmsessionrunas"),
        ("Tags.member.1.Value", "deploy"),
    ];
    let named = [
        ("RoleName", "deploy"),
        ("AssumeRolePolicyDocument", trust.as_str()),
    ];
    let refused = [&named[..], &tag].concat();
    let reply = admin(&server, "CreateRole", &refused).await;
    reply.refused(400, "InvalidInput");
    assert!(reply.message().contains("must be spelled SSMSessionRunAs"));
    make(&server, "deploy", &trust).await.served();
    let reply = admin(&server, "TagRole", &[&named[..1], &tag].concat()).await;
    reply.refused(400, "InvalidInput");
    assert!(reply.message().contains("must be spelled SSMSessionRunAs"));
}

#[tokio::test]
async fn tags_of_a_role_have_a_limit_and_their_own_permission() {
    let server = Running::start().await;
    let may_create =
        policy(&json!({"Effect": "Allow", "Action": "iam:CreateRole", "Resource": "*"}));
    let creator = server.user("creator", &may_create).await;
    let trust = trusting(ACCOUNT_ROOT);
    let tagged = [
        ("RoleName", "deploy"),
        ("AssumeRolePolicyDocument", trust.as_str()),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "web"),
    ];
    server
        .iam(&creator, "CreateRole", &tagged)
        .await
        .refused(403, "AccessDenied");
    server
        .iam(&creator, "CreateRole", &tagged[..2])
        .await
        .served();
    for number in 0..51 {
        let key = format!("k{number}");
        let members = [
            ("RoleName", "deploy"),
            ("Tags.member.1.Key", key.as_str()),
            ("Tags.member.1.Value", ""),
        ];
        let reply = admin(&server, "TagRole", &members).await;
        match number {
            50 => reply.refused(409, "LimitExceeded"),
            _ => drop(reply.served()),
        }
    }
    let page = [("RoleName", "deploy"), ("MaxItems", "20")];
    let first = admin(&server, "ListRoleTags", &page).await.served();
    assert_eq!(first.element("IsTruncated"), "true");
    let marker = first.element("Marker");
    let page = [("RoleName", "deploy"), ("Marker", &marker)];
    let rest = admin(&server, "ListRoleTags", &page).await.served();
    assert_eq!(rest.body.matches("<Key>").count(), 30);
    let untag = [("RoleName", "deploy"), ("TagKeys.member.1", "K0")];
    admin(&server, "UntagRole", &untag).await.served();
    let left = admin(&server, "ListRoleTags", &[("RoleName", "deploy")]).await;
    assert_eq!(left.body.matches("<Key>").count(), 49);
}

#[tokio::test]
async fn a_permission_to_tag_can_be_bound_to_keys_and_values() {
    let server = Running::start().await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    let bound = json!({"Effect": "Allow", "Action": ["iam:TagRole", "iam:UntagRole"], "Resource": "*", "Condition": {
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
        "StringEqualsIfExists": {"aws:RequestTag/team": "web"}}});
    let tagger = server.user("tagger", &policy(&bound)).await;
    let tag = async |key: &str, value: &str| {
        let members = [
            ("RoleName", "deploy"),
            ("Tags.member.1.Key", key),
            ("Tags.member.1.Value", value),
        ];
        server.iam(&tagger, "TagRole", &members).await
    };
    tag("SSMSessionRunAs", "web")
        .await
        .refused(403, "AccessDenied");
    tag("team", "ops").await.refused(403, "AccessDenied");
    tag("team", "web").await.served();
    let untag = async |key: &str| {
        let members = [("RoleName", "deploy"), ("TagKeys.member.1", key)];
        server.iam(&tagger, "UntagRole", &members).await
    };
    untag("other").await.refused(403, "AccessDenied");
    untag("team").await.served();
}

#[tokio::test]
async fn a_permission_can_depend_on_the_tags_of_the_role() {
    let server = Running::start().await;
    for (name, team) in [("web", "web"), ("ops", "ops")] {
        make(&server, name, &trusting(ACCOUNT_ROOT)).await.served();
        let members = [
            ("RoleName", name),
            ("Tags.member.1.Key", "team"),
            ("Tags.member.1.Value", team),
        ];
        admin(&server, "TagRole", &members).await.served();
    }
    let own_team = json!({"Effect": "Allow", "Action": "iam:GetRole", "Resource": "*",
        "Condition": {"StringEquals": {"iam:ResourceTag/Team": "web"}}});
    let reader = server.user("reader", &policy(&own_team)).await;
    let read = async |name: &str| server.iam(&reader, "GetRole", &[("RoleName", name)]).await;
    read("ops").await.refused(403, "AccessDenied");
    read("missing").await.refused(403, "AccessDenied");
    read("web").await.served();
}

#[tokio::test]
async fn a_role_with_policies_is_not_deleted() {
    let server = Running::start().await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    let any = policy(&json!({"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}));
    let put = [
        ("RoleName", "deploy"),
        ("PolicyName", "p"),
        ("PolicyDocument", any.as_str()),
    ];
    let unreadable = [put[0], put[1], ("PolicyDocument", "{}")];
    admin(&server, "PutRolePolicy", &unreadable)
        .await
        .refused(400, "MalformedPolicyDocument");
    admin(&server, "PutRolePolicy", &put).await.served();
    let role = [("RoleName", "deploy")];
    admin(&server, "DeleteRole", &role)
        .await
        .refused(409, "DeleteConflict");
    let names = admin(&server, "ListRolePolicies", &role).await.served();
    assert_eq!(names.element("PolicyNames"), "<member>p</member>");
    let got = admin(&server, "GetRolePolicy", &put[..2]).await.served();
    assert!(
        got.element("PolicyDocument").starts_with("%7B%22"),
        "{}",
        got.body
    );
    admin(&server, "DeleteRolePolicy", &put[..2]).await.served();
    admin(&server, "DeleteRolePolicy", &put[..2])
        .await
        .refused(404, "NoSuchEntity");
    admin(&server, "DeleteRole", &role).await.served();
    admin(&server, "GetRole", &role)
        .await
        .refused(404, "NoSuchEntity");
}

#[tokio::test]
async fn the_nodes_role_is_shown_and_cannot_be_changed() {
    let server = Running::start().await;
    let name = ("RoleName", "UsherManagedNode");
    let any = policy(&json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let trust = trusting(ACCOUNT_ROOT);
    make(&server, "ushermanagednode", &trust)
        .await
        .refused(409, "EntityAlreadyExists");
    let tag = [
        ("Tags.member.1.Key", "SSMSessionRunAs"),
        ("Tags.member.1.Value", "x"),
    ];
    for (operation, more) in [
        ("DeleteRole", &[][..]),
        ("TagRole", &tag),
        ("UntagRole", &[("TagKeys.member.1", "x")]),
        (
            "PutRolePolicy",
            &[("PolicyName", "p"), ("PolicyDocument", &any)],
        ),
        ("DeleteRolePolicy", &[("PolicyName", "p")]),
        ("UpdateAssumeRolePolicy", &[("PolicyDocument", &trust)]),
    ] {
        admin(&server, operation, &[&[name], more].concat())
            .await
            .refused(400, "UnmodifiableEntity");
    }
    let shown = admin(&server, "GetRole", &[name]).await.served();
    assert_eq!(
        shown.element("Arn"),
        "arn:aws:iam::000000000000:role/service-role/UsherManagedNode"
    );
    assert!(
        shown
            .element("AssumeRolePolicyDocument")
            .contains("ssm.amazonaws.com")
    );
    let under = [("PathPrefix", "/service-role/")];
    let listed = admin(&server, "ListRoles", &under).await.served();
    assert_eq!(listed.element("RoleName"), "UsherManagedNode");
}

#[tokio::test]
async fn roles_are_listed_in_pages_without_their_tags() {
    let server = Running::start().await;
    let trust = trusting(ACCOUNT_ROOT);
    for name in ["b", "A", "c"] {
        let members = [
            ("RoleName", name),
            ("AssumeRolePolicyDocument", trust.as_str()),
            ("Path", "/team/"),
            ("Description", "Für alle"),
            ("MaxSessionDuration", "7200"),
            ("Tags.member.1.Key", "team"),
            ("Tags.member.1.Value", "web"),
        ];
        let made = admin(&server, "CreateRole", &members).await.served();
        assert!(made.element("RoleId").starts_with("AROA"), "{}", made.body);
        assert_eq!(
            made.element("Arn"),
            format!("arn:aws:iam::000000000000:role/team/{name}")
        );
        assert_eq!(made.element("MaxSessionDuration"), "7200");
        assert_eq!(made.element("Description"), "Für alle");
        assert!(made.body.contains("<Value>web</Value>"), "{}", made.body);
    }
    make(&server, "B", &trust)
        .await
        .refused(409, "EntityAlreadyExists");
    let page = [("PathPrefix", "/team/"), ("MaxItems", "2")];
    let first = admin(&server, "ListRoles", &page).await.served();
    assert_eq!(first.body.matches("<RoleId>").count(), 2);
    assert!(!first.body.contains("<Tags>"), "{}", first.body);
    let marker = first.element("Marker");
    let page = [("PathPrefix", "/team/"), ("Marker", &marker)];
    let rest = admin(&server, "ListRoles", &page).await.served();
    assert_eq!(rest.element("RoleName"), "c");
    assert_eq!(rest.element("IsTruncated"), "false");
}

#[tokio::test]
async fn a_key_that_is_switched_off_does_not_sign() {
    let server = Running::start().await;
    let alice = server.user("alice", "").await;
    let switch = async |keys: &Keys, status: &str| {
        let members = [
            ("UserName", "alice"),
            ("AccessKeyId", alice.id.as_str()),
            ("Status", status),
        ];
        server.iam(keys, "UpdateAccessKey", &members).await
    };
    switch(&alice, "Inactive")
        .await
        .refused(403, "AccessDenied");
    switch(&server.admin, "Expired")
        .await
        .refused(400, "ValidationError");
    switch(&server.admin, "Inactive").await.served();
    server
        .whoami(&alice)
        .await
        .refused(403, "InvalidClientTokenId");
    let named = [("UserName", "alice")];
    let listed = admin(&server, "ListAccessKeys", &named).await.served();
    assert_eq!(listed.element("Status"), "Inactive");
    switch(&server.admin, "Active").await.served();
    server.whoami(&alice).await.served();
    let foreign = [
        ("UserName", "admin"),
        ("AccessKeyId", alice.id.as_str()),
        ("Status", "Inactive"),
    ];
    admin(&server, "UpdateAccessKey", &foreign)
        .await
        .refused(404, "NoSuchEntity");
}
