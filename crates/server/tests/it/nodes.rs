//! Nodes after registration: their keys act for themselves only, and what they report is listed.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use usher_wire::sigv4::{SigningScope, sign_rsa};

use crate::harness::{Http, Keys, REGION, Reply, Running};

const FINGERPRINT: &str = "c1b9f1a2-7f0e-4a0f-9d43-0c2c2f3a9f10";

/// Making RSA keys is slow; the tests share two.
fn key() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

fn next_key() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

fn text_of(key: &KeyPair) -> String {
    let der: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    STANDARD.encode(der.as_ref())
}

pub(crate) fn public_key_text() -> String {
    text_of(key())
}

pub(crate) async fn register(server: &Running) -> String {
    register_with(
        server,
        &server.activation.id,
        server.activation.code.expose(),
    )
    .await
}

async fn register_with(server: &Running, activation: &str, code: &str) -> String {
    let input = json!({
        "ActivationId": activation,
        "ActivationCode": code,
        "PublicKey": public_key_text(),
        "PublicKeyType": "Rsa",
        "Fingerprint": FINGERPRINT,
    });
    let reply = server
        .ssm_call("RegisterManagedInstance", &input)
        .send()
        .await
        .served()
        .json();
    reply["InstanceId"].as_str().unwrap().to_owned()
}

fn by_registration_key(call: Http, node: &str, key: &KeyPair, now_ms: u64) -> Http {
    let scope = SigningScope {
        region: REGION,
        service: "ssm",
        now_ms,
    };
    call.add_headers(|request| sign_rsa(request, node, key, &scope).unwrap())
        .chunked()
}

async fn role_token(server: &Running, node: &str, key: &KeyPair, fingerprint: &str) -> Reply {
    let call = server.ssm_call(
        "RequestManagedInstanceRoleToken",
        &json!({"Fingerprint": fingerprint}),
    );
    by_registration_key(call, node, key, server.now())
        .send()
        .await
}

fn keys(reply: &Value) -> Keys {
    let text = |member: &str| reply[member].as_str().unwrap().to_owned();
    Keys {
        id: text("AccessKeyId"),
        secret: text("SecretAccessKey"),
        token: Some(text("SessionToken")),
    }
}

pub(crate) async fn node_with_keys(server: &Running) -> (String, Keys) {
    node_of(
        server,
        &server.activation.id,
        server.activation.code.expose(),
    )
    .await
}

pub(crate) async fn node_of(server: &Running, activation: &str, code: &str) -> (String, Keys) {
    let node = register_with(server, activation, code).await;
    let reply = role_token(server, &node, key(), FINGERPRINT)
        .await
        .served()
        .json();
    (node, keys(&reply))
}

fn ping(node: &str) -> Value {
    json!({"AgentName": "amazon-ssm-agent", "AgentVersion": "3.3.0.0", "InstanceId": node, "PlatformType": "Linux"})
}

#[tokio::test]
async fn a_registration_key_that_is_not_the_node_s_gets_no_token() {
    let server = Running::start().await;
    let node = register(&server).await;
    role_token(&server, &node, next_key(), FINGERPRINT)
        .await
        .refused(400, "InvalidSignatureException");
    role_token(&server, "mi-0123456789abcdef0", key(), FINGERPRINT)
        .await
        .refused(400, "UnrecognizedClientException");
    role_token(&server, &node, key(), "another")
        .await
        .refused(400, "MachineFingerprintDoesNotMatch");
    let by_user = server
        .ssm(
            &server.admin,
            "RequestManagedInstanceRoleToken",
            &json!({"Fingerprint": FINGERPRINT}),
        )
        .await;
    by_user.refused(400, "UnrecognizedClientException");
}

#[tokio::test]
async fn a_registration_key_signs_nothing_but_its_two_operations() {
    let server = Running::start().await;
    let node = register(&server).await;
    let call = by_registration_key(
        server.ssm_call("UpdateInstanceInformation", &ping(&node)),
        &node,
        key(),
        server.now(),
    );
    call.send()
        .await
        .refused(400, "UnrecognizedClientException");
}

#[tokio::test]
async fn temporary_keys_need_their_token_and_end() {
    let server = Running::start().await;
    let (node, keys) = node_with_keys(&server).await;
    let update = async |keys: &Keys| {
        server
            .ssm(keys, "UpdateInstanceInformation", &ping(&node))
            .await
    };
    update(&Keys {
        token: None,
        ..keys.clone()
    })
    .await
    .refused(400, "UnrecognizedClientException");
    update(&Keys {
        token: Some("other".into()),
        ..keys.clone()
    })
    .await
    .refused(400, "UnrecognizedClientException");
    update(&Keys {
        secret: "other".into(),
        ..keys.clone()
    })
    .await
    .refused(400, "InvalidSignatureException");
    update(&keys).await.served();
    server.pass(60 * 60);
    update(&keys).await.refused(400, "ExpiredTokenException");
    let reply = server.whoami(&keys).await;
    reply.refused(403, "ExpiredToken");
}

#[tokio::test]
async fn a_node_acts_only_as_itself() {
    let server = Running::start().await;
    let (node, keys) = node_with_keys(&server).await;
    let other = server
        .ssm(
            &keys,
            "UpdateInstanceInformation",
            &ping("mi-0123456789abcdef0"),
        )
        .await;
    other.refused(400, "AccessDeniedException");
    server
        .ssm(&keys, "DescribeInstanceInformation", &json!({}))
        .await
        .refused(400, "AccessDeniedException");
    server
        .iam(&keys, "GetUser", &[("UserName", "admin")])
        .await
        .refused(403, "AccessDenied");
    let by_user = server
        .ssm(&server.admin, "UpdateInstanceInformation", &ping(&node))
        .await;
    by_user.refused(400, "AccessDeniedException");
    let itself = server.whoami(&keys).await.served();
    assert_eq!(
        itself.element("Arn"),
        format!("arn:aws:sts::000000000000:assumed-role/UsherManagedNode/{node}")
    );
}

