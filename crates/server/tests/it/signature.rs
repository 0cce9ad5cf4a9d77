//! Who signed: every way in which a signature can be wrong, then the right one.

use serde_json::json;

use crate::harness::{Http, Keys, Running};

#[tokio::test]
async fn a_call_without_a_signature_is_refused() {
    let server = Running::start().await;
    let unsigned = server
        .ssm_call("DescribeInstanceInformation", &json!({}))
        .send()
        .await;
    unsigned.refused(400, "MissingAuthenticationTokenException");
    assert_eq!(
        unsigned.header("x-amzn-errortype"),
        Some("missingauthenticationtokenexception")
    );
    let unsigned = server.query_call("GetUser", "2010-05-08", &[]).send().await;
    unsigned.refused(403, "MissingAuthenticationToken");
}

#[tokio::test]
async fn a_malformed_authorization_is_refused() {
    let server = Running::start().await;
    let call = |value| {
        server
            .ssm_call("GetDocument", &json!({}))
            .header("authorization", value)
            .send()
    };
    call("AWS4-HMAC-SHA256 Credential=nonsense")
        .await
        .refused(400, "IncompleteSignatureException");
    call("Basic YWRtaW46YWRtaW4=")
        .await
        .refused(400, "IncompleteSignatureException");
    let call = server
        .query_call("GetUser", "2010-05-08", &[])
        .header("authorization", "AWS4-HMAC-SHA256 x");
    call.send().await.refused(400, "IncompleteSignature");
}

