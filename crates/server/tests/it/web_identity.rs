//! People for whom an identity provider vouches: which tokens prove nothing, whom roles trust, and as whom sessions run.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::assume_role::{DEPLOY, allow, keys};
use crate::gateway_peers::{client, described, scene, start, task_in};
use crate::harness::{Keys, Reply, Running};
use crate::identity_provider::{Provider, SigningKey};
use crate::roles::make;

pub(crate) const CLIENT: &str = "usher";

/// A server that knows a provider, which vouches by one key.
pub(crate) struct World {
    pub(crate) server: Running,
    pub(crate) provider: Provider,
    pub(crate) key: SigningKey,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::around(Running::start().await).await
    }

    pub(crate) async fn around(server: Running) -> Self {
        let key = SigningKey::new("one");
        let provider = Provider::start(&[&key]).await;
        let world = Self {
            server,
            provider,
            key,
        };
        let made = world
            .admin(
                "CreateOpenIDConnectProvider",
                &[
                    ("Url", &world.provider.issuer),
                    ("ClientIDList.member.1", CLIENT),
                    ("Tags.member.1.Key", "usher:claim/SSMSessionRunAs"),
                    ("Tags.member.1.Value", "login"),
                ],
            )
            .await
            .served();
        assert_eq!(made.element("OpenIDConnectProviderArn"), world.arn());
        world
    }

    async fn admin(&self, operation: &str, members: &[(&str, &str)]) -> Reply {
        let admin = &self.server.admin;
        self.server.iam(admin, operation, members).await
    }

    pub(crate) fn arn(&self) -> String {
        let name = self.provider.name();
        format!("arn:aws:iam::000000000000:oidc-provider/{name}")
    }

    /// A role that trusts the provider, under this condition.
    pub(crate) async fn role(&self, condition: &Value) {
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": self.arn()},
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
            "Condition": condition,
        }]});
        make(&self.server, "deploy", &trust.to_string())
            .await
            .served();
    }

    fn claims(&self, more: &Value) -> Value {
        let now = self.server.now() / 1000;
        let mut claims = json!({
            "iss": self.provider.issuer, "aud": CLIENT, "sub": "person-1", "login": "alice-linux",
            "iat": now, "exp": now + 300,
        });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    pub(crate) fn token(&self, more: &Value) -> String {
        self.key.sign(&self.claims(more))
    }

    pub(crate) async fn assume(&self, token: &str) -> Reply {
        self.server
            .query_call(
                "AssumeRoleWithWebIdentity",
                "2011-06-15",
                &[
                    ("RoleArn", DEPLOY),
                    ("RoleSessionName", "alice"),
                    ("WebIdentityToken", token),
                ],
            )
            .send()
            .await
    }

    pub(crate) async fn signed_in(&self, more: &Value) -> Keys {
        keys(&self.assume(&self.token(more)).await.served())
    }
}

#[tokio::test]
async fn a_token_that_does_not_prove_itself_is_refused() {
    let world = World::new().await;
    world.role(&json!({})).await;
    let now = world.server.now() / 1000;
    for (more, code) in [
        (
            json!({"iss": "https://id.example.com"}),
            "InvalidIdentityToken",
        ),
        (
            json!({"iss": format!("{}/", world.provider.issuer)}),
            "InvalidIdentityToken",
        ),
        (json!({"iss": 7}), "InvalidIdentityToken"),
        (json!({"aud": "another"}), "InvalidIdentityToken"),
        (json!({"aud": [CLIENT, "another"]}), "InvalidIdentityToken"),
        (json!({"azp": "another"}), "InvalidIdentityToken"),
        (json!({"aud": null}), "InvalidIdentityToken"),
        (json!({"sub": ""}), "InvalidIdentityToken"),
        (json!({"sub": null}), "InvalidIdentityToken"),
        (json!({"sub": "x".repeat(256)}), "InvalidIdentityToken"),
        (json!({"exp": now - 61}), "ExpiredTokenException"),
        (json!({"exp": null}), "InvalidIdentityToken"),
        (json!({"exp": "soon"}), "InvalidIdentityToken"),
        (json!({"nbf": now + 100}), "InvalidIdentityToken"),
        (json!({"iat": now + 100}), "InvalidIdentityToken"),
    ] {
        let reply = world.assume(&world.token(&more)).await;
        assert_eq!(reply.refusal(), (400, code.to_owned()), "{more}");
    }
    let good = world.token(&json!({}));
    let (rest, signature) = good.rsplit_once('.').unwrap();
    let (header, body) = rest.split_once('.').unwrap();
    let stranger = SigningKey::new("one").sign(&world.claims(&json!({})));
    let unknown = SigningKey::new("two").sign(&world.claims(&json!({})));
    // {"alg":"none"} and {"alg":"HS256"}
    for forged in [
        "four".to_owned(),
        format!("{header}.{body}."),
        format!(
            "{header}.{body}.{}",
            signature.chars().rev().collect::<String>()
        ),
        format!("eyJhbGciOiJub25lIn0.{body}."),
        format!("eyJhbGciOiJIUzI1NiJ9.{body}.{signature}"),
        stranger,
        unknown,
    ] {
        world
            .assume(&forged)
            .await
            .refused(400, "InvalidIdentityToken");
    }
    world.assume(&good).await.served();
}

