//! What sessions take from Parameter Store, as whom it is read, and that nothing a caller or a parameter says decides
//! whom a session becomes.

use serde_json::{Value, json};

use crate::gateway_peers::{Node, Peer, described, scene, task_in};
use crate::harness::{Keys, Reply, Running};

async fn store(server: &Running, name: &str, kind: &str, value: &str) {
    let input = json!({"Name": name, "Value": value, "Type": kind, "Overwrite": true});
    server
        .ssm(&server.admin, "PutParameter", &input)
        .await
        .served();
}

async fn create(server: &Running, name: &str, content: &Value) -> Reply {
    let input = json!({"Name": name, "Content": content.to_string(), "DocumentType": "Session"});
    server.ssm(&server.admin, "CreateDocument", &input).await
}

fn command(commands: &str, parameters: &Value) -> Value {
    json!({
        "schemaVersion": "1.0", "sessionType": "InteractiveCommands", "parameters": parameters,
        "properties": {"linux": {"commands": commands, "runAsElevated": false}},
    })
}

async fn start(
    server: &Running,
    keys: &Keys,
    node: &Node,
    document: &str,
    parameters: Value,
) -> Reply {
    let input = json!({"Target": node.id, "DocumentName": document, "Parameters": parameters});
    server.ssm(keys, "StartSession", &input).await
}

/// The start task that the session's node gets.
async fn task(control: &mut Peer, started: Reply) -> usher_wire::message::TaskContent {
    let started = started.served().json();
    let task = task_in(&control.next_frame().await);
    assert_eq!(task.session_id.as_str(), started["SessionId"]);
    task
}