#[tokio::test]
async fn a_replaced_registration_key_is_good_for_nothing() {
    let server = Running::start().await;
    let node = register(&server).await;
    let input = json!({"NewPublicKey": text_of(next_key()), "NewPublicKeyType": "Rsa"});
    let by_new = by_registration_key(
        server.ssm_call("UpdateManagedInstancePublicKey", &input),
        &node,
        next_key(),
        server.now(),
    );
    by_new
        .send()
        .await
        .refused(400, "InvalidSignatureException");
    let by_old = by_registration_key(
        server.ssm_call("UpdateManagedInstancePublicKey", &input),
        &node,
        key(),
        server.now(),
    );
    by_old.send().await.served();
    role_token(&server, &node, key(), FINGERPRINT)
        .await
        .refused(400, "InvalidSignatureException");
    role_token(&server, &node, next_key(), FINGERPRINT)
        .await
        .served();
}

#[tokio::test]
async fn a_role_token_has_all_five_members() {
    let server = Running::start().await;
    let node = register(&server).await;
    let reply = role_token(&server, &node, key(), FINGERPRINT)
        .await
        .served()
        .json();
    assert!(keys(&reply).id.starts_with("ASIA"));
    assert_eq!(reply["UpdateKeyPair"], json!(false));
    let expires = reply["TokenExpirationDate"].as_f64().unwrap();
    assert!((expires - server.now() as f64 / 1000.0 - 3600.0).abs() < 1.0);
}

#[tokio::test]
async fn what_a_node_reports_is_listed_and_grows_old() {
    let server = Running::start().await;
    let (node, keys) = node_with_keys(&server).await;
    let full = json!({
        "InstanceId": node, "AgentVersion": "3.3.0.0", "PlatformType": "Linux", "PlatformName": "Debian\u{1b}[2J GNU/Linux",
        "PlatformVersion": "13", "IPAddress": "192.0.2.7", "ComputerName": "web-1.example", "AgentStatus": "Active",
    });
    server
        .ssm(&keys, "UpdateInstanceInformation", &full)
        .await
        .served();
    // The minimal report that follows takes nothing away.
    server
        .ssm(&keys, "UpdateInstanceInformation", &ping(&node))
        .await
        .served();
    let list = async |input: Value| {
        let reply = server
            .ssm(&server.admin, "DescribeInstanceInformation", &input)
            .await
            .served()
            .json();
        reply["InstanceInformationList"].as_array().unwrap().clone()
    };
    let nodes = list(json!({})).await;
    assert_eq!(nodes.len(), 1);
    for (member, value) in [
        ("InstanceId", node.as_str()),
        ("PingStatus", "Online"),
        ("PlatformName", "Debian[2J GNU/Linux"),
        ("IPAddress", "192.0.2.7"),
        ("ComputerName", "web-1.example"),
        ("Name", "web-1"),
        ("IamRole", "service-role/UsherManagedNode"),
        ("ResourceType", "ManagedInstance"),
    ] {
        assert_eq!(nodes[0][member], value, "{member}");
    }
    server.pass(301);
    assert_eq!(list(json!({})).await[0]["PingStatus"], "ConnectionLost");
    let online = json!({"Filters": [{"Key": "PingStatus", "Values": ["Online"]}]});
    assert_eq!(list(online).await.len(), 0);
    let by_id =
        json!({"InstanceInformationFilterList": [{"key": "InstanceIds", "valueSet": [node]}]});
    assert_eq!(list(by_id).await.len(), 1);
}

#[tokio::test]
async fn nodes_come_in_pages_of_five_to_fifty() {
    let server = Running::start().await;
    let input = json!({"IamRole": "UsherManagedNode", "RegistrationLimit": 7});
    let made = server
        .ssm(&server.admin, "CreateActivation", &input)
        .await
        .served()
        .json();
    for _ in 0..7 {
        let input = json!({
            "ActivationId": made["ActivationId"], "ActivationCode": made["ActivationCode"],
            "PublicKey": public_key_text(), "PublicKeyType": "Rsa", "Fingerprint": FINGERPRINT,
        });
        server
            .ssm_call("RegisterManagedInstance", &input)
            .send()
            .await
            .served();
    }
    let page = async |input: Value| {
        server
            .ssm(&server.admin, "DescribeInstanceInformation", &input)
            .await
    };
    page(json!({"MaxResults": 4}))
        .await
        .refused(400, "ValidationException");
    page(json!({"MaxResults": 51}))
        .await
        .refused(400, "ValidationException");
    page(json!({"NextToken": "?"}))
        .await
        .refused(400, "InvalidNextToken");
    page(json!({"Filters": [{"Key": "Colour", "Values": ["red"]}]}))
        .await
        .refused(400, "InvalidFilterKey");
    let first = page(json!({"MaxResults": 5})).await.served().json();
    assert_eq!(
        first["InstanceInformationList"].as_array().unwrap().len(),
        5
    );
    let second = page(json!({"MaxResults": 5, "NextToken": first["NextToken"]}))
        .await
        .served()
        .json();
    assert_eq!(
        second["InstanceInformationList"].as_array().unwrap().len(),
        2
    );
    assert_eq!(second.get("NextToken"), None);
}
