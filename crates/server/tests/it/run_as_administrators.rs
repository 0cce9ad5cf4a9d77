//! Who could set, change or remove anybody's OS user: a person for each way, and nobody else.

use serde_json::{Value, json};

use crate::harness::{Keys, Reply, Running};
use crate::roles::make;

async fn list(server: &Running, keys: &Keys, input: &Value) -> Reply {
    server.ssm(keys, "ListRunAsAdministrators", input).await
}

/// The ways of each principal, by the last part of its ARN.
async fn ways(server: &Running, name: &str) -> Vec<Value> {
    let listed = list(server, &server.admin, &json!({}))
        .await
        .served()
        .json();
    let all = listed["Administrators"].as_array().unwrap();
    let one = all.iter().find(|one| {
        one["Principal"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/{name}"))
    });
    one.map_or_else(Vec::new, |one| one["Ways"].as_array().unwrap().clone())
}

fn policy(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn allow(action: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": "*"})
}

#[tokio::test]
async fn who_may_not_ask_is_refused() {
    let server = Running::start().await;
    let alice = server
        .user("alice", &policy(&json!([allow("ssm:ExplainRunAs")])))
        .await;
    list(&server, &alice, &json!({}))
        .await
        .refused(400, "AccessDeniedException");
    let asks = policy(&json!([allow("ssm:ListRunAsAdministrators")]));
    let bob = server.user("bob", &asks).await;
    list(&server, &bob, &json!({})).await.served();
    list(&server, &bob, &json!({"MaxResults": 0}))
        .await
        .refused(400, "ValidationException");
}

#[tokio::test]
async fn who_has_none_of_the_ways_is_not_listed() {
    let server = Running::start().await;
    let guarded = json!([allow("iam:TagUser"), allow("iam:UntagUser"), {
        "Effect": "Deny", "Action": ["iam:TagUser", "iam:UntagUser"], "Resource": "*",
        "Condition": {"ForAnyValue:StringEqualsIgnoreCase": {"aws:TagKeys": "SSMSessionRunAs"}},
    }]);
    for (name, statements) in [
        ("nothing", json!([allow("ssm:StartSession")])),
        (
            "reader",
            json!([
                allow("iam:Get*"),
                allow("iam:List*"),
                allow("ssm:GetDocument")
            ]),
        ),
        ("guarded", guarded),
        (
            "documents",
            json!([{"Effect": "Allow", "Action": "ssm:UpdateDocument",
            "Resource": "arn:aws:ssm:*:*:document/other"}]),
        ),
    ] {
        server.user(name, &policy(&statements)).await;
        assert_eq!(ways(&server, name).await, Vec::<Value>::new(), "{name}");
    }
}

#[tokio::test]
async fn each_way_finds_the_person_who_has_it_and_says_by_what() {
    let server = Running::start().await;
    let role = "arn:aws:iam::000000000000:role/ops";
    let trust = policy(
        &json!([{"Effect": "Allow", "Principal": {"AWS": "000000000000"},
        "Action": ["sts:AssumeRole", "sts:TagSession"]}]),
    );
    make(&server, "ops", &trust).await.served();
    let bound = json!([{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": role,
        "Condition": {"StringLikeIfExists": {"aws:RequestTag/SSMSessionRunAs": "web-*"}}}]);
    let lower = json!([{"Effect": "Allow", "Action": "iam:UntagUser", "Resource": "*",
        "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": "ssmsessionrunas"}}}]);
    let people = [
        ("setter", json!([allow("iam:TagUser")]), "SetsTag"),
        ("of-roles", json!([allow("iam:TagRole")]), "SetsTag"),
        ("remover", lower, "RemovesTag"),
        (
            "saver",
            json!([allow("ssm:UpdateDocument")]),
            "ChangesPreferences",
        ),
        (
            "chooser",
            json!([allow("ssm:UpdateDocumentDefaultVersion")]),
            "ChangesPreferences",
        ),
        (
            "deleter",
            json!([allow("ssm:DeleteDocument")]),
            "ChangesPreferences",
        ),
        (
            "granter",
            json!([allow("iam:PutUserPolicy")]),
            "ChangesPermissions",
        ),
        (
            "truster",
            json!([allow("iam:UpdateAssumeRolePolicy")]),
            "ChangesPermissions",
        ),
        ("taker", json!([allow("iam:CreateAccessKey")]), "TakesKeys"),
        ("tagger", bound, "TagsSession"),
    ];
    for (name, statements, way) in people {
        server.user(name, &policy(&statements)).await;
        let found = ways(&server, name).await;
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert_eq!(found[0]["Way"], way, "{name}");
        let by = found[0]["AllowedBy"].as_str().unwrap();
        assert!(by.contains("of the identity-based policy p"), "{by}");
    }
    let tagged = &ways(&server, "tagger").await[0];
    assert_eq!(tagged["Resources"], json!([role]));
    assert_eq!(
        tagged["DependsOn"],
        json!(["aws:RequestTag/SSMSessionRunAs"])
    );
    let setter = &ways(&server, "setter").await[0];
    assert_eq!(setter["DependsOn"], json!([]));
    assert!(setter["Resources"].as_array().unwrap().len() > 2);
}