#[tokio::test]
async fn an_unknown_key_is_refused() {
    let server = Running::start().await;
    for id in [
        "AKIAAAAAAAAAAAAAAAAA",
        "ASIAAAAAAAAAAAAAAAAA",
        "mi-0123456789abcdef0",
        "' OR 1=1 --",
    ] {
        let keys = Keys {
            id: id.to_owned(),
            secret: "s".to_owned(),
            token: Some("t".to_owned()),
        };
        server
            .ssm(&keys, "GetDocument", &json!({}))
            .await
            .refused(400, "UnrecognizedClientException");
        server
            .whoami(&keys)
            .await
            .refused(403, "InvalidClientTokenId");
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    let server = Running::start().await;
    let keys = Keys {
        secret: "wrong".to_owned(),
        ..server.admin.clone()
    };
    server
        .ssm(&keys, "GetDocument", &json!({}))
        .await
        .refused(400, "InvalidSignatureException");
    server
        .whoami(&keys)
        .await
        .refused(403, "SignatureDoesNotMatch");
}

#[tokio::test]
async fn what_was_changed_after_signing_is_refused() {
    let server = Running::start().await;
    let call = server
        .ssm_call("GetDocument", &json!({"Name": "AWS-StartSSHSession"}))
        .signed(&server.admin, "ssm", server.now());
    let other_body = call
        .clone()
        .body(r#"{"Name":"SSM-SessionManagerRunShell"}"#);
    other_body
        .send()
        .await
        .refused(400, "InvalidSignatureException");
    let other_operation = call
        .clone()
        .without("x-amz-target")
        .header("x-amz-target", "AmazonSSM.DescribeDocument");
    other_operation
        .send()
        .await
        .refused(400, "InvalidSignatureException");
    call.send().await.served();
}

#[tokio::test]
async fn an_unsigned_aws_header_is_refused() {
    let server = Running::start().await;
    let call = server
        .ssm_call("GetDocument", &json!({"Name": "AWS-StartSSHSession"}))
        .signed(&server.admin, "ssm", server.now());
    call.header("x-amz-added", "1")
        .send()
        .await
        .refused(400, "InvalidSignatureException");
}

#[tokio::test]
async fn a_clock_that_is_off_by_more_than_five_minutes_is_refused() {
    let server = Running::start().await;
    let at = |now| {
        server
            .ssm_call("DescribeInstanceInformation", &json!({}))
            .signed(&server.admin, "ssm", now)
            .send()
    };
    let late = at(server.now() - 301_000).await;
    late.refused(400, "InvalidSignatureException");
    assert!(
        late.message().starts_with("Signature expired: "),
        "{}",
        late.message()
    );
    let early = at(server.now() + 301_000).await;
    early.refused(400, "InvalidSignatureException");
    assert!(
        early.message().starts_with("Signature not yet current: "),
        "{}",
        early.message()
    );
    at(server.now() - 299_000).await.served();
    at(server.now() + 299_000).await.served();
}

#[tokio::test]
async fn a_signature_for_another_service_or_region_is_refused() {
    let server = Running::start().await;
    let call = || server.ssm_call("DescribeInstanceInformation", &json!({}));
    let for_iam = call().signed(&server.admin, "iam", server.now());
    for_iam
        .send()
        .await
        .refused(400, "InvalidSignatureException");
    let elsewhere = call().signed_for(&server.admin, "ssm", "us-east-1", server.now());
    elsewhere
        .send()
        .await
        .refused(400, "InvalidSignatureException");
}

#[tokio::test]
async fn a_long_term_key_with_a_session_token_is_refused() {
    let server = Running::start().await;
    let keys = Keys {
        token: Some("token".to_owned()),
        ..server.admin.clone()
    };
    server
        .whoami(&keys)
        .await
        .refused(403, "InvalidClientTokenId");
}

#[tokio::test]
async fn a_deleted_key_is_refused_from_then_on() {
    let server = Running::start().await;
    let keys = server.user("alice", "").await;
    server.whoami(&keys).await.served();
    let members = [("UserName", "alice"), ("AccessKeyId", keys.id.as_str())];
    server
        .iam(&server.admin, "DeleteAccessKey", &members)
        .await
        .served();
    server
        .whoami(&keys)
        .await
        .refused(403, "InvalidClientTokenId");
}

/// A presigned address with a made-up signature, good from its date for so many seconds.
fn presigned(keys: &Keys, date: &str, expires: &str) -> String {
    format!(
        "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential={}%2F{}%2Fusher-1%2Fsts%2Faws4_request&X-Amz-Date={date}&X-Amz-Expires={expires}\
         &X-Amz-SignedHeaders=host&X-Amz-Signature={}",
        keys.id,
        &date[..8],
        "0".repeat(64)
    )
}

#[tokio::test]
async fn presigned_addresses_are_checked_like_signed_calls() {
    let server = Running::start().await;
    let ask = async |path: &str| Http::get(server.address, path).send().await;
    let date = "20261122T085000Z";
    ask(&presigned(&server.admin, date, "3600"))
        .await
        .refused(403, "SignatureDoesNotMatch");
    ask(&presigned(&server.admin, date, "604801"))
        .await
        .refused(400, "IncompleteSignature");
    let late = ask(&presigned(&server.admin, date, "10")).await;
    late.refused(403, "SignatureDoesNotMatch");
    assert!(
        late.message().starts_with("Signature expired: "),
        "{}",
        late.message()
    );
    let unknown = Keys {
        id: "AKIAUNKNOWNUNKNOWN00".to_owned(),
        ..server.admin.clone()
    };
    ask(&presigned(&unknown, date, "3600"))
        .await
        .refused(403, "InvalidClientTokenId");
    ask("/?Action=GetCallerIdentity&Version=2011-06-15")
        .await
        .refused(403, "MissingAuthenticationToken");
}

#[tokio::test]
async fn whoever_signs_learns_who_they_are() {
    let server = Running::start().await;
    let admin = server.whoami(&server.admin).await.served();
    assert_eq!(admin.element("Arn"), "arn:aws:iam::000000000000:user/admin");
    assert_eq!(admin.element("Account"), "000000000000");
    assert!(admin.element("UserId").starts_with("AIDA"));
    assert_eq!(admin.header("content-type"), Some("text/xml"));
    // No permission is needed for it.
    let nobody = server.user("nobody", "").await;
    let nobody = server.whoami(&nobody).await.served();
    assert_eq!(
        nobody.element("Arn"),
        "arn:aws:iam::000000000000:user/nobody"
    );
}
