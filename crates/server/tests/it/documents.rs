//! Session documents: content rules, versions, formats, and the preferences document.

use serde_json::{Value, json};

use crate::harness::{Reply, Running};

const PREFERENCES: &str = "SSM-SessionManagerRunShell";

fn content(user: &str) -> String {
    json!({
        "schemaVersion": "1.0",
        "description": "Document to hold regional settings for Session Manager",
        "sessionType": "Standard_Stream",
        "inputs": {"runAsEnabled": true, "runAsDefaultUser": user},
    })
    .to_string()
}

async fn create(server: &Running, name: &str, content: &str) -> Reply {
    let input = json!({"Name": name, "Content": content, "DocumentType": "Session", "DocumentFormat": "JSON"});
    server.ssm(&server.admin, "CreateDocument", &input).await
}

async fn update(server: &Running, name: &str, content: &str, version: &str) -> Reply {
    let input = json!({"Name": name, "Content": content, "DocumentVersion": version});
    server.ssm(&server.admin, "UpdateDocument", &input).await
}

#[tokio::test]
async fn what_is_no_session_document_is_refused() {
    let server = Running::start().await;
    create(&server, "Mine", "{")
        .await
        .refused(400, "InvalidDocumentContent");
    let other_schema = content("alice").replace("1.0", "2.2");
    create(&server, "Mine", &other_schema)
        .await
        .refused(400, "InvalidDocumentSchemaVersion");
    let unknown_key = content("alice").replace("description", "descriptor");
    create(&server, "Mine", &unknown_key)
        .await
        .refused(400, "InvalidDocumentContent");
    let large = content(&"x".repeat(65 * 1024));
    create(&server, "Mine", &large)
        .await
        .refused(400, "MaxDocumentSizeExceeded");
    create(&server, "AWS-Mine", &content("alice"))
        .await
        .refused(400, "ValidationException");
    let command = json!({"Name": "Mine", "Content": content("alice"), "DocumentType": "Command"});
    server
        .ssm(&server.admin, "CreateDocument", &command)
        .await
        .refused(400, "ValidationException");
    server
        .ssm(&server.admin, "GetDocument", &json!({"Name": "Mine"}))
        .await
        .refused(400, "InvalidDocument");
}

#[tokio::test]
async fn a_document_is_created_once() {
    let server = Running::start().await;
    let made = create(&server, PREFERENCES, &content("alice"))
        .await
        .served()
        .json();
    let description = &made["DocumentDescription"];
    assert_eq!(description["Status"], "Creating");
    assert_eq!(description["DocumentVersion"], "1");
    assert_eq!(description["SchemaVersion"], "1.0");
    assert_eq!(description["HashType"], "Sha256");
    assert_eq!(description["Owner"], "000000000000");
    assert_eq!(
        description["PlatformTypes"],
        json!(["Windows", "Linux", "MacOS"])
    );
    assert!(description["CreatedDate"].is_number());
    create(&server, PREFERENCES, &content("bob"))
        .await
        .refused(400, "DocumentAlreadyExists");
}

#[tokio::test]
async fn an_update_of_what_is_not_there_or_not_new_is_refused() {
    let server = Running::start().await;
    update(&server, PREFERENCES, &content("bob"), "$LATEST")
        .await
        .refused(400, "InvalidDocument");
    create(&server, PREFERENCES, &content("alice"))
        .await
        .served();
    update(&server, PREFERENCES, &content("alice"), "$LATEST")
        .await
        .refused(400, "DuplicateDocumentContent");
    update(&server, PREFERENCES, &content("bob"), "7")
        .await
        .refused(400, "InvalidDocumentVersion");
    update(&server, "AWS-StartSSHSession", &content("bob"), "$LATEST")
        .await
        .refused(400, "InvalidDocumentOperation");
}

#[tokio::test]
async fn an_update_makes_a_version_and_leaves_the_default() {
    let server = Running::start().await;
    create(&server, PREFERENCES, &content("alice"))
        .await
        .served();
    let updated = update(&server, PREFERENCES, &content("bob"), "$LATEST")
        .await
        .served()
        .json();
    assert_eq!(updated["DocumentDescription"]["DocumentVersion"], "2");
    assert_eq!(updated["DocumentDescription"]["Status"], "Updating");
    assert_eq!(updated["DocumentDescription"]["DefaultVersion"], "1");
    update(&server, PREFERENCES, &content("carol"), "$LATEST")
        .await
        .served();
    // Neither latest nor default any more.
    update(&server, PREFERENCES, &content("dave"), "2")
        .await
        .refused(400, "InvalidDocumentVersion");
    let version_of = |input: Value| {
        let server = &server;
        async move {
            let got = server
                .ssm(&server.admin, "GetDocument", &input)
                .await
                .served()
                .json();
            (got["DocumentVersion"].clone(), got["Content"].clone())
        }
    };
    assert_eq!(
        version_of(json!({"Name": PREFERENCES})).await,
        (json!("1"), json!(content("alice")))
    );
    let latest = version_of(json!({"Name": PREFERENCES, "DocumentVersion": "$LATEST"})).await;
    assert_eq!(latest, (json!("3"), json!(content("carol"))));
    let missing = json!({"Name": PREFERENCES, "DocumentVersion": "9"});
    server
        .ssm(&server.admin, "GetDocument", &missing)
        .await
        .refused(400, "InvalidDocumentVersion");
}

#[tokio::test]
async fn a_document_is_given_in_the_format_asked_for() {
    let server = Running::start().await;
    create(&server, PREFERENCES, &content("alice"))
        .await
        .served();
    let asked = json!({"Name": PREFERENCES, "DocumentFormat": "YAML"});
    let yaml = server
        .ssm(&server.admin, "GetDocument", &asked)
        .await
        .served()
        .json();
    assert_eq!(yaml["DocumentFormat"], "YAML");
    assert!(
        yaml["Content"]
            .as_str()
            .unwrap()
            .contains("runAsDefaultUser: alice"),
        "{yaml}"
    );
    let text = json!({"Name": PREFERENCES, "DocumentFormat": "TEXT"});
    server
        .ssm(&server.admin, "GetDocument", &text)
        .await
        .refused(400, "ValidationException");
}

#[tokio::test]
async fn built_in_documents_are_amazon_s() {
    let server = Running::start().await;
    for name in [
        "AWS-StartSSHSession",
        "AWS-StartPortForwardingSession",
        "AWS-StartPortForwardingSessionToRemoteHost",
        "AWS-StartInteractiveCommand",
        "AWS-StartNonInteractiveCommand",
        "Usher-CopyFiles",
    ] {
        let described = server
            .ssm(&server.admin, "DescribeDocument", &json!({"Name": name}))
            .await
            .served()
            .json();
        assert_eq!(described["Document"]["Owner"], "Amazon", "{name}");
        assert_eq!(described["Document"]["Status"], "Active", "{name}");
        let parameters = described["Document"]["Parameters"].as_array();
        let has_none = parameters.is_none_or(Vec::is_empty);
        assert_eq!(has_none, name == "Usher-CopyFiles", "{name}");
    }
    let unknown = json!({"Name": "AWS-RunShellScript"});
    server
        .ssm(&server.admin, "DescribeDocument", &unknown)
        .await
        .refused(400, "InvalidDocument");
}
