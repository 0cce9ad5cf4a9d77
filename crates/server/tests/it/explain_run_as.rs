//! ExplainRunAs: who may ask, what the rules say, and what counts as a node's answer.

use serde_json::{Value, json};
use usher_wire::frame::{Frame, MessageType};

use crate::gateway_peers::{Node, Peer, scene};
use crate::harness::{Keys, Reply, Running};
use crate::roles::policy;

async fn explain(server: &Running, keys: &Keys, input: &Value) -> Reply {
    server.ssm(keys, "ExplainRunAs", input).await
}

async fn said(server: &Running, input: &Value) -> Value {
    explain(server, &server.admin, input).await.served().json()
}

async fn prefer(server: &Running, inputs: &Value) {
    let content =
        json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": inputs});
    let input = json!({"Name": "SSM-SessionManagerRunShell", "Content": content.to_string(), "DocumentType": "Session"});
    server
        .ssm(&server.admin, "CreateDocument", &input)
        .await
        .served();
}

async fn tag(server: &Running, user: &str, value: &str) {
    let members = [
        ("UserName", user),
        ("Tags.member.1.Key", "SSMSessionRunAs"),
        ("Tags.member.1.Value", value),
    ];
    server
        .iam(&server.admin, "TagUser", &members)
        .await
        .served();
}

/// Answers the next question as a node does.
async fn answer(control: &mut Peer, refusal: Option<&str>) -> Option<String> {
    let asked = control.next_of(MessageType::UsherExplain).await;
    let question: Value = serde_json::from_slice(&asked.payload).unwrap();
    reply(control, question["RequestId"].as_str().unwrap(), refusal).await;
    question["OsUser"].as_str().map(str::to_owned)
}

async fn reply(control: &mut Peer, request: &str, refusal: Option<&str>) {
    let answer = json!({"RequestId": request, "Refusal": refusal}).to_string();
    let id = uuid::Uuid::new_v4();
    control
        .frame(&Frame::unsequenced(
            MessageType::UsherExplained,
            0,
            id,
            1,
            answer,
        ))
        .await;
}

#[tokio::test]
async fn who_becomes_whom_is_told_only_to_whom_policy_allows_it() {
    let (server, node, _control) = scene().await;
    let alice = "arn:aws:iam::000000000000:user/alice";
    let about = |resource: &str| {
        policy(&json!({"Effect": "Allow", "Action": "ssm:ExplainRunAs", "Resource": resource}))
    };
    let stranger = server.user("alice", "").await;
    let of_herself = server
        .user("bob", &about("arn:aws:iam::000000000000:user/bob"))
        .await;
    let denied = async |keys: &Keys, input: Value| {
        let reply = explain(&server, keys, &input).await;
        reply.refused(400, "AccessDeniedException");
    };
    denied(&stranger, json!({})).await;
    denied(&of_herself, json!({"Principal": alice})).await;
    denied(&of_herself, json!({"Target": node.id})).await;
    // Whether somebody exists is no stranger's affair either.
    denied(
        &of_herself,
        json!({"Principal": "arn:aws:iam::000000000000:user/nobody"}),
    )
    .await;
    explain(&server, &of_herself, &json!({})).await.served();
}

#[tokio::test]
async fn what_names_nobody_is_refused() {
    let server = Running::start().await;
    for principal in [
        "alice",
        "",
        "arn:aws:iam::000000000000:user/nobody",
        "arn:aws:iam::111111111111:user/admin",
        "arn:aws:iam::000000000000:group/admin",
        "arn:aws:sts::000000000000:assumed-role/a/b",
    ] {
        explain(&server, &server.admin, &json!({"Principal": principal}))
            .await
            .refused(400, "ValidationException");
    }
    explain(&server, &server.admin, &json!({"DocumentName": "Nothing"}))
        .await
        .refused(400, "InvalidDocument");
}