#[tokio::test]
async fn a_provider_that_lies_about_itself_or_is_silent_vouches_for_nobody() {
    let world = World::new().await;
    world.role(&json!({})).await;
    let issuer = &world.provider.issuer;
    for discovery in [
        json!({}),
        json!({"issuer": "https://id.example.com", "jwks_uri": format!("{issuer}/keys")}),
        json!({"issuer": issuer, "jwks_uri": "http://id.example.com/keys"}),
        json!({"issuer": issuer, "jwks_uri": "file:///etc/passwd"}),
    ] {
        world.provider.claims_to_be(discovery);
        let reply = world.assume(&world.token(&json!({}))).await;
        reply.refused(400, "IDPCommunicationError");
    }
}

#[tokio::test]
async fn a_role_trusts_the_provider_by_name_and_under_its_conditions() {
    let world = World::new().await;
    let refused = async || {
        let reply = world.assume(&world.token(&json!({}))).await;
        reply.refused(403, "AccessDenied");
    };
    // No such role, and roles that trust everybody else.
    refused().await;
    let everybody = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "sts:*"},
        {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:*"},
    ]});
    make(&world.server, "deploy", &everybody.to_string())
        .await
        .served();
    refused().await;
    world
        .admin("DeleteRole", &[("RoleName", "deploy")])
        .await
        .served();
    let subject = format!("{}:sub", world.provider.name());
    let audience = format!("{}:aud", world.provider.name());
    world
        .role(&json!({"StringEquals": {subject: "person-2", audience: CLIENT}}))
        .await;
    refused().await;
    world.signed_in(&json!({"sub": "person-2"})).await;
}