fn may_start(further: &[Value]) -> String {
    let start = json!({"Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*"});
    let statements: Vec<_> = std::iter::once(&start).chain(further).collect();
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn reads(parameter: &str) -> Value {
    let resource = format!("arn:aws:ssm:usher-1:000000000000:parameter/{parameter}");
    json!({"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": resource})
}

#[tokio::test]
async fn a_session_takes_no_value_that_its_caller_may_not_read() {
    let (server, node, mut control) = scene().await;
    store(&server, "/web/word", "String", "hunter2").await;
    let content = command("echo {{ssm:/web/word}}", &json!({}));
    create(&server, "Echo", &content).await.served();
    let stranger = server.user("stranger", &may_start(&[])).await;
    let elsewhere = server.user("elsewhere", &may_start(&[reads("db/*")])).await;
    for keys in [&stranger, &elsewhere] {
        let refusal = start(&server, keys, &node, "Echo", json!({})).await;
        refusal.refused(400, "AccessDeniedException");
        assert!(
            refusal.message().contains(
                "ssm:GetParameters on resource: arn:aws:ssm:usher-1:000000000000:parameter/web/word"
            ),
            "{}",
            refusal.message()
        );
    }
    let reader = server.user("reader", &may_start(&[reads("web/*")])).await;
    let task = task(
        &mut control,
        start(&server, &reader, &node, "Echo", json!({})).await,
    )
    .await;
    assert_eq!(
        task.document_content["properties"]["linux"]["commands"],
        "echo hunter2"
    );
    assert!(task.parameters.is_empty());
    let history = described(&server, "Active", task.session_id.as_str())
        .await
        .unwrap();
    assert!(!history.to_string().contains("hunter2"), "{history}");
}

#[tokio::test]
async fn what_parameter_store_does_not_have_or_keeps_secret_starts_nothing() {
    let (server, node, _control) = scene().await;
    store(&server, "secret", "SecureString", "hunter2").await;
    store(&server, "plain", "String", "one").await;
    for (reference, why) in [
        ("missing", "which Parameter Store does not have"),
        (
            "plain:2",
            "{{ssm:plain:2}}, which Parameter Store does not have",
        ),
        ("secret", "is a SecureString"),
    ] {
        let name = format!("Echo-{}", reference.replace(':', "-"));
        let content = command(&format!("echo {{{{ssm:{reference}}}}}"), &json!({}));
        create(&server, &name, &content).await.served();
        let refusal = start(&server, &server.admin, &node, &name, json!({})).await;
        refusal.refused(400, "InvalidParameters");
        assert!(refusal.message().contains(why), "{}", refusal.message());
    }
}

#[tokio::test]
async fn a_value_is_of_the_version_asked_for_and_held_to_the_parameters_rules() {
    let (server, node, mut control) = scene().await;
    store(&server, "word", "String", "first").await;
    store(&server, "word", "String", "second; id").await;
    let content = command(
        "echo {{ word }}",
        &json!({"word": {"type": "String", "default": "{{ssm:word:1}}", "allowedPattern": "[a-z]+"}}),
    );
    create(&server, "Echo", &content).await.served();
    let latest = json!({"word": ["{{ ssm:word }}"]});
    let refusal = start(&server, &server.admin, &node, "Echo", latest).await;
    refusal.refused(400, "InvalidParameters");
    assert!(
        refusal.message().contains("must match"),
        "{}",
        refusal.message()
    );
    assert!(
        !refusal.message().contains("second"),
        "{}",
        refusal.message()
    );
    let task = task(
        &mut control,
        start(&server, &server.admin, &node, "Echo", json!({})).await,
    )
    .await;
    assert_eq!(
        task.document_content["properties"]["linux"]["commands"],
        "echo first"
    );
}

async fn meant(server: &Running) {
    let content = json!({
        "schemaVersion": "1.0", "sessionType": "Standard_Stream",
        "inputs": {"runAsEnabled": true, "runAsDefaultUser": "meant"},
    });
    create(server, "SSM-SessionManagerRunShell", &content)
        .await
        .served();
}

#[tokio::test]
async fn no_custom_document_turns_run_as_off_or_picks_another_os_user() {
    let (server, node, mut control) = scene().await;
    meant(&server).await;
    let shell = json!({
        "schemaVersion": "1.0", "sessionType": "Standard_Stream",
        "inputs": {"runAsEnabled": false, "runAsDefaultUser": "other"},
    });
    let on = json!({
        "schemaVersion": "1.0", "sessionType": "Standard_Stream",
        "inputs": {"runAsEnabled": true, "runAsDefaultUser": "other"},
    });
    let mut run = command("id", &json!({}));
    run["inputs"] = json!({"runAsEnabled": false, "runAsDefaultUser": "other"});
    for (name, content) in [("Off", shell), ("Other", on), ("Run", run)] {
        create(&server, name, &content).await.served();
        let task = task(
            &mut control,
            start(&server, &server.admin, &node, name, json!({})).await,
        )
        .await;
        assert_eq!(task.run_as_user, "meant", "{name}");
        assert_eq!(
            task.document_content["inputs"]["runAsEnabled"], true,
            "{name}"
        );
    }
}

#[tokio::test]
async fn no_parameter_turns_run_as_off_or_picks_another_os_user() {
    let (server, node, mut control) = scene().await;
    meant(&server).await;
    let mut fed = json!({
        "schemaVersion": "1.0", "sessionType": "Standard_Stream",
        "parameters": {"who": {"type": "String"}},
        "inputs": {"runAsEnabled": false, "runAsDefaultUser": "{{ who }}"},
    });
    let refusal = create(&server, "Fed", &fed).await;
    refusal.refused(400, "InvalidDocumentContent");
    assert!(
        refusal.message().contains("inputs.runAsDefaultUser"),
        "{}",
        refusal.message()
    );
    fed["inputs"] = json!({"runAsEnabled": false, "shellProfile": {"linux": "{{ who }}"}});
    create(&server, "Fed", &fed).await.served();
    for value in [
        "root",
        "\", \"runAsEnabled\": false, \"x\": \"",
        "{{ssm-x}}\nfalse",
    ] {
        let given = json!({"who": [value]});
        let task = task(
            &mut control,
            start(&server, &server.admin, &node, "Fed", given).await,
        )
        .await;
        assert_eq!(task.run_as_user, "meant", "{value}");
        assert_eq!(
            task.document_content["inputs"]["runAsEnabled"], true,
            "{value}"
        );
        assert_eq!(
            task.document_content["inputs"]["runAsDefaultUser"], "meant",
            "{value}"
        );
    }
}

#[tokio::test]
async fn no_parameter_store_value_turns_run_as_off_or_picks_another_os_user() {
    let (server, node, mut control) = scene().await;
    meant(&server).await;
    store(&server, "who", "String", "root").await;
    store(&server, "off", "String", "false").await;
    for (key, reference) in [("runAsDefaultUser", "who"), ("runAsEnabled", "off")] {
        let mut content =
            json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": {}});
        content["inputs"][key] = json!(format!("{{{{ssm:{reference}}}}}"));
        for name in ["Custom", "SSM-SessionManagerRunShell"] {
            let input = json!({"Name": name, "Content": content.to_string(), "DocumentType": "Session", "DocumentVersion": "$LATEST"});
            let operation = if name == "Custom" {
                "CreateDocument"
            } else {
                "UpdateDocument"
            };
            let refusal = server.ssm(&server.admin, operation, &input).await;
            refusal.refused(400, "InvalidDocumentContent");
            assert!(
                refusal.message().contains(&format!("inputs.{key}")),
                "{}",
                refusal.message()
            );
        }
    }
    let content = json!({
        "schemaVersion": "1.0", "sessionType": "Standard_Stream",
        "parameters": {"word": {"type": "String", "default": "{{ssm:who}}"}},
        "inputs": {"runAsEnabled": false, "shellProfile": {"linux": "{{ssm:off}} {{ word }}"}},
    });
    create(&server, "Fed", &content).await.served();
    let task = task(
        &mut control,
        start(&server, &server.admin, &node, "Fed", json!({})).await,
    )
    .await;
    assert_eq!(task.run_as_user, "meant");
    assert_eq!(
        task.document_content["inputs"]["shellProfile"]["linux"],
        "false root"
    );
}

#[tokio::test]
async fn no_casing_and_no_untagging_lets_a_session_become_more_than_was_meant() {
    let (server, node, mut control) = scene().await;
    meant(&server).await;
    let alice = server.user("alice", &may_start(&[])).await;
    let tag = async |key: &str, value: &str| {
        let members = [
            ("UserName", "alice"),
            ("Tags.member.1.Key", key),
            ("Tags.member.1.Value", value),
        ];
        server.iam(&server.admin, "TagUser", &members).await
    };
    let lands = async |control: &mut Peer| {
        let input = json!({"Target": node.id});
        let started = server.ssm(&alice, "StartSession", &input).await;
        task(control, started).await.run_as_user
    };
    tag("ssmsessionrunas", "other")
        .await
        .refused(400, "InvalidInput");
    tag("SSMSESSIONRUNAS", "other")
        .await
        .refused(400, "InvalidInput");
    assert_eq!(lands(&mut control).await, "meant");
    tag("SSMSessionRunAs", "tagged").await.served();
    assert_eq!(lands(&mut control).await, "tagged");
    let members = [
        ("UserName", "alice"),
        ("TagKeys.member.1", "SSMSessionRunAs"),
    ];
    server
        .iam(&server.admin, "UntagUser", &members)
        .await
        .served();
    // Not ssm-user, and not the name that was there before.
    assert_eq!(lands(&mut control).await, "meant");
}