#[tokio::test]
async fn each_rule_is_told_as_a_session_would_meet_it() {
    let server = Running::start().await;
    server.user("alice", "").await;
    let alice = json!({"Principal": "arn:aws:iam::000000000000:user/alice"});
    let with_tag = |value: &str| {
        json!({"Principal": "arn:aws:iam::000000000000:user/alice",
            "SessionTags": [{"Key": "SSMSessionRunAs", "Value": value}]})
    };
    let off = said(&server, &alice).await;
    assert_eq!(
        (&off["Decision"], &off["Rule"]),
        (&json!("SsmUser"), &json!("off"))
    );
    prefer(
        &server,
        &json!({"runAsEnabled": true, "runAsDefaultUser": "fallback"}),
    )
    .await;
    let default = said(&server, &alice).await;
    assert_eq!(default["OsUser"], "fallback");
    assert_eq!(default["Rule"], "preferences-default");
    tag(&server, "alice", "alice-linux").await;
    let tagged = said(&server, &alice).await;
    assert_eq!(
        (&tagged["OsUser"], &tagged["Rule"]),
        (&json!("alice-linux"), &json!("principal-tag"))
    );
    let session = said(&server, &with_tag("carol")).await;
    assert_eq!(
        (&session["OsUser"], &session["Rule"]),
        (&json!("carol"), &json!("session-tag"))
    );
    for value in ["", "root", "0"] {
        let refused = said(&server, &with_tag(value)).await;
        assert_eq!(
            (&refused["Decision"], &refused["Rule"]),
            (&json!("Refused"), &json!("session-tag")),
            "{value}"
        );
        assert!(
            refused["Reason"].as_str().unwrap().ends_with('.'),
            "{refused}"
        );
        assert_eq!(refused.get("OsUser"), None);
    }
}

#[tokio::test]
async fn an_online_node_is_asked_and_only_its_own_answer_counts() {
    let (server, node, mut control) = scene().await;
    prefer(
        &server,
        &json!({"runAsEnabled": true, "runAsDefaultUser": "fallback"}),
    )
    .await;
    let input = json!({"Target": node.id});
    let (told, asked) = tokio::join!(said(&server, &input), answer(&mut control, None));
    assert_eq!(asked.as_deref(), Some("fallback"));
    assert_eq!(told["Node"]["Decision"], "Accepted");

    let refusal = "The OS user fallback does not exist.\u{1b}[2J";
    let (told, _) = tokio::join!(said(&server, &input), answer(&mut control, Some(refusal)));
    assert_eq!(told["Node"]["Decision"], "Refused");
    assert_eq!(
        told["Node"]["Reason"],
        "The OS user fallback does not exist. [2J"
    );

    // Another node that knows the question's id answers in vain.
    let more = json!({"IamRole": "UsherManagedNode"});
    let activation = server.ssm(&server.admin, "CreateActivation", &more).await;
    let other = Node::register_with(&server, &activation.served().json()).await;
    let mut of_other = other.control(&server).await;
    let asking = said(&server, &input);
    let answering = async {
        let asked = control.next_of(MessageType::UsherExplain).await;
        let question: Value = serde_json::from_slice(&asked.payload).unwrap();
        let id = question["RequestId"].as_str().unwrap().to_owned();
        reply(&mut of_other, &id, Some("No.")).await;
        of_other.until_read().await;
        reply(&mut control, &id, None).await;
    };
    let (told, ()) = tokio::join!(asking, answering);
    assert_eq!(told["Node"]["Decision"], "Accepted");
}

#[tokio::test]
async fn a_node_that_cannot_be_asked_is_said_to_be_so() {
    let (server, node, control) = scene().await;
    control.close().await;
    for target in ["mi-00000000000000000", "web-1"] {
        let told = said(&server, &json!({"Target": target})).await;
        assert_eq!(told["Node"]["Decision"], "Unknown");
    }
    let other_agent = |token: &str| {
        json!({"MessageSchemaVersion": "1.0", "RequestId": uuid::Uuid::new_v4().to_string(), "TokenValue": token,
            "AgentVersion": "3.3.0.0", "PlatformType": "linux"})
        .to_string()
    };
    let _control = node.control_with(&server, other_agent).await;
    let told = said(&server, &json!({"Target": node.id})).await;
    assert_eq!(told["Node"]["Decision"], "Unknown");
    let reason = told["Node"]["Reason"].as_str().unwrap();
    assert!(reason.contains("is not Usher's"), "{reason}");
}
