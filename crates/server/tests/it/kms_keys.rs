//! What a key is known by: aliases, tags, lists.

use serde_json::{Value, json};

use crate::harness::Running;
use crate::kms::{PLAINTEXT, key};
use crate::roles::policy;

#[tokio::test]
async fn an_alias_that_is_none_or_is_taken_is_refused() {
    let server = Running::start().await;
    let id = key(&server, &json!({})).await;
    let create = async |name: &str, code: &str| {
        let input = json!({"AliasName": name, "TargetKeyId": id});
        server
            .kms(&server.admin, "CreateAlias", &input)
            .await
            .refused(400, code);
    };
    for name in [
        "sessions",
        "alias/",
        "alias/aws/ssm",
        "alias/a b",
        "alias/ä",
    ] {
        create(name, "InvalidAliasNameException").await;
    }
    let input = json!({"AliasName": "alias/sessions", "TargetKeyId": id});
    server
        .kms(&server.admin, "CreateAlias", &input)
        .await
        .served();
    create("alias/sessions", "AlreadyExistsException").await;
    for (operation, input) in [
        ("DeleteAlias", json!({"AliasName": "alias/none"})),
        (
            "UpdateAlias",
            json!({"AliasName": "alias/none", "TargetKeyId": id}),
        ),
        (
            "UpdateAlias",
            json!({"AliasName": "alias/sessions", "TargetKeyId": "alias/none"}),
        ),
    ] {
        server
            .kms(&server.admin, operation, &input)
            .await
            .refused(400, "NotFoundException");
    }
}

#[tokio::test]
async fn pointing_an_alias_elsewhere_takes_a_permission_on_both_keys() {
    let server = Running::start().await;
    let [old, new] = [
        key(&server, &json!({})).await,
        key(&server, &json!({})).await,
    ];
    let input = json!({"AliasName": "alias/a", "TargetKeyId": old});
    server
        .kms(&server.admin, "CreateAlias", &input)
        .await
        .served();
    let arn = |resource: &str| format!("arn:aws:kms:usher-1:000000000000:{resource}");
    let move_it = json!({"AliasName": "alias/a", "TargetKeyId": new});
    for (name, resources) in [
        ("x", vec![arn("alias/a"), arn(&format!("key/{new}"))]),
        ("y", vec![arn("alias/a"), arn(&format!("key/{old}"))]),
        (
            "z",
            vec![arn(&format!("key/{old}")), arn(&format!("key/{new}"))],
        ),
    ] {
        let document =
            policy(&json!({"Effect": "Allow", "Action": "kms:UpdateAlias", "Resource": resources}));
        let keys = server.user(name, &document).await;
        server
            .kms(&keys, "UpdateAlias", &move_it)
            .await
            .refused(400, "AccessDeniedException");
    }
    server
        .kms(&server.admin, "UpdateAlias", &move_it)
        .await
        .served();
    let used = json!({"KeyId": "alias/a", "Plaintext": PLAINTEXT});
    let made = server
        .kms(&server.admin, "Encrypt", &used)
        .await
        .served()
        .json();
    assert_eq!(made["KeyId"], arn(&format!("key/{new}")).as_str());
}

#[tokio::test]
async fn tags_have_rules_and_a_permission_that_can_be_bound_to_them() {
    let server = Running::start().await;
    let id = key(&server, &json!({})).await;
    let tag =
        |key: &str, value: &str| json!({"KeyId": id, "Tags": [{"TagKey": key, "TagValue": value}]});
    for input in [
        tag("", "x"),
        tag("aws:x", ""),
        tag(&"k".repeat(129), ""),
        tag("k", &"v".repeat(257)),
    ] {
        server
            .kms(&server.admin, "TagResource", &input)
            .await
            .refused(400, "TagException");
    }
    let many: Vec<Value> = (0..51)
        .map(|n| json!({"TagKey": format!("k{n}"), "TagValue": ""}))
        .collect();
    let input = json!({"KeyId": id, "Tags": many});
    server
        .kms(&server.admin, "TagResource", &input)
        .await
        .refused(400, "LimitExceededException");
    let bound = policy(
        &json!({"Effect": "Allow", "Action": ["kms:TagResource", "kms:UntagResource"], "Resource": "*",
        "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}}),
    );
    let tagger = server.user("tagger", &bound).await;
    server
        .kms(&tagger, "TagResource", &tag("owner", "x"))
        .await
        .refused(400, "AccessDeniedException");
    server
        .kms(&tagger, "TagResource", &tag("team", "web"))
        .await
        .served();
    let listed = server
        .kms(&server.admin, "ListResourceTags", &json!({"KeyId": id}))
        .await
        .served()
        .json();
    assert_eq!(
        listed["Tags"],
        json!([{"TagKey": "team", "TagValue": "web"}])
    );
    let untag = json!({"KeyId": id, "TagKeys": ["owner"]});
    server
        .kms(&tagger, "UntagResource", &untag)
        .await
        .refused(400, "AccessDeniedException");
    let untag = json!({"KeyId": id, "TagKeys": ["team"]});
    server.kms(&tagger, "UntagResource", &untag).await.served();
}

#[tokio::test]
async fn keys_and_aliases_are_listed_in_pages() {
    let server = Running::start().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let id = key(&server, &json!({"Description": format!("key {number}")})).await;
        let input = json!({"AliasName": format!("alias/{number}"), "TargetKeyId": id});
        server
            .kms(&server.admin, "CreateAlias", &input)
            .await
            .served();
        ids.push(id);
    }
    let mut listed = Vec::new();
    let mut input = json!({"Limit": 2});
    loop {
        let page = server
            .kms(&server.admin, "ListKeys", &input)
            .await
            .served()
            .json();
        listed.extend(
            page["Keys"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["KeyId"].as_str().unwrap().to_owned()),
        );
        if page["Truncated"] == false {
            break;
        }
        input["Marker"] = page["NextMarker"].clone();
    }
    ids.sort();
    assert_eq!(listed, ids);
    let of_one = json!({"KeyId": ids[0]});
    let page = server
        .kms(&server.admin, "ListAliases", &of_one)
        .await
        .served()
        .json();
    assert_eq!(page["Aliases"].as_array().unwrap().len(), 1);
    assert_eq!(page["Aliases"][0]["TargetKeyId"], ids[0].as_str());
}
