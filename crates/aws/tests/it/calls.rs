//! JSON and REST calls: refusals, answers, and signatures that the verifying half of `usher-wire` accepts.

use std::time::Duration;

use serde_json::{Value, json};
use usher_aws::{
    CallError, Channel, Credentials, Identity, JsonClient, Ssm, create_channel, wall_ms,
};
use usher_wire::ids::SessionId;
use usher_wire::secret::Secret;
use usher_wire::sigv4::{Authorization, Expectation, Request};

use crate::http_peer::{Received, answering, answering_once_a_connection, response};

fn key() -> Credentials {
    Credentials::long_term("AKIAEXAMPLE", "example-secret")
}

async fn called(status: &str, body: &str) -> (Result<Value, CallError>, Received) {
    let (endpoint, served) = answering(response(status, body)).await;
    let client = JsonClient::new(endpoint, "usher-1", "test/1").unwrap();
    let result = client
        .call(Identity::Keys(&key()), "Any", &json!({"A": 1}))
        .await;
    (result, served.await.unwrap())
}

#[tokio::test]
async fn a_refusal_keeps_code_message_and_status() {
    let (result, _) = called(
        "400 Bad Request",
        r#"{"__type":"TargetNotConnected","message":"mi-1 is not connected."}"#,
    )
    .await;
    let error = result.unwrap_err();
    assert_eq!(error.code(), Some("TargetNotConnected"));
    assert_eq!(
        error.to_string(),
        "mi-1 is not connected. (TargetNotConnected)"
    );
    assert!(!error.is_passing());
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_a_signature() {
    let answer = "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (endpoint, served) = answering(answer.to_owned()).await;
    let client = JsonClient::new(endpoint, "usher-1", "test/1").unwrap();
    let result: Result<Value, _> = client.call(Identity::Keys(&key()), "Any", &json!({})).await;
    let Err(CallError::Refused(error)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(error.status, 307);
    served.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_no_json_makes_no_sense() {
    let (result, _) = called("200 OK", "<html>").await;
    assert!(
        matches!(result, Err(CallError::Senseless { .. })),
        "{result:?}"
    );
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let huge = "x".repeat(5 << 20);
    let (endpoint, _served) = answering(response("200 OK", &huge)).await;
    let client = JsonClient::new(endpoint, "usher-1", "test/1").unwrap();
    let result: Result<Value, _> = client.call(Identity::Anonymous, "Any", &json!({})).await;
    assert!(matches!(result, Err(CallError::Senseless { .. })));
}

#[tokio::test]
async fn a_call_does_not_trust_the_connection_of_one_long_before() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    let endpoint = answering_once_a_connection(answer.to_owned()).await;
    let client = JsonClient::new(endpoint, "usher-1", "test/1").unwrap();
    for _ in 0..2 {
        let identity = Identity::Anonymous;
        let result: Result<Value, _> = client.call(identity, "Any", &json!({})).await;
        assert_eq!(result.unwrap(), json!({}));
        tokio::time::pause();
        tokio::time::advance(Duration::from_millis(1100)).await;
        tokio::time::resume();
    }
}

#[tokio::test]
async fn calls_are_json_1_1_and_signed() {
    let (result, request) = called("200 OK", r#"{"B":2}"#).await;
    assert_eq!(result.unwrap(), json!({"B": 2}));
    assert_eq!(request.header("x-amz-target"), Some("AmazonSSM.Any"));
    assert_eq!(
        request.header("content-type"),
        Some("application/x-amz-json-1.1")
    );
    assert_eq!(request.body, br#"{"A":1}"#);
    assert_signed(&request, "ssm");
}

#[tokio::test]
async fn anonymous_calls_are_unsigned() {
    let (endpoint, served) = answering(response(
        "200 OK",
        r#"{"InstanceId":"mi-0123456789abcdef0"}"#,
    ))
    .await;
    let ssm = Ssm::new(JsonClient::new(endpoint, "usher-1", "test/1").unwrap());
    let registration = usher_aws::ActivationRegistration {
        activation_id: "id".to_owned(),
        activation_code: "code".into(),
        public_key: "key".to_owned(),
        public_key_type: "Rsa".to_owned(),
        fingerprint: "f".to_owned(),
    };
    assert_eq!(
        ssm.register(&registration).await.unwrap().instance_id,
        "mi-0123456789abcdef0"
    );
    let request = served.await.unwrap();
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.header("x-amz-date"), None);
}

#[tokio::test]
async fn a_channel_token_needs_status_201() {
    for (status, accepted) in [
        ("200 OK", false),
        ("403 Forbidden", false),
        ("201 Created", true),
    ] {
        let body =
            "<R><MessageSchemaVersion>1.0</MessageSchemaVersion><TokenValue>t</TokenValue></R>";
        let (endpoint, served) = answering(response(status, body)).await;
        let client = JsonClient::new(endpoint, "usher-1", "test/1").unwrap();
        let session = SessionId::parse("alice-0123456789abcdef0").unwrap();
        let token = create_channel(
            &client,
            Identity::Keys(&key()),
            Channel::Data(&session),
            "request",
            "",
        )
        .await;
        assert_eq!(token.is_ok(), accepted, "{status}");
        let request = served.await.unwrap();
        assert!(
            request
                .head
                .starts_with("POST /v1/data-channel/alice-0123456789abcdef0 "),
            "{}",
            request.head
        );
        assert_signed(&request, "ssmmessages");
    }
}

fn assert_signed(request: &Received, service: &str) {
    let line = request.head.lines().next().unwrap();
    let path = line.split(' ').nth(1).unwrap();
    let headers = request.headers();
    let request = Request {
        method: "POST",
        path,
        query: "",
        headers: &headers,
        body: &request.body,
    };
    let authorization = Authorization::from_request(&request).unwrap();
    let expectation = Expectation {
        service,
        regions: &["usher-1"],
        now_ms: wall_ms(),
        over_tls: false,
    };
    let checked = authorization.check(&request, &expectation).unwrap();
    checked.verify(&Secret::from("example-secret")).unwrap();
}
