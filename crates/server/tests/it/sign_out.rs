//! Whoever signs out at the identity provider is out of here too: OpenID Connect Back-Channel Logout 1.0.

use serde_json::{Value, json};

use crate::assume_role::{allow, keys};
use crate::audit::records;
use crate::gateway_peers::{client, described, scene, start};
use crate::harness::{Http, Keys, Reply, Running};
use crate::identity_provider::SigningKey;
use crate::roles::make;
use crate::web_identity::{CLIENT, World};

const PATH: &str = "/v1/openid/backchannel-logout";
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

async fn post(server: &Running, body: &str) -> Reply {
    let request = Http::post(server.address).at(PATH);
    let form = "application/x-www-form-urlencoded";
    request.header("content-type", form).body(body).send().await
}

/// A logout token of person-1; members that are null are left out.
fn token(world: &World, key: &SigningKey, more: &Value) -> String {
    let now = world.server.now() / 1000;
    let mut claims = json!({
        "iss": world.provider.issuer, "aud": CLIENT, "sub": "person-1", "iat": now, "exp": now + 120,
        "jti": "one", "events": {EVENT: {}},
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    key.sign(&claims)
}

async fn log_out(world: &World, more: &Value) -> Reply {
    let token = token(world, &world.key, more);
    post(&world.server, &format!("logout_token={token}")).await
}

async fn is_in(world: &World, keys: &Keys) -> bool {
    let reply = world.server.whoami(keys).await;
    if reply.status != 200 {
        reply.refused(403, "ExpiredToken");
        assert!(reply.message().contains("signed out"), "{}", reply.body);
    }
    reply.status == 200
}

async fn world() -> World {
    let world = World::new().await;
    world.role(&json!({})).await;
    world
}

#[tokio::test]
async fn what_is_no_logout_token_signs_nobody_out() {
    let world = world().await;
    let alice = world.signed_in(&json!({})).await;
    let now = world.server.now() / 1000;
    for (more, sentence) in [
        (json!({"iss": "https://id.example.com"}), "issuer"),
        (json!({"aud": "another"}), "audience `another`"),
        (json!({"events": null}), "no event"),
        (json!({"events": {}}), "no event"),
        (json!({"events": {EVENT: true}}), "no event"),
        (json!({"events": [EVENT]}), "no event"),
        (json!({"nonce": "n"}), "nonce"),
        (json!({"sub": null}), "neither `sub` nor `sid`"),
        (json!({"sub": ""}), "claim `sub`"),
        (json!({"sid": 7}), "claim `sid`"),
        (json!({"sid": "x".repeat(256)}), "claim `sid`"),
        (json!({"jti": ["one"]}), "claim `jti`"),
        (json!({"iat": null}), "claim `iat`"),
        (json!({"iat": now + 61}), "not valid yet"),
        (json!({"iat": now - 601}), "ten minutes"),
        (json!({"exp": now - 61}), "expired"),
    ] {
        let reply = log_out(&world, &more).await;
        assert_eq!(reply.status, 400, "{more}: {}", reply.body);
        assert_eq!(reply.json()["error"], "invalid_request");
        let told = reply.json()["error_description"].to_string();
        assert!(told.contains(sentence), "{more}: {told}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    let forged = token(&world, &SigningKey::new("one"), &json!({}));
    let with_stranger = token(&world, &SigningKey::new("two"), &json!({}));
    let sign_in = world.token(&json!({}));
    for body in [
        "",
        "logout_token=",
        "logout_token=a.b.c",
        &format!("token={}", token(&world, &world.key, &json!({}))),
        &format!("logout_token={forged}"),
        &format!("logout_token={with_stranger}"),
        &format!("logout_token={sign_in}"),
        &format!("logout_token={}", "x".repeat(40_000)),
    ] {
        assert_eq!(post(&world.server, body).await.status, 400, "{body}");
    }
    assert_eq!(
        Http::get(world.server.address, PATH).send().await.status,
        405
    );
    assert!(is_in(&world, &alice).await);
    assert!(
        records(&world.server, "EventName", "BackChannelLogout")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_person_who_signs_out_loses_keys_roles_and_sessions_and_nobody_else_does() {
    let (server, node, _control) = scene().await;
    let world = World::around(server).await;
    world.role(&json!({})).await;
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    allow(&world.server, "deploy", &everything).await;
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/deploy"},"Action":"sts:AssumeRole"}}"#;
    make(&world.server, "second", trust).await.served();

    let before = world.token(&json!({}));
    let alice = world.signed_in(&json!({})).await;
    let further = [
        ("RoleArn", "arn:aws:iam::000000000000:role/second"),
        ("RoleSessionName", "alice"),
    ];
    let chained = world.server.sts(&alice, "AssumeRole", &further).await;
    let chained = keys(&chained.served());
    let bob = world.signed_in(&json!({"sub": "person-2"})).await;
    let of_alice = start(&world.server, &alice, &node).await;
    let of_bob = start(&world.server, &bob, &node).await;
    let mut peer = client(&world.server, &of_alice.id, &of_alice.token).await;

    let reply = log_out(&world, &json!({})).await;
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let told = peer.farewell().await.output.unwrap();
    assert!(
        told.contains("you were signed out at the identity provider"),
        "{told}"
    );
    assert!(!is_in(&world, &alice).await);
    assert!(!is_in(&world, &chained).await);
    assert!(is_in(&world, &bob).await);
    assert!(
        described(&world.server, "Active", &of_bob.id)
            .await
            .is_some()
    );

    // What was signed before is good for nothing now, and what is signed afterwards is.
    world
        .assume(&before)
        .await
        .refused(400, "ExpiredTokenException");
    world.server.pass(2);
    let again = world.signed_in(&json!({})).await;
    assert!(is_in(&world, &again).await);
    let record = &records(&world.server, "EventName", "BackChannelLogout").await[0];
    assert_eq!(record["serviceEventDetails"]["subject"], "person-1");
    assert_eq!(record["resources"][0]["ARN"], world.arn());
}

#[tokio::test]
async fn a_session_at_the_provider_ends_alone() {
    let world = world().await;
    let first = world.signed_in(&json!({"sid": "first"})).await;
    let second = world.signed_in(&json!({"sid": "second"})).await;
    let unknown = world.signed_in(&json!({})).await;
    for more in [
        json!({"sub": null, "sid": "third"}),
        json!({"sub": "person-2", "sid": "first"}),
    ] {
        assert_eq!(log_out(&world, &more).await.status, 200);
    }
    for keys in [&first, &second, &unknown] {
        assert!(is_in(&world, keys).await);
    }
    assert_eq!(
        log_out(&world, &json!({"sub": null, "sid": "first"}))
            .await
            .status,
        200
    );
    assert!(!is_in(&world, &first).await);
    assert!(is_in(&world, &second).await);
    // It may be this session that ends: nobody can tell.
    assert_eq!(log_out(&world, &json!({"sid": "first"})).await.status, 200);
    assert!(!is_in(&world, &unknown).await);
    assert!(is_in(&world, &second).await);
}

#[tokio::test]
async fn a_logout_token_counts_once_and_is_remembered_over_a_restart() {
    let mut world = world().await;
    let early = world.signed_in(&json!({})).await;
    let token = format!("logout_token={}", token(&world, &world.key, &json!({})));
    assert_eq!(post(&world.server, &token).await.status, 200);
    world.server.pass(2);
    let later = world.signed_in(&json!({})).await;
    world.server.pass(2);
    // Whoever saw it on its way sends it again.
    assert_eq!(post(&world.server, &token).await.status, 200);
    assert!(is_in(&world, &later).await);
    world.server = world.server.restart().await;
    assert!(!is_in(&world, &early).await);
    assert!(is_in(&world, &later).await);
    assert_eq!(
        records(&world.server, "EventName", "BackChannelLogout")
            .await
            .len(),
        1
    );
    assert_eq!(log_out(&world, &json!({"jti": "two"})).await.status, 200);
    assert!(!is_in(&world, &later).await);
}
