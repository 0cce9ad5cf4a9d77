//! Parameter Store: who may read what, what is sealed, and what sessions take from it.

use serde_json::{Value, json};

use crate::harness::{Keys, Reply, Running};

async fn put(server: &Running, keys: &Keys, input: Value) -> Reply {
    server.ssm(keys, "PutParameter", &input).await
}

async fn put_text(server: &Running, name: &str, value: &str) {
    let input = json!({"Name": name, "Value": value, "Type": "String"});
    put(server, &server.admin, input).await.served();
}

/// A policy that allows each action on each parameter.
fn may(grants: &[(&str, &str)]) -> String {
    let statements: Vec<Value> = grants
        .iter()
        .map(|(action, path)| {
            let parameter = format!("arn:aws:ssm:usher-1:000000000000:parameter/{path}");
            let resource = if action.starts_with("kms:") {
                "*"
            } else {
                &parameter
            };
            json!({"Effect": "Allow", "Action": action, "Resource": resource})
        })
        .collect();
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

#[tokio::test]
async fn what_may_be_no_parameter_is_refused() {
    let server = Running::start().await;
    for (change, code) in [
        (json!({"Name": "a/b"}), "ValidationException"),
        (json!({"Name": "/aws/x"}), "ValidationException"),
        (
            json!({"Name": "/a".repeat(16)}),
            "HierarchyLevelLimitExceededException",
        ),
        (json!({"Value": ""}), "ValidationException"),
        (json!({"Value": "x".repeat(4097)}), "ValidationException"),
        (json!({"Value": "a {{ssm:other}}"}), "ValidationException"),
        (json!({"Type": "Number"}), "ValidationException"),
        (json!({"Type": null}), "ValidationException"),
        (json!({"Tier": "Advanced"}), "ValidationException"),
        (json!({"KeyId": "alias/x"}), "ValidationException"),
        (json!({"DataType": "aws:ec2:image"}), "ValidationException"),
        (
            json!({"AllowedPattern": "("}),
            "InvalidAllowedPatternException",
        ),
        (
            json!({"AllowedPattern": "[0-9]+"}),
            "ParameterPatternMismatchException",
        ),
    ] {
        let mut input = json!({"Name": "n", "Value": "hunter2", "Type": "String"});
        for (key, value) in change.as_object().unwrap() {
            input[key] = value.clone();
        }
        let reply = put(&server, &server.admin, input).await;
        reply.refused(400, code);
        assert!(!reply.message().contains("hunter2"), "{change}");
    }
    let described = server
        .ssm(&server.admin, "DescribeParameters", &json!({}))
        .await;
    assert_eq!(described.served().json()["Parameters"], json!([]));
}

#[tokio::test]
async fn a_parameter_is_read_and_written_by_who_may_do_so_with_this_one() {
    let server = Running::start().await;
    put_text(&server, "/web/url", "one").await;
    put_text(&server, "/db/url", "two").await;
    let policy = may(&[
        ("ssm:GetParameter*", "web/*"),
        ("ssm:PutParameter", "web/*"),
    ]);
    let alice = server.user("alice", &policy).await;
    let ssm = async |operation: &str, input: Value| server.ssm(&alice, operation, &input).await;
    for (operation, input) in [
        ("GetParameter", json!({"Name": "/db/url"})),
        ("GetParameter", json!({"Name": "/missing"})),
        ("GetParameters", json!({"Names": ["/web/url", "/db/url"]})),
        (
            "GetParametersByPath",
            json!({"Path": "/", "Recursive": true}),
        ),
        ("DescribeParameters", json!({})),
        ("DeleteParameter", json!({"Name": "/web/url"})),
        ("DeleteParameters", json!({"Names": ["/web/url"]})),
        (
            "PutParameter",
            json!({"Name": "/db/url", "Value": "x", "Overwrite": true}),
        ),
        (
            "AddTagsToResource",
            json!({
                "ResourceType": "Parameter", "ResourceId": "/web/url", "Tags": [{"Key": "k", "Value": "v"}],
            }),
        ),
    ] {
        let reply = ssm(operation, input).await;
        reply.refused(400, "AccessDeniedException");
        assert!(
            reply
                .message()
                .contains("arn:aws:ssm:usher-1:000000000000:parameter/")
                || operation == "DescribeParameters",
            "{}",
            reply.message()
        );
    }
    let got = ssm("GetParameter", json!({"Name": "/web/url"})).await;
    let got = got.served().json();
    assert_eq!(got["Parameter"]["Value"], "one");
    assert_eq!(
        got["Parameter"]["ARN"],
        "arn:aws:ssm:usher-1:000000000000:parameter/web/url"
    );
    ssm("GetParameters", json!({"Names": ["/web/none"]}))
        .await
        .served();
}

#[tokio::test]
async fn a_denial_of_one_parameter_outdoes_the_permission_for_its_path() {
    let server = Running::start().await;
    put_text(&server, "/web/open", "one").await;
    put_text(&server, "/web/closed", "two").await;
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ssm:GetParametersByPath", "Resource": "*"},
        {"Effect": "Deny", "Action": "ssm:GetParameter", "Resource": "arn:aws:ssm:*:*:parameter/web/closed"},
    ]});
    let alice = server.user("alice", &policy.to_string()).await;
    let got = server
        .ssm(&alice, "GetParametersByPath", &json!({"Path": "/web"}))
        .await;
    let got = got.served().json();
    let parameters = got["Parameters"].as_array().unwrap();
    assert_eq!(parameters.len(), 1, "{got}");
    assert_eq!(parameters[0]["Name"], "/web/open");
}

