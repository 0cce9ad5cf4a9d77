//! Who reaches an object: by signature and policy, as a node, and never as a page of the console's origin.

use serde_json::json;

use crate::audit::records;
use crate::harness::Running;
use crate::nodes::node_with_keys;
use crate::roles::policy;
use crate::s3::{call, s3, with_bucket};

/// Each operation that is served, as a request, and the action that lets somebody do it to the bucket `logs`.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("GET", "/", "s3:ListAllMyBuckets"),
    ("PUT", "/other", "s3:CreateBucket"),
    ("HEAD", "/logs", "s3:ListBucket"),
    ("GET", "/logs?list-type=2", "s3:ListBucket"),
    ("GET", "/logs", "s3:ListBucket"),
    ("GET", "/logs?location", "s3:GetBucketLocation"),
    ("GET", "/logs?encryption", "s3:GetEncryptionConfiguration"),
    (
        "DELETE",
        "/logs?encryption",
        "s3:PutEncryptionConfiguration",
    ),
    ("PUT", "/logs/new", "s3:PutObject"),
    ("GET", "/logs/a", "s3:GetObject"),
    ("HEAD", "/logs/a", "s3:GetObject"),
    ("DELETE", "/logs/a", "s3:DeleteObject"),
    ("POST", "/logs/m?uploads=", "s3:PutObject"),
    ("GET", "/logs?uploads=", "s3:ListBucketMultipartUploads"),
    ("PUT", "/logs/m?partNumber=1&uploadId=x", "s3:PutObject"),
    ("GET", "/logs/m?uploadId=x", "s3:ListMultipartUploadParts"),
    ("DELETE", "/logs/m?uploadId=x", "s3:AbortMultipartUpload"),
    ("DELETE", "/logs", "s3:DeleteBucket"),
];

async fn with_object() -> Running {
    let server = with_bucket().await;
    let put = s3(
        &server,
        &server.admin,
        "PUT",
        "/logs/a",
        &[],
        "<script>1</script>",
    )
    .await;
    assert_eq!(put.status, 200, "{}", put.body);
    server
}

#[tokio::test]
async fn nobody_is_served_without_a_signature_even_with_the_consoles_cookie() {
    let server = with_object().await;
    for (method, path, _) in OPERATIONS {
        if *path == "/" {
            continue;
        }
        for headers in [
            &[][..],
            &[("cookie", "usher-session=x; __Host-usher-session=x")],
        ] {
            let reply = call(&server, method, path, headers, "").send().await;
            assert_eq!(reply.status, 403, "{method} {path}: {}", reply.body);
            assert_eq!(reply.header("x-amz-bucket-region"), Some("usher-1"));
        }
    }
    let of_ssm =
        call(&server, "GET", "/logs/a", &[], "").signed(&server.admin, "ssm", server.now());
    assert_ne!(of_ssm.send().await.status, 200);
}

#[tokio::test]
async fn each_operation_is_for_whom_its_own_action_is_allowed() {
    let server = with_object().await;
    let nobody = server.user("nobody", "").await;
    for (number, (method, path, action)) in OPERATIONS.iter().enumerate() {
        let reply = s3(&server, &nobody, method, path, &[], "").await;
        assert_eq!(reply.status, 403, "{method} {path}: {}", reply.body);
        let all_but = json!([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
            {"Effect": "Deny", "Action": action, "Resource": "*"}]);
        let all_but = json!({"Version": "2012-10-17", "Statement": all_but}).to_string();
        let lacking = server.user(&format!("lacking-{number}"), &all_but).await;
        let reply = s3(&server, &lacking, method, path, &[], "").await;
        assert_eq!(reply.status, 403, "{method} {path}: {}", reply.body);
        let only = json!({"Effect": "Allow", "Action": action, "Resource": "*"});
        let allowed = server
            .user(&format!("allowed-{number}"), &policy(&only))
            .await;
        let reply = s3(&server, &allowed, method, path, &[], "").await;
        // What it is asked for need not be there, but it is looked for.
        assert!(
            reply.status != 403 && reply.status < 500,
            "{method} {path}: {}",
            reply.body
        );
    }
}

