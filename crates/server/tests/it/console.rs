//! Signing in to the console, what a cookie is good for, and everything that is refused before it.

use serde_json::{Value, json};

use crate::assume_role::{DEPLOY, assume, keys as keys_of};
use crate::harness::{Http, Keys, Reply, Running};
use crate::nodes::node_with_keys;
use crate::roles::{ACCOUNT_ROOT, make, trusting};

const ANYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// Each route that only a signed-in browser may call.
const SIGNED_IN: [&str; 6] = [
    "/console/session",
    "/console/sign-out",
    "/console/permissions",
    "/console/became",
    "/console/buckets",
    "/console/api/ssm/DescribeInstanceInformation",
];

/// What a page of ours posts.
fn page(server: &Running, path: &str, body: &Value) -> Http {
    Http::post(server.address)
        .at(path)
        .header("origin", &format!("http://{}", server.address))
        .header("content-type", "application/json")
        .body(&body.to_string())
}

async fn with_cookie(server: &Running, path: &str, cookie: &str, body: &Value) -> Reply {
    page(server, path, body)
        .header("cookie", cookie)
        .send()
        .await
}

async fn link_of(server: &Running, keys: &Keys) -> String {
    let reply = Http::post(server.address)
        .at("/console/links")
        .signed(keys, "sts", server.now())
        .send()
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let path = reply.json()["path"].as_str().unwrap().to_owned();
    path.strip_prefix("/console/#/sign-in?link=")
        .unwrap()
        .to_owned()
}

async fn by_link(server: &Running, token: &str) -> Reply {
    page(server, "/console/sign-in/link", &json!({"token": token}))
        .send()
        .await
}

/// The cookie pair of an answer that signed somebody in.
fn cookie(reply: &Reply) -> String {
    assert_eq!(reply.status, 204, "{}", reply.body);
    let set = reply.header("set-cookie").unwrap();
    // Heads are lower-cased by the client; our cookies are upper case.
    let (name, id) = set.split(';').next().unwrap().split_once('=').unwrap();
    format!("{name}={}", id.to_uppercase())
}

async fn signed_in(server: &Running, keys: &Keys) -> String {
    cookie(&by_link(server, &link_of(server, keys).await).await)
}

async fn nonce(server: &Running) -> String {
    let reply = page(server, "/console/sign-in/nonce", &Value::Null)
        .send()
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()["nonce"].as_str().unwrap().to_owned()
}

/// The call that a page signs.
fn call(server: &Running, nonce: &str) -> Http {
    Http::post(server.address)
        .header(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )
        .header("x-amz-usher-nonce", nonce)
        .body("Action=GetCallerIdentity&Version=2011-06-15")
}

/// What a page posts of a signed call.
fn proof(call: &Http, nonce: &str) -> Value {
    let header = |name: &str| {
        call.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone())
    };
    let mut proof = json!({
        "authorization": header("authorization"), "date": header("x-amz-date"), "nonce": nonce,
    });
    if let Some(token) = header("x-amz-security-token") {
        proof["sessionToken"] = token.into();
    }
    proof
}

async fn by_key(server: &Running, keys: &Keys) -> Reply {
    let nonce = nonce(server).await;
    let call = call(server, &nonce).signed(keys, "sts", server.now());
    page(server, "/console/sign-in/key", &proof(&call, &nonce))
        .send()
        .await
}

#[track_caller]
fn refused(reply: &Reply, status: u16, name: &str) {
    assert_eq!(reply.refusal(), (status, name.to_owned()), "{}", reply.body);
    assert!(reply.header("set-cookie").is_none());
}

#[tokio::test]
async fn every_route_behind_the_door_refuses_who_has_not_signed_in() {
    let server = Running::start().await;
    for path in SIGNED_IN {
        let without = page(&server, path, &json!([])).send().await;
        refused(&without, 401, "NotSignedIn");
        let forged = format!("usher-console={}", "A".repeat(52));
        refused(
            &with_cookie(&server, path, &forged, &json!([])).await,
            401,
            "NotSignedIn",
        );
    }
}