#[tokio::test]
async fn a_tag_of_the_preferences_lets_those_in_whose_policy_asks_for_it() {
    let server = Running::start().await;
    let tagged = json!([{"Effect": "Allow", "Action": "ssm:UpdateDocument", "Resource": "*",
        "Condition": {"StringEquals": {"ssm:resourceTag/team": "ops"}}}]);
    server.user("ops", &policy(&tagged)).await;
    assert_eq!(ways(&server, "ops").await, Vec::<Value>::new());
    let name = "SSM-SessionManagerRunShell";
    let content = json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": {}});
    let document = json!({"Name": name, "DocumentType": "Session", "DocumentFormat": "JSON",
        "Content": content.to_string(), "Tags": [{"Key": "team", "Value": "ops"}]});
    let made = server.ssm(&server.admin, "CreateDocument", &document).await;
    made.served();
    let found = ways(&server, "ops").await;
    assert_eq!(found[0]["Way"], "ChangesPreferences");
}

#[tokio::test]
async fn whoever_could_become_a_role_with_a_way_has_that_way() {
    let server = Running::start().await;
    let everybody = policy(
        &json!([{"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}]),
    );
    for (role, statement) in [
        ("strong", allow("iam:TagUser")),
        (
            "step",
            json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::000000000000:role/strong"}),
        ),
        ("weak", allow("ssm:StartSession")),
    ] {
        make(&server, role, &everybody).await.served();
        let members = [
            ("RoleName", role),
            ("PolicyName", "p"),
            ("PolicyDocument", &policy(&json!([statement]))),
        ];
        server
            .iam(&server.admin, "PutRolePolicy", &members)
            .await
            .served();
    }
    for (name, role) in [("near", "strong"), ("far", "step"), ("none", "weak")] {
        let arn = format!("arn:aws:iam::000000000000:role/{role}");
        let assume = json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arn}]);
        server.user(name, &policy(&assume)).await;
    }
    assert_eq!(ways(&server, "strong").await[0]["Way"], "SetsTag");
    assert_eq!(ways(&server, "weak").await, Vec::<Value>::new());
    assert_eq!(ways(&server, "none").await, Vec::<Value>::new());
    for (name, role) in [("near", "strong"), ("step", "strong"), ("far", "step")] {
        let found = ways(&server, name).await;
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert_eq!(found[0]["Way"], "BecomesRole");
        assert_eq!(
            found[0]["Resources"],
            json!([format!("arn:aws:iam::000000000000:role/{role}")])
        );
    }
}

#[tokio::test]
async fn the_list_comes_in_pages() {
    let server = Running::start().await;
    for name in ["a", "b", "c"] {
        server
            .user(name, &policy(&json!([allow("iam:TagUser")])))
            .await;
    }
    let mut found = Vec::new();
    let mut input = json!({"MaxResults": 2});
    loop {
        let page = list(&server, &server.admin, &input).await.served().json();
        for one in page["Administrators"].as_array().unwrap() {
            found.push(one["Principal"].as_str().unwrap().to_owned());
        }
        match page["NextToken"].as_str() {
            Some(token) => input["NextToken"] = token.into(),
            None => break,
        }
    }
    let user = |name: &str| format!("arn:aws:iam::000000000000:user/{name}");
    assert_eq!(found, ["a", "admin", "b", "c"].map(user));
}
