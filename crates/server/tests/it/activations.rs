//! Registration: who does not hold a good activation becomes no node.

use serde_json::{Value, json};

use crate::harness::{Reply, Running};
use crate::nodes::public_key_text;

fn registration(id: &str, code: &str, key: &str) -> Value {
    json!({
        "ActivationId": id,
        "ActivationCode": code,
        "PublicKey": key,
        "PublicKeyType": "Rsa",
        "Fingerprint": "c1b9f1a2-7f0e-4a0f-9d43-0c2c2f3a9f10",
    })
}

async fn register(server: &Running, id: &str, code: &str) -> Reply {
    let input = registration(id, code, &public_key_text());
    server
        .ssm_call("RegisterManagedInstance", &input)
        .send()
        .await
}

#[tokio::test]
async fn a_wrong_id_or_code_registers_nothing_and_says_the_same() {
    let server = Running::start().await;
    let (id, code) = (
        server.activation.id.as_str(),
        server.activation.code.expose(),
    );
    let wrong_code = register(&server, id, "AAAAAAAAAAAAAAAAAAAA").await;
    wrong_code.refused(400, "InvalidActivation");
    let wrong_id = register(&server, "00000000-0000-4000-8000-000000000000", code).await;
    wrong_id.refused(400, "InvalidActivation");
    assert_eq!(wrong_code.message(), wrong_id.message());
    assert!(!wrong_id.body.contains(code));
    let nodes = server
        .ssm(&server.admin, "DescribeInstanceInformation", &json!({}))
        .await
        .served()
        .json();
    assert_eq!(nodes["InstanceInformationList"], json!([]));
}

#[tokio::test]
async fn a_bad_key_does_not_use_up_the_activation() {
    let server = Running::start().await;
    let (id, code) = (
        server.activation.id.as_str(),
        server.activation.code.expose(),
    );
    for key in ["", "AAAA", "not base64"] {
        let input = registration(id, code, key);
        let reply = server
            .ssm_call("RegisterManagedInstance", &input)
            .send()
            .await;
        reply.refused(400, "ValidationException");
    }
    let mut other_type = registration(id, code, &public_key_text());
    other_type["PublicKeyType"] = json!("Dsa");
    let reply = server
        .ssm_call("RegisterManagedInstance", &other_type)
        .send()
        .await;
    reply.refused(400, "ValidationException");
    register(&server, id, code).await.served();
}

#[tokio::test]
async fn an_activation_is_good_for_its_number_of_nodes() {
    let server = Running::start().await;
    let input = json!({"IamRole": "service-role/UsherManagedNode", "RegistrationLimit": 2});
    let made = server
        .ssm(&server.admin, "CreateActivation", &input)
        .await
        .served()
        .json();
    let (id, code) = (
        made["ActivationId"].as_str().unwrap(),
        made["ActivationCode"].as_str().unwrap(),
    );
    assert_eq!((id.len(), code.len()), (36, 20));
    register(&server, id, code).await.served();
    register(&server, id, code).await.served();
    let third = register(&server, id, code).await;
    third.refused(400, "InvalidActivation");
    assert!(
        third.message().contains("as many nodes as it is good for"),
        "{}",
        third.message()
    );
}

#[tokio::test]
async fn two_registrations_at_once_do_not_share_one_place() {
    let server = Running::start().await;
    let (id, code) = (
        server.activation.id.as_str(),
        server.activation.code.expose(),
    );
    let (one, other) = tokio::join!(register(&server, id, code), register(&server, id, code));
    let served = [one, other]
        .iter()
        .filter(|reply| reply.status == 200)
        .count();
    assert_eq!(served, 1);
}

#[tokio::test]
async fn an_expired_activation_registers_nothing() {
    let server = Running::start().await;
    server.pass(601);
    let reply = register(
        &server,
        &server.activation.id,
        server.activation.code.expose(),
    )
    .await;
    reply.refused(400, "InvalidActivation");
    assert!(
        reply.message().contains("has expired"),
        "{}",
        reply.message()
    );
}

#[tokio::test]
async fn a_role_that_does_not_exist_is_refused() {
    let server = Running::start().await;
    let input = json!({"IamRole": "AdministratorRole"});
    server
        .ssm(&server.admin, "CreateActivation", &input)
        .await
        .refused(400, "InvalidParameters");
}

#[tokio::test]
async fn registration_answers_the_node_id_and_the_grant_key() {
    let server = Running::start().await;
    let reply = register(
        &server,
        &server.activation.id,
        server.activation.code.expose(),
    )
    .await
    .served()
    .json();
    let id = reply["InstanceId"].as_str().unwrap();
    assert!(id.starts_with("mi-") && id.len() == 20, "{id}");
    assert_eq!(
        reply["Usher"]["GrantPublicKey"].as_str().unwrap().len(),
        44,
        "{reply}"
    );
}
