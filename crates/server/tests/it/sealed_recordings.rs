//! Recordings of sessions that KMS encrypts: the server keeps what travelled and gives it to readers that know what it is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::gateway_peers::scene;
use crate::session_logs::{prefer, session};

#[tokio::test]
async fn a_sealed_recording_holds_what_travelled_for_readers_that_know_it_and_for_no_others() {
    const TRAVELS: &[u8] = b"\x00\xffwhat travels";
    let (server, node, _control) = scene().await;
    let key = server.kms(&server.admin, "CreateKey", &json!({})).await;
    let key = key.served().json()["KeyMetadata"]["Arn"].clone();
    prefer(&server, json!({"kmsKeyId": key})).await;
    let (session, client, agent) = session(&server, &node, TRAVELS, false).await;
    drop((client, agent));
    let mut input = json!({"SessionId": session.id});
    let read = async |input: &Value| {
        server
            .ssm(&server.admin, "GetSessionRecording", input)
            .await
    };
    let refused = read(&input).await;
    refused.refused(400, "DoesNotExistException");
    input["AcceptSealed"] = json!(true);
    let alice = server.user("alice", "").await;
    server
        .ssm(&alice, "GetSessionRecording", &input)
        .await
        .refused(400, "AccessDeniedException");
    let page = read(&input).await.served().json();
    assert_eq!(
        (&page["IsSealed"], &page["Target"]),
        (&json!(true), &json!(node.id))
    );
    let first = page["Content"].as_str().unwrap().lines().next().unwrap();
    let first: Value = serde_json::from_str(first).unwrap();
    assert_eq!(first["payload"], STANDARD.encode(TRAVELS));
    assert_eq!(
        (&first["from"], &first["number"], &first["type"]),
        (&json!("node"), &json!(0), &json!(1))
    );
    let verified = server
        .ssm(
            &server.admin,
            "VerifySessionRecording",
            &json!({"SessionId": session.id}),
        )
        .await;
    let verified = verified.served().json();
    assert_eq!(
        (&verified["IsIntact"], &verified["IsSealed"]),
        (&json!(true), &json!(true))
    );
}