#[tokio::test]
async fn a_cookie_is_worth_nothing_to_a_page_of_another_origin_or_by_another_host() {
    let server = Running::start().await;
    let cookie = signed_in(&server, &server.admin).await;
    for path in SIGNED_IN {
        let posted = Http::post(server.address)
            .at(path)
            .header("cookie", &cookie);
        refused(&posted.clone().send().await, 403, "NoOrigin");
        for origin in ["https://evil.example", "http://127.0.0.1:3000", "null"] {
            let foreign = posted.clone().header("origin", origin).send().await;
            assert_eq!(foreign.status, 403, "{path} {origin}");
        }
        let rebound = posted
            .without("host")
            .header("host", "rebound.example")
            .header("origin", "http://rebound.example")
            .send()
            .await;
        assert_eq!(rebound.status, 421, "{path}");
    }
    assert_eq!(
        with_cookie(&server, "/console/session", &cookie, &json!({}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn the_terminals_socket_opens_for_nobody_without_cookie_and_origin() {
    let server = Running::start().await;
    let cookie = signed_in(&server, &server.admin).await;
    let origin = format!("http://{}", server.address);
    let socket = || {
        Http::get(
            server.address,
            "/console/data-channel/admin-0123456789abcdef0",
        )
    };
    refused(&socket().send().await, 403, "NoOrigin");
    let with_cookie = || socket().header("cookie", &cookie);
    refused(&with_cookie().send().await, 403, "NoOrigin");
    let foreign = with_cookie()
        .header("origin", "https://evil.example")
        .send();
    assert_eq!(foreign.await.status, 403);
    let stranger = socket().header("origin", &origin).send().await;
    refused(&stranger, 401, "NotSignedIn");
    // Past the door: what is asked for now is a WebSocket.
    let ours = with_cookie().header("origin", &origin).send().await;
    assert_eq!(ours.status, 426, "{}", ours.body);
    server.pass(4 * 60 * 60);
    let late = with_cookie().header("origin", &origin).send().await;
    refused(&late, 401, "NotSignedIn");
}

#[tokio::test]
async fn a_cookie_ends_with_its_time_and_with_signing_out() {
    let server = Running::start().await;
    let left = signed_in(&server, &server.admin).await;
    let other = signed_in(&server, &server.admin).await;
    let out = with_cookie(&server, "/console/sign-out", &left, &json!({})).await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("max-age=0"));
    refused(
        &with_cookie(&server, "/console/session", &left, &json!({})).await,
        401,
        "NotSignedIn",
    );

    server.pass(4 * 60 * 60 - 1);
    assert_eq!(
        with_cookie(&server, "/console/session", &other, &json!({}))
            .await
            .status,
        200
    );
    server.pass(1);
    refused(
        &with_cookie(&server, "/console/session", &other, &json!({})).await,
        401,
        "NotSignedIn",
    );
}

#[tokio::test]
async fn a_cookie_ends_when_its_access_key_is_switched_off_or_deleted() {
    let server = Running::start().await;
    let alice = server.user("alice", ANYTHING).await;
    let cookie = signed_in(&server, &alice).await;
    let switch = async |status: &str| {
        let members = [
            ("UserName", "alice"),
            ("AccessKeyId", alice.id.as_str()),
            ("Status", status),
        ];
        server
            .iam(&server.admin, "UpdateAccessKey", &members)
            .await
            .served();
    };
    switch("Inactive").await;
    refused(
        &with_cookie(&server, "/console/session", &cookie, &json!({})).await,
        401,
        "NotSignedIn",
    );
    switch("Active").await;
    assert_eq!(
        with_cookie(&server, "/console/session", &cookie, &json!({}))
            .await
            .status,
        200
    );
    let members = [("UserName", "alice"), ("AccessKeyId", alice.id.as_str())];
    server
        .iam(&server.admin, "DeleteAccessKey", &members)
        .await
        .served();
    refused(
        &with_cookie(&server, "/console/session", &cookie, &json!({})).await,
        401,
        "NotSignedIn",
    );
}

#[tokio::test]
async fn a_cookie_never_outlives_the_keys_of_a_role_session() {
    let server = Running::start().await;
    let alice = server.user("alice", ANYTHING).await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT)).await;
    let ops = keys_of(&assume(&server, &alice, DEPLOY, "night", &[]).await);
    server.pass(600);
    let reply = by_key(&server, &ops).await;
    let cookie = cookie(&reply);
    assert!(
        reply
            .header("set-cookie")
            .unwrap()
            .contains("max-age=3000;")
    );
    server.pass(2999);
    let who = with_cookie(&server, "/console/session", &cookie, &json!({})).await;
    assert!(
        who.json()["arn"]
            .as_str()
            .unwrap()
            .contains(":assumed-role/deploy/night"),
        "{}",
        who.body
    );
    server.pass(1);
    refused(
        &with_cookie(&server, "/console/session", &cookie, &json!({})).await,
        401,
        "NotSignedIn",
    );
}

#[tokio::test]
async fn a_link_works_once_and_within_a_minute() {
    let server = Running::start().await;
    let link = link_of(&server, &server.admin).await;
    assert_eq!(by_link(&server, &link).await.status, 204);
    refused(&by_link(&server, &link).await, 403, "LinkNotValid");

    let old = link_of(&server, &server.admin).await;
    server.pass(60);
    refused(&by_link(&server, &old).await, 403, "LinkNotValid");
    refused(&by_link(&server, "").await, 403, "LinkNotValid");
}

#[tokio::test]
async fn nobody_gets_a_link_without_signing_for_it_and_no_node_gets_one() {
    let server = Running::start().await;
    let unsigned = Http::post(server.address).at("/console/links").send().await;
    refused(&unsigned, 400, "MissingAuthenticationTokenException");
    let (_, node) = node_with_keys(&server).await;
    let of_node = Http::post(server.address)
        .at("/console/links")
        .signed(&node, "sts", server.now())
        .send()
        .await;
    refused(&of_node, 403, "NotAPerson");
    refused(&by_key(&server, &node).await, 403, "NotAPerson");
}

#[tokio::test]
async fn a_proof_works_once_within_a_minute_and_for_its_own_host() {
    let server = Running::start().await;
    let once = nonce(&server).await;
    let signed = call(&server, &once).signed(&server.admin, "sts", server.now());
    let posted = page(&server, "/console/sign-in/key", &proof(&signed, &once));
    assert_eq!(posted.clone().send().await.status, 204);
    refused(&posted.send().await, 403, "NonceNotValid");

    let old = nonce(&server).await;
    let signed = call(&server, &old).signed(&server.admin, "sts", server.now());
    server.pass(60);
    let late = page(&server, "/console/sign-in/key", &proof(&signed, &old))
        .send()
        .await;
    refused(&late, 403, "NonceNotValid");

    // The nonce of one host, signed for that host, carried to another of our names.
    let fresh = nonce(&server).await;
    let signed = call(&server, &fresh).signed(&server.admin, "sts", server.now());
    let port = server.address.port();
    let elsewhere = page(&server, "/console/sign-in/key", &proof(&signed, &fresh))
        .without("host")
        .without("origin")
        .header("host", &format!("localhost:{port}"))
        .header("origin", &format!("http://localhost:{port}"))
        .send()
        .await;
    refused(&elsewhere, 403, "NonceNotValid");
}

#[tokio::test]
async fn a_signature_that_leaves_out_the_nonce_or_is_of_another_key_proves_nothing() {
    let server = Running::start().await;
    // A call that was signed for the API itself, found by somebody in between.
    let fresh = nonce(&server).await;
    let ordinary = call(&server, &fresh).without("x-amz-usher-nonce").signed(
        &server.admin,
        "sts",
        server.now(),
    );
    let narrow = page(&server, "/console/sign-in/key", &proof(&ordinary, &fresh))
        .send()
        .await;
    refused(&narrow, 403, "ProofTooNarrow");

    let forger = Keys {
        secret: "wrong".to_owned(),
        ..server.admin.clone()
    };
    refused(
        &by_key(&server, &forger).await,
        400,
        "InvalidSignatureException",
    );
    let stranger = Keys {
        id: "AKIAAAAAAAAAAAAAAAAA".to_owned(),
        ..server.admin.clone()
    };
    refused(
        &by_key(&server, &stranger).await,
        400,
        "UnrecognizedClientException",
    );

    // A nonce is not spent by who could not prove a key.
    let signed = call(&server, &fresh).signed(&server.admin, "sts", server.now());
    let right = page(&server, "/console/sign-in/key", &proof(&signed, &fresh))
        .send()
        .await;
    assert_eq!(right.status, 204, "{}", right.body);
}

#[tokio::test]
async fn a_cookie_counts_nowhere_outside_the_console() {
    let server = Running::start().await;
    let cookie = signed_in(&server, &server.admin).await;
    let call = server
        .query_call("ListUsers", "2010-05-08", &[])
        .header("cookie", &cookie)
        .send()
        .await;
    assert_eq!(
        call.refusal(),
        (403, "MissingAuthenticationToken".to_owned())
    );
}

#[tokio::test]
async fn operations_that_people_do_not_sign_are_not_reached_by_a_cookie() {
    let server = Running::start().await;
    let cookie = signed_in(&server, &server.admin).await;
    for path in [
        "/console/api/ssm/RegisterManagedInstance",
        "/console/api/ssm/RequestManagedInstanceRoleToken",
        "/console/api/ssm/NoSuchThing",
        "/console/api/iam/StartSession",
        "/console/api/other/StartSession",
    ] {
        let reply = with_cookie(&server, path, &cookie, &json!({})).await;
        refused(&reply, 400, "UnknownOperationException");
    }
}

#[tokio::test]
async fn a_signed_in_person_may_do_what_their_policies_allow_and_is_told_so_beforehand() {
    let server = Running::start().await;
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ssm:GetDocument", "Resource": "*"},
    ]});
    let reader = server.user("reader", &policy.to_string()).await;
    let cookie = cookie(&by_key(&server, &reader).await);
    let name = "SSM-SessionManagerRunShell";
    let document = json!({"Name": name, "DocumentType": "Session", "Content":
        r#"{"schemaVersion":"1.0","sessionType":"Standard_Stream","inputs":{"runAsEnabled":true}}"#});
    let create = "/console/api/ssm/CreateDocument";
    let denied = with_cookie(&server, create, &cookie, &document).await;
    refused(&denied, 400, "AccessDeniedException");
    assert!(
        denied.message().contains("ssm:CreateDocument"),
        "{}",
        denied.message()
    );

    let questions = json!([
        {"action": "ssm:CreateDocument", "on": {"document": name}},
        {"action": "ssm:GetDocument", "on": {"document": name}},
        {"action": "iam:ListUsers"},
    ]);
    let told = with_cookie(&server, "/console/permissions", &cookie, &questions).await;
    assert_eq!(told.json(), json!([false, true, false]));
    // Of something that is not there, as of one that is somebody else's.
    let questions = json!([
        {"action": "iam:DeletePolicy", "on": {"policy": "arn:aws:iam::000000000000:policy/p"}},
        {"action": "iam:PutGroupPolicy", "on": {"group": "g"}},
        {"action": "ssm:GetSessionRecording", "on": {"session": "none"}},
        {"action": "kms:DisableKey", "on": {"key": "none"}},
        {"action": "logs:DeleteLogGroup", "on": {"logGroup": "none"}},
    ]);
    for (keys, answer) in [(&reader, false), (&server.admin, true)] {
        let cookie = signed_in(&server, keys).await;
        let told = with_cookie(&server, "/console/permissions", &cookie, &questions).await;
        assert_eq!(told.json(), Value::from(vec![answer; 5]));
    }

    let admin = signed_in(&server, &server.admin).await;
    assert_eq!(
        with_cookie(&server, create, &admin, &document).await.status,
        200
    );
    let get = "/console/api/ssm/GetDocument";
    let got = with_cookie(&server, get, &cookie, &json!({"Name": name})).await;
    assert!(
        got.json()["Content"]
            .as_str()
            .unwrap()
            .contains("runAsEnabled")
    );
}

#[tokio::test]
async fn query_operations_take_their_form_and_answer_json() {
    let server = Running::start().await;
    let cookie = signed_in(&server, &server.admin).await;
    let form = |operation: &str, form: &str| {
        page(
            &server,
            &format!("/console/api/iam/{operation}"),
            &Value::Null,
        )
        .header("cookie", &cookie)
        .body(form)
        .send()
    };
    assert_eq!(form("CreateUser", "UserName=alice").await.status, 200);
    let tag = "UserName=alice&Tags.member.1.Key=SSMSessionRunAs&Tags.member.1.Value=web";
    assert_eq!(form("TagUser", tag).await.status, 200);
    let tags = form("ListUserTags", "UserName=alice").await.json();
    assert_eq!(
        tags["Tags"],
        json!([{"Key": "SSMSessionRunAs", "Value": "web"}])
    );
}

#[tokio::test]
async fn buckets_are_named_to_whoever_may_list_them() {
    let server = Running::start().await;
    let nobody = server.user("nobody", "").await;
    let cookie = signed_in(&server, &nobody).await;
    let denied = with_cookie(&server, "/console/buckets", &cookie, &json!({})).await;
    refused(&denied, 400, "AccessDeniedException");
    assert!(denied.message().contains("s3:ListAllMyBuckets"));
    for name in ["logs-two", "logs-one"] {
        let made = crate::s3::call(&server, "PUT", &format!("/{name}"), &[], "");
        let made = made.signed(&server.admin, "s3", server.now()).send().await;
        assert_eq!(made.status, 200);
    }
    let cookie = signed_in(&server, &server.admin).await;
    let told = with_cookie(&server, "/console/buckets", &cookie, &json!({})).await;
    assert_eq!(told.json(), json!(["logs-one", "logs-two"]));
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_run_no_script_but_ours() {
    let server = Running::start().await;
    for path in ["/console/", "/console/assets/none.js", "/console"] {
        let reply = Http::get(server.address, path).send().await;
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'"), "{policy}");
        let scripts = "script-src 'self' 'wasm-unsafe-eval';";
        assert!(policy.contains(scripts), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
    let refused = page(&server, "/console/session", &json!({})).send().await;
    assert!(refused.header("content-security-policy").is_some());
}