#[tokio::test]
async fn made_up_tokens_do_not_make_us_ask_a_provider_again_and_again() {
    let world = World::new().await;
    world.role(&json!({})).await;
    for _ in 0..5 {
        let made_up = SigningKey::new("made-up").sign(&world.claims(&json!({})));
        world
            .assume(&made_up)
            .await
            .refused(400, "InvalidIdentityToken");
    }
    // Discovery and keys, once.
    assert_eq!(world.provider.asked(), 2);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_as_it_should_is_left_alone_for_a_while() {
    let world = World::new().await;
    world.role(&json!({})).await;
    world.provider.claims_to_be(json!({"issuer": "another"}));
    let token = world.token(&json!({}));
    let asked = join_all((0..8).map(|_| world.assume(&token))).await;
    for reply in asked {
        reply.refused(400, "IDPCommunicationError");
    }
    assert_eq!(world.provider.asked(), 1);
}

#[tokio::test]
async fn a_claim_becomes_the_os_user_and_without_it_nobody_gets_in() {
    let (server, node, mut control) = scene().await;
    let world = World::around(server).await;
    world.role(&json!({})).await;
    allow(
        &world.server,
        "deploy",
        &json!({"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}),
    )
    .await;
    let content = json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream",
        "inputs": {"runAsEnabled": true, "runAsDefaultUser": "fallback"}});
    let input = json!({"Name": "SSM-SessionManagerRunShell", "Content": content.to_string(), "DocumentType": "Session"});
    world
        .server
        .ssm(&world.server.admin, "CreateDocument", &input)
        .await
        .served();
    for login in [json!(null), json!(["root", "alice"]), json!(7)] {
        let reply = world.assume(&world.token(&json!({"login": login}))).await;
        reply.refused(403, "IDPRejectedClaim");
    }
    let alice = world.signed_in(&json!({})).await;
    start(&world.server, &alice, &node).await;
    let task = task_in(&control.next_frame().await);
    assert_eq!(task.run_as_user, "alice-linux");
}

#[tokio::test]
async fn a_provider_that_is_deleted_ends_the_sessions_of_those_it_vouched_for() {
    let (server, node, _control) = scene().await;
    let world = World::around(server).await;
    world.role(&json!({})).await;
    allow(
        &world.server,
        "deploy",
        &json!({"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}),
    )
    .await;
    let alice = world.signed_in(&json!({})).await;
    let session = start(&world.server, &alice, &node).await;
    let mut peer = client(&world.server, &session.id, &session.token).await;
    // The same name of a role session is another person.
    let mallory = world.signed_in(&json!({"sub": "person-2"})).await;
    world
        .server
        .ssm(&mallory, "ResumeSession", &json!({"SessionId": session.id}))
        .await
        .refused(400, "AccessDeniedException");
    let arn = world.arn();
    let named = [("OpenIDConnectProviderArn", arn.as_str())];
    world
        .admin("DeleteOpenIDConnectProvider", &named)
        .await
        .served();
    let told = peer.farewell().await.output.unwrap();
    assert!(told.contains("was deleted"), "{told}");
    world
        .server
        .whoami(&alice)
        .await
        .refused(403, "InvalidClientTokenId");
    assert!(
        described(&world.server, "History", &session.id)
            .await
            .is_some()
    );
}

#[tokio::test]
async fn a_second_factor_can_be_asked_for() {
    let world = World::new().await;
    world.role(&json!({})).await;
    allow(
        &world.server,
        "deploy",
        &json!({"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}),
    )
    .await;
    for (more, allowed) in [
        (json!({}), false),
        (json!({"amr": ["pwd"]}), false),
        (json!({"amr": ["pwd", "mfa"]}), true),
    ] {
        let keys = world.signed_in(&more).await;
        let reply = world.server.iam(&keys, "ListUsers", &[]).await;
        match allowed {
            true => drop(reply.served()),
            false => reply.refused(403, "AccessDenied"),
        }
    }
}

#[tokio::test]
async fn a_lasting_key_is_one_factor() {
    let server = Running::start().await;
    let policy = |value: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": value}}}]})
        .to_string()
    };
    let bob = server.user("bob", &policy("true")).await;
    server
        .iam(&bob, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
    let alice = server.user("alice", &policy("false")).await;
    server.iam(&alice, "ListUsers", &[]).await.served();
}

#[tokio::test]
async fn providers_that_are_none_are_not_made_and_those_made_are_shown() {
    let world = World::new().await;
    for url in [
        "",
        "id.example.com",
        "http://id.example.com",
        "https://id.example.com?x=1",
    ] {
        let members = [("Url", url), ("ClientIDList.member.1", CLIENT)];
        world
            .admin("CreateOpenIDConnectProvider", &members)
            .await
            .refused(400, "InvalidInput");
    }
    let again = [("Url", world.provider.issuer.as_str())];
    world
        .admin("CreateOpenIDConnectProvider", &again)
        .await
        .refused(409, "EntityAlreadyExists");
    let nobody = world.server.user("nobody", "").await;
    world
        .server
        .iam(&nobody, "CreateOpenIDConnectProvider", &again)
        .await
        .refused(403, "AccessDenied");
    let arn = world.arn();
    let named = ("OpenIDConnectProviderArn", arn.as_str());
    let added = [named, ("ClientID", "second")];
    world
        .admin("AddClientIDToOpenIDConnectProvider", &added)
        .await
        .served();
    let shown = world
        .admin("GetOpenIDConnectProvider", &[named])
        .await
        .served();
    assert_eq!(shown.element("Url"), world.provider.name());
    assert!(
        shown.body.contains("<member>second</member>"),
        "{}",
        shown.body
    );
    let listed = world
        .admin("ListOpenIDConnectProviders", &[])
        .await
        .served();
    assert_eq!(listed.element("Arn"), arn);
}