#[tokio::test]
async fn versions_are_kept_and_named() {
    let server = Running::start().await;
    put_text(&server, "n", "one").await;
    let again = json!({"Name": "n", "Value": "two", "Type": "String"});
    put(&server, &server.admin, again)
        .await
        .refused(400, "ParameterAlreadyExists");
    let other = json!({"Name": "n", "Value": "two", "Type": "StringList", "Overwrite": true});
    put(&server, &server.admin, other)
        .await
        .refused(400, "HierarchyTypeMismatchException");
    let next = json!({"Name": "n", "Value": "two", "Overwrite": true});
    let made = put(&server, &server.admin, next).await.served().json();
    assert_eq!(made["Version"], 2);
    let get = async |name: &str| {
        server
            .ssm(&server.admin, "GetParameter", &json!({"Name": name}))
            .await
    };
    assert_eq!(get("n").await.served().json()["Parameter"]["Value"], "two");
    let first = get("n:1").await.served().json();
    assert_eq!(first["Parameter"]["Value"], "one");
    assert_eq!(first["Parameter"]["Selector"], ":1");
    get("n:3").await.refused(400, "ParameterVersionNotFound");
    get("n:label")
        .await
        .refused(400, "ParameterVersionNotFound");
    get("m").await.refused(400, "ParameterNotFound");
    let gone = server
        .ssm(
            &server.admin,
            "DeleteParameters",
            &json!({"Names": ["n", "m"]}),
        )
        .await;
    let gone = gone.served().json();
    assert_eq!(
        gone,
        json!({"DeletedParameters": ["n"], "InvalidParameters": ["m"]})
    );
    get("n:1").await.refused(400, "ParameterNotFound");
}

#[tokio::test]
async fn a_secure_value_opens_only_to_who_may_decrypt() {
    let server = Running::start().await;
    let input = json!({"Name": "/s", "Value": "hunter2", "Type": "SecureString"});
    put(&server, &server.admin, input).await.served();
    let reader = server
        .user("reader", &may(&[("ssm:GetParameter", "s")]))
        .await;
    let opener = may(&[("ssm:GetParameter", "s"), ("kms:Decrypt", "")]);
    let opener = server.user("opener", &opener).await;
    let get = async |keys: &Keys, open: bool| {
        let input = json!({"Name": "/s", "WithDecryption": open});
        server.ssm(keys, "GetParameter", &input).await
    };
    let refusal = get(&reader, true).await;
    refusal.refused(400, "AccessDeniedException");
    assert!(
        refusal.message().contains("kms:Decrypt"),
        "{}",
        refusal.message()
    );
    let closed = get(&reader, false).await.served();
    assert!(!closed.body.contains("hunter2"), "{}", closed.body);
    let opened = get(&opener, true).await.served().json();
    assert_eq!(opened["Parameter"]["Value"], "hunter2");
    assert_eq!(opened["Parameter"]["Type"], "SecureString");
    // Nobody without kms:Encrypt makes one, and a key that is not there is named.
    let writer = server
        .user("writer", &may(&[("ssm:PutParameter", "*")]))
        .await;
    let input = json!({"Name": "/t", "Value": "hunter2", "Type": "SecureString"});
    put(&server, &writer, input)
        .await
        .refused(400, "AccessDeniedException");
    let input =
        json!({"Name": "/t", "Value": "hunter2", "Type": "SecureString", "KeyId": "alias/none"});
    put(&server, &server.admin, input)
        .await
        .refused(400, "InvalidKeyId");
}

