//! Documents as lists, their default version, and their end.

use serde_json::{Value, json};

use crate::harness::{Reply, Running};

async fn call(server: &Running, operation: &str, input: Value) -> Reply {
    server.ssm(&server.admin, operation, &input).await
}

fn content(description: &str) -> String {
    json!({ "schemaVersion": "1.0", "description": description, "sessionType": "Standard_Stream", "inputs": {} })
        .to_string()
}

async fn create(server: &Running, name: &str) {
    let input = json!({
        "Name": name, "DocumentType": "Session", "Content": content("1"), "Tags": [{ "Key": "Team", "Value": "web" }],
    });
    call(server, "CreateDocument", input).await.served();
}

async fn update(server: &Running, name: &str, description: &str) {
    let input =
        json!({ "Name": name, "Content": content(description), "DocumentVersion": "$LATEST" });
    call(server, "UpdateDocument", input).await.served();
}

/// The names on every page.
async fn names(server: &Running, mut input: Value) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let page = call(server, "ListDocuments", input.clone())
            .await
            .served()
            .json();
        let found = page["DocumentIdentifiers"].as_array().unwrap();
        names.extend(
            found
                .iter()
                .map(|one| one["Name"].as_str().unwrap().to_owned()),
        );
        match page.get("NextToken") {
            Some(token) => input["NextToken"] = token.clone(),
            None => return names,
        }
    }
}

#[tokio::test]
async fn documents_that_come_with_the_service_are_not_changed() {
    let server = Running::start().await;
    let name = "AWS-StartSSHSession";
    for (operation, input) in [
        ("DeleteDocument", json!({ "Name": name })),
        (
            "UpdateDocumentDefaultVersion",
            json!({ "Name": name, "DocumentVersion": "1" }),
        ),
    ] {
        call(&server, operation, input)
            .await
            .refused(400, "InvalidDocumentOperation");
    }
}

#[tokio::test]
async fn every_document_is_listed_once_in_order_and_by_filter() {
    let server = Running::start().await;
    for name in ["Zoo", "AVS-before", "Restart-web"] {
        create(&server, name).await;
    }
    let all = names(&server, json!({ "MaxResults": 2 })).await;
    let mut sorted = all.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(all, sorted);
    assert_eq!(all.len(), 9);
    let filtered = async |key: &str, value: &str| {
        names(
            &server,
            json!({ "Filters": [{ "Key": key, "Values": [value] }] }),
        )
        .await
    };
    assert_eq!(
        filtered("Owner", "Self").await,
        ["AVS-before", "Restart-web", "Zoo"]
    );
    assert_eq!(filtered("Owner", "Amazon").await.len(), 6);
    assert_eq!(filtered("Name", "Restart").await, ["Restart-web"]);
    assert_eq!(filtered("tag:Team", "web").await.len(), 3);
    let legacy = json!({ "DocumentFilterList": [{ "key": "Owner", "value": "Self" }] });
    assert_eq!(names(&server, legacy).await.len(), 3);
    call(
        &server,
        "ListDocuments",
        json!({ "Filters": [{ "Key": "Color", "Values": ["red"] }] }),
    )
    .await
    .refused(400, "InvalidFilterKey");
    call(&server, "ListDocuments", json!({ "NextToken": "!" }))
        .await
        .refused(400, "InvalidNextToken");
}

#[tokio::test]
async fn versions_are_listed_newest_first_and_one_is_the_default() {
    let server = Running::start().await;
    create(&server, "Mine").await;
    update(&server, "Mine", "2").await;
    update(&server, "Mine", "3").await;
    call(
        &server,
        "UpdateDocumentDefaultVersion",
        json!({ "Name": "Mine", "DocumentVersion": "4" }),
    )
    .await
    .refused(400, "InvalidDocumentVersion");
    let described = call(
        &server,
        "UpdateDocumentDefaultVersion",
        json!({ "Name": "Mine", "DocumentVersion": "2" }),
    )
    .await
    .served()
    .json();
    assert_eq!(described["Description"]["DefaultVersion"], "2");
    let first = call(
        &server,
        "ListDocumentVersions",
        json!({ "Name": "Mine", "MaxResults": 2 }),
    )
    .await
    .served()
    .json();
    let second = json!({ "Name": "Mine", "MaxResults": 2, "NextToken": first["NextToken"] });
    let second = call(&server, "ListDocumentVersions", second)
        .await
        .served()
        .json();
    let of = |page: &Value| -> Vec<(String, bool)> {
        let versions = page["DocumentVersions"].as_array().unwrap();
        let one = |one: &Value| {
            let number = one["DocumentVersion"].as_str().unwrap().to_owned();
            (number, one["IsDefaultVersion"].as_bool().unwrap())
        };
        versions.iter().map(one).collect()
    };
    assert_eq!(
        of(&first),
        [("3".to_owned(), false), ("2".to_owned(), true)]
    );
    assert_eq!(of(&second), [("1".to_owned(), false)]);
    assert!(second.get("NextToken").is_none());
}

#[tokio::test]
async fn the_default_version_is_not_deleted_and_the_document_is() {
    let server = Running::start().await;
    create(&server, "Mine").await;
    update(&server, "Mine", "2").await;
    let delete = async |input: Value| call(&server, "DeleteDocument", input).await;
    delete(json!({ "Name": "Mine", "DocumentVersion": "1" }))
        .await
        .refused(400, "InvalidDocumentOperation");
    delete(json!({ "Name": "Mine", "DocumentVersion": "7" }))
        .await
        .refused(400, "InvalidDocumentVersion");
    delete(json!({ "Name": "Mine", "DocumentVersion": "2" }))
        .await
        .served();
    let described = call(&server, "DescribeDocument", json!({ "Name": "Mine" }))
        .await
        .served()
        .json();
    assert_eq!(described["Document"]["LatestVersion"], "1");
    assert_eq!(described["Document"]["Tags"][0]["Key"], "Team");
    delete(json!({ "Name": "Mine" })).await.served();
    delete(json!({ "Name": "Mine" }))
        .await
        .refused(400, "InvalidDocument");
    let input = json!({ "Name": "Mine", "DocumentType": "Session", "Content": content("1") });
    let again = call(&server, "CreateDocument", input).await.served().json();
    assert_eq!(again["DocumentDescription"]["Tags"], json!([]));
}