#[tokio::test]
async fn a_policy_on_one_prefix_reaches_no_other() {
    let server = with_object().await;
    let only =
        json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/own/*"});
    let alice = server.user("alice", &policy(&only)).await;
    s3(&server, &server.admin, "PUT", "/logs/own/x", &[], "own").await;
    for path in [
        "/logs/a",
        "/logs/own/../a",
        "/logs/own",
        "/logs/own%2F..%2Fa",
    ] {
        let reply = s3(&server, &alice, "GET", path, &[], "").await;
        assert_ne!(reply.status, 200, "{path}: {}", reply.body);
    }
    assert_eq!(
        s3(&server, &alice, "GET", "/logs/own/x", &[], "")
            .await
            .body,
        "own"
    );
}

#[tokio::test]
async fn a_node_writes_no_logs_but_its_own_sessions_and_reads_none() {
    let server = with_object().await;
    let (_, node) = node_with_keys(&server).await;
    for (method, path) in [
        ("PUT", "/logs/x"),
        ("PUT", "/logs/alice-0123456789abcdef0.log"),
        ("PUT", "/logs/.usher/alice-0123456789abcdef0/000000000001"),
        ("GET", "/logs/a"),
        ("HEAD", "/logs/a"),
        ("DELETE", "/logs/a"),
        ("GET", "/logs?list-type=2"),
        ("HEAD", "/logs"),
        ("PUT", "/other"),
        ("GET", "/"),
    ] {
        let reply = s3(&server, &node, method, path, &[], "").await;
        assert_eq!(reply.status, 403, "{method} {path}: {}", reply.body);
    }
    let reply = s3(&server, &node, "GET", "/logs?encryption", &[], "").await;
    assert_eq!(reply.element("SSEAlgorithm"), "AES256");
}

#[tokio::test]
async fn stored_html_is_never_a_page_of_this_origin() {
    let server = with_object().await;
    let html = [
        ("content-type", "text/html"),
        ("content-disposition", "inline"),
    ];
    s3(
        &server,
        &server.admin,
        "PUT",
        "/logs/page.html",
        &html,
        "<script>1</script>",
    )
    .await;
    let override_it =
        "/logs/page.html?response-content-disposition=inline&response-content-type=text%2Fhtml";
    for path in [
        "/logs/page.html",
        override_it,
        "/logs/none",
        "/logs",
        "/no%00bucket",
    ] {
        let reply = s3(&server, &server.admin, "GET", path, &[], "").await;
        assert_eq!(
            reply.header("content-security-policy"),
            Some("sandbox"),
            "{path}"
        );
        assert_eq!(
            reply.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            reply.header("content-disposition"),
            Some("attachment"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_second_signature_version_is_refused_with_what_to_set() {
    let server = with_object().await;
    let path = "/logs/a?AWSAccessKeyId=AKIA&Signature=x&Expires=2000000000";
    let reply = call(&server, "GET", path, &[], "").send().await;
    assert_eq!(reply.refusal(), (400, "InvalidRequest".to_owned()));
    assert!(reply.message().contains("s3v4"), "{}", reply.body);
}

#[tokio::test]
async fn each_call_is_recorded_with_who_made_it_and_what_decided_it() {
    let server = with_object().await;
    let alice = server.user("alice", "").await;
    let refused = s3(&server, &alice, "GET", "/logs/a", &[], "").await;
    assert_eq!(refused.refusal(), (403, "AccessDenied".to_owned()));

    let read = &records(&server, "Username", "alice").await[0];
    assert_eq!(read["eventName"], "GetObject");
    assert_eq!(read["eventSource"], "s3.amazonaws.com");
    assert_eq!(read["errorCode"], "AccessDenied");
    assert_eq!(read["readOnly"], true);
    assert_eq!(read["eventCategory"], "Data");
    assert_eq!(
        read["requestParameters"],
        json!({"bucketName": "logs", "key": "a"})
    );
    assert_eq!(read["resources"][0]["ARN"], "arn:aws:s3:::logs/a");
    let decided = &read["additionalEventData"]["decisions"][0];
    assert_eq!(decided["action"], "s3:GetObject");

    let made = &records(&server, "EventName", "CreateBucket").await[0];
    assert_eq!(made["eventCategory"], "Management");
    assert_eq!(made["readOnly"], false);
    assert_eq!(
        made["requestParameters"],
        json!({"bucketName": "logs", "key": null})
    );
    assert_eq!(made["errorCode"], json!(null));
    let put = &records(&server, "EventName", "PutObject").await[0];
    assert_eq!(put["managementEvent"], false);
}