#[tokio::test]
async fn a_disabled_key_closes_its_values() {
    let server = Running::start().await;
    let key = server.kms(&server.admin, "CreateKey", &json!({})).await;
    let key = key.served().json()["KeyMetadata"]["KeyId"].clone();
    let input = json!({"Name": "s", "Value": "hunter2", "Type": "SecureString", "KeyId": key});
    put(&server, &server.admin, input).await.served();
    let disable = server
        .kms(&server.admin, "DisableKey", &json!({"KeyId": key}))
        .await;
    disable.served();
    let input = json!({"Name": "s", "WithDecryption": true});
    let refusal = server.ssm(&server.admin, "GetParameter", &input).await;
    refusal.refused(400, "InvalidKeyId");
}

#[tokio::test]
async fn no_value_lies_in_the_clear_on_the_disk() {
    let server = Running::start().await;
    put_text(&server, "plain", "hunter2-in-the-open").await;
    let secure = json!({"Name": "secure", "Value": "hunter2-in-secret", "Type": "SecureString"});
    put(&server, &server.admin, secure).await.served();
    for file in std::fs::read_dir(server.data_dir()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        let found = bytes.windows(7).any(|window| window == b"hunter2");
        assert!(!found, "{}", path.display());
    }
}

#[tokio::test]
async fn lists_come_by_path_by_filter_and_in_pages() {
    let server = Running::start().await;
    for name in ["/a/1", "/a/2", "/a/b/3", "/ab/4"] {
        put_text(&server, name, "x").await;
    }
    let tagged = json!({
        "Name": "/a/5", "Value": "x,y", "Type": "StringList", "Tags": [{"Key": "Team", "Value": "web"}],
    });
    put(&server, &server.admin, tagged).await.served();
    let names = async |operation: &str, input: Value| -> (Vec<String>, Value) {
        let reply = server
            .ssm(&server.admin, operation, &input)
            .await
            .served()
            .json();
        let names = reply["Parameters"].as_array().unwrap().iter();
        let names = names
            .map(|one| one["Name"].as_str().unwrap().to_owned())
            .collect();
        (names, reply["NextToken"].clone())
    };
    let (found, _) = names("GetParametersByPath", json!({"Path": "/a"})).await;
    assert_eq!(found, ["/a/1", "/a/2", "/a/5"]);
    let page = json!({"Path": "/a/", "Recursive": true, "MaxResults": 3});
    let (found, next) = names("GetParametersByPath", page).await;
    assert_eq!(found, ["/a/1", "/a/2", "/a/5"]);
    let page = json!({"Path": "/a/", "Recursive": true, "NextToken": next});
    assert_eq!(
        names("GetParametersByPath", page).await,
        (vec!["/a/b/3".to_owned()], Value::Null)
    );
    let filter = |filter: Value| json!({"ParameterFilters": [filter]});
    let by_tag = filter(json!({"Key": "tag:Team", "Values": ["web"]}));
    assert_eq!(names("DescribeParameters", by_tag).await.0, ["/a/5"]);
    let by_name = filter(json!({"Key": "Name", "Option": "Contains", "Values": ["b"]}));
    assert_eq!(
        names("DescribeParameters", by_name).await.0,
        ["/a/b/3", "/ab/4"]
    );
    let unknown = filter(json!({"Key": "Color", "Values": ["red"]}));
    let unknown = server
        .ssm(&server.admin, "DescribeParameters", &unknown)
        .await;
    unknown.refused(400, "InvalidFilterKey");
    let tags = json!({"ResourceType": "Parameter", "ResourceId": "/a/5"});
    let tags = server
        .ssm(&server.admin, "ListTagsForResource", &tags)
        .await;
    assert_eq!(
        tags.served().json()["TagList"],
        json!([{"Key": "Team", "Value": "web"}])
    );
}
