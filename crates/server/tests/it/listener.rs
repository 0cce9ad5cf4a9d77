//! What is refused before anybody is asked who they are: hosts, origins, sizes, names, bodies.

use serde_json::json;

use crate::harness::{Http, Running};

#[tokio::test]
async fn a_foreign_host_is_misdirected() {
    let server = Running::start().await;
    for host in ["evil.example", "192.0.2.1:8480", "localhost.evil.example"] {
        let reply = Http::get(server.address, "/healthz")
            .without("host")
            .header("host", host)
            .send()
            .await;
        assert_eq!(reply.status, 421, "{host}");
    }
    for host in ["localhost:1", "usher.example:8480", "[::1]"] {
        let reply = Http::get(server.address, "/healthz")
            .without("host")
            .header("host", host)
            .send()
            .await;
        assert_eq!(reply.status, 200, "{host}");
    }
}

#[tokio::test]
async fn a_foreign_origin_is_refused_even_with_a_good_signature() {
    let server = Running::start().await;
    let call = server
        .query_call("GetCallerIdentity", "2011-06-15", &[])
        .signed(&server.admin, "sts", server.now());
    assert_eq!(
        call.clone()
            .header("origin", "https://evil.example")
            .send()
            .await
            .status,
        403
    );
    assert_eq!(
        call.clone().header("origin", "null").send().await.status,
        403
    );
    call.send().await.served();
}

#[tokio::test]
async fn an_unknown_operation_is_refused_in_its_protocol() {
    let server = Running::start().await;
    let json = |target| {
        Http::post(server.address)
            .header("x-amz-target", target)
            .body("{}")
            .signed(&server.admin, "ssm", server.now())
            .send()
    };
    for target in [
        "AmazonSSM.StartAccessRequest",
        "AmazonSSM.",
        "AmazonSSM",
        "TrentService.Sign",
        "x",
    ] {
        json(target).await.refused(400, "UnknownOperationException");
    }
    server
        .iam(&server.admin, "CreateLoginProfile", &[("UserName", "g")])
        .await
        .refused(400, "InvalidAction");
    let other_version =
        server
            .query_call("GetUser", "2099-01-01", &[])
            .signed(&server.admin, "iam", server.now());
    other_version.send().await.refused(400, "InvalidAction");
    Http::post(server.address)
        .send()
        .await
        .refused(400, "InvalidAction");
}

#[tokio::test]
async fn a_body_that_is_not_its_protocol_s_is_refused() {
    let server = Running::start().await;
    let json = |body| {
        server
            .ssm_call("GetDocument", &json!({}))
            .body(body)
            .signed(&server.admin, "ssm", server.now())
            .send()
    };
    json("{\"Name\":")
        .await
        .refused(400, "SerializationException");
    json("[]").await.refused(400, "SerializationException");
    json("{\"Name\":7}")
        .await
        .refused(400, "SerializationException");
    json("{}").await.refused(400, "ValidationException");
    json("").await.refused(400, "ValidationException");
    let query = |body| {
        Http::post(server.address)
            .body(body)
            .signed(&server.admin, "iam", server.now())
            .send()
    };
    query("Action=GetUser&Version=2010-05-08&UserName=%zz")
        .await
        .refused(400, "MalformedInput");
    query("Action=GetUser&Version=2010-05-08&UserName=a&UserName=b")
        .await
        .refused(400, "MalformedInput");
    query("Action=TagUser&Version=2010-05-08")
        .await
        .refused(400, "ValidationError");
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_before_it_is_understood() {
    let server = Running::start().await;
    let body = "x".repeat(2 * 1024 * 1024);
    let reply = server
        .ssm_call("GetDocument", &json!({}))
        .body(&body)
        .chunked()
        .send()
        .await;
    assert_eq!(reply.status, 413);
}

#[tokio::test]
async fn a_body_that_the_network_cut_is_to_be_sent_again() {
    let server = Running::start().await;
    let calls = [
        server.ssm_call("GetDocument", &json!({"Name": "x"})),
        Http::post(server.address)
            .at("/v1/data-channel/admin-0123456789abcdef0")
            .body("{}"),
    ];
    for call in calls {
        let signed = call.signed(&server.admin, "ssm", server.now());
        for cut in [signed.clone(), signed.chunked()] {
            let reply = cut.breaking_off().send().await;
            assert_eq!(reply.status, 408, "{}", reply.body);
            assert!(
                reply.body.contains("The request body broke off."),
                "{}",
                reply.body
            );
        }
    }
}

#[tokio::test]
async fn other_methods_and_paths_are_not_there() {
    let server = Running::start().await;
    let mut put = Http::post(server.address);
    put.method = "PUT";
    assert_eq!(put.send().await.status, 405);
    // Presigned calls are made with GET; this one names no operation.
    let nothing = Http::get(server.address, "/").send().await;
    nothing.refused(400, "InvalidAction");
    // Every other path is a bucket's, which nobody reads unsigned, whether it is there or not.
    let bucket = Http::get(server.address, "/etc/passwd").send().await;
    assert_eq!(bucket.refusal(), (403, "AccessDenied".to_owned()));
}

#[tokio::test]
async fn health_is_told_to_everybody() {
    let server = Running::start().await;
    assert_eq!(
        Http::get(server.address, "/healthz").send().await.status,
        200
    );
}

#[tokio::test]
async fn only_a_trusted_proxy_says_that_a_request_came_over_tls() {
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*",
        "Condition":{"Bool":{"aws:SecureTransport":"true"}}}}"#;
    let status = async |trusted: &[&str], headers: &[(&str, &str)]| {
        let networks = trusted
            .iter()
            .map(|network| network.parse().unwrap())
            .collect();
        let server =
            Running::start_with(|_, config| config.perimeter.trusted_proxies = networks).await;
        let alice = server.user("alice", policy).await;
        let call =
            server
                .query_call("ListUsers", "2010-05-08", &[])
                .signed(&alice, "iam", server.now());
        let call = headers
            .iter()
            .fold(call, |call, (name, value)| call.header(name, value));
        call.send().await.status
    };
    let client = ("x-forwarded-for", "203.0.113.9");
    let https = ("x-forwarded-proto", "https");
    let http = ("x-forwarded-proto", "http");
    assert_eq!(status(&[], &[client, https]).await, 403);
    assert_eq!(status(&["192.0.2.1/32"], &[client, https]).await, 403);
    assert_eq!(status(&["127.0.0.1/32"], &[client]).await, 403);
    assert_eq!(status(&["127.0.0.1/32"], &[https]).await, 403);
    assert_eq!(status(&["127.0.0.1/32"], &[client, http]).await, 403);
    assert_eq!(status(&["127.0.0.1/32"], &[client, https]).await, 200);
}
