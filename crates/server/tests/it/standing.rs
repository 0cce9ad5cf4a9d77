//! Live sessions end when who is in them may no longer be, and only then.

use serde_json::{Value, json};

use crate::assume_role::{DEPLOY, allow, assume, keys, may_assume};
use crate::gateway_peers::{Node, Peer, client, described, scene, start};
use crate::harness::{Keys, Running};
use crate::roles::{ACCOUNT_ROOT, make};

const SESSIONS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:StartSession","ssm:ResumeSession"],"Resource":"*"}]}"#;
const START_ALONE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:StartSession","Resource":"*"}]}"#;
const NO_RESUME: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"ssm:ResumeSession","Resource":"*"}]}"#;

/// A live session with its client.
struct Live {
    id: String,
    client: Peer,
}

impl Live {
    async fn start(server: &Running, keys: &Keys, node: &Node) -> Self {
        let started = start(server, keys, node).await;
        let client = client(server, &started.id, &started.token).await;
        Self {
            id: started.id,
            client,
        }
    }

    async fn ends_saying(mut self, sentence: &str) {
        let told = self.client.farewell().await.output.unwrap();
        assert!(told.contains(sentence), "{told}");
    }

    async fn goes_on(&self, server: &Running) {
        let shown: Option<Value> = described(server, "Active", &self.id).await;
        assert!(shown.is_some(), "the session {} is over", self.id);
    }
}

async fn admin(server: &Running, operation: &str, members: &[(&str, &str)]) {
    server.iam(&server.admin, operation, members).await.served();
}

#[tokio::test]
async fn a_key_that_is_deleted_ends_its_own_sessions_alone() {
    let (server, node, _control) = scene().await;
    let first = server.user("alice", SESSIONS).await;
    let made = server
        .iam(&server.admin, "CreateAccessKey", &[("UserName", "alice")])
        .await
        .served();
    let second = Keys {
        id: made.element("AccessKeyId"),
        secret: made.element("SecretAccessKey"),
        token: None,
    };
    let bob = server.user("bob", SESSIONS).await;
    let of_first = Live::start(&server, &first, &node).await;
    let of_second = Live::start(&server, &second, &node).await;
    let of_bob = Live::start(&server, &bob, &node).await;
    let key = [("UserName", "alice"), ("AccessKeyId", first.id.as_str())];
    admin(&server, "DeleteAccessKey", &key).await;
    of_first.ends_saying("access key").await;
    of_second.goes_on(&server).await;
    of_bob.goes_on(&server).await;
}

#[tokio::test]
async fn a_key_that_is_switched_off_ends_its_sessions() {
    let (server, node, _control) = scene().await;
    let alice = server.user("alice", SESSIONS).await;
    let live = Live::start(&server, &alice, &node).await;
    let off = [
        ("UserName", "alice"),
        ("AccessKeyId", alice.id.as_str()),
        ("Status", "Inactive"),
    ];
    admin(&server, "UpdateAccessKey", &off).await;
    live.ends_saying("switched off").await;
}

#[tokio::test]
async fn a_deleted_user_is_out_of_the_sessions_of_every_role_it_assumed() {
    let (server, node, _control) = scene().await;
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ROOT}, "Action": "sts:AssumeRole"},
    ]});
    make(&server, "deploy", &trust.to_string()).await.served();
    allow(
        &server,
        "deploy",
        &json!({"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}),
    )
    .await;
    let alice = server.user("alice", &may_assume()).await;
    let bob = server.user("bob", &may_assume()).await;
    let as_alice = keys(
        &assume(&server, &alice, DEPLOY, "shared", &[])
            .await
            .served(),
    );
    let as_bob = keys(&assume(&server, &bob, DEPLOY, "shared", &[]).await.served());
    let of_alice = Live::start(&server, &as_alice, &node).await;
    let of_bob = Live::start(&server, &as_bob, &node).await;
    let key = [("UserName", "alice"), ("AccessKeyId", alice.id.as_str())];
    admin(&server, "DeleteAccessKey", &key).await;
    let policy = [("UserName", "alice"), ("PolicyName", "p")];
    admin(&server, "DeleteUserPolicy", &policy).await;
    admin(&server, "DeleteUser", &[("UserName", "alice")]).await;
    of_alice.ends_saying("deleted").await;
    of_bob.goes_on(&server).await;
    // Nor do the role's keys open another.
    server
        .ssm(
            &as_alice,
            "StartSession",
            &json!({"Target": node.id.as_str()}),
        )
        .await
        .refused(400, "UnrecognizedClientException");
}

#[tokio::test]
async fn a_denied_resume_ends_the_session_wherever_the_deny_stands() {
    let (server, node, _control) = scene().await;
    for (name, group) in [("alice", "own"), ("bob", "outcasts")] {
        let person = server.user(name, SESSIONS).await;
        let live = Live::start(&server, &person, &node).await;
        if group == "own" {
            let deny = [
                ("UserName", name),
                ("PolicyName", "no"),
                ("PolicyDocument", NO_RESUME),
            ];
            admin(&server, "PutUserPolicy", &deny).await;
        } else {
            admin(&server, "CreateGroup", &[("GroupName", group)]).await;
            let deny = [
                ("GroupName", group),
                ("PolicyName", "no"),
                ("PolicyDocument", NO_RESUME),
            ];
            admin(&server, "PutGroupPolicy", &deny).await;
            admin(
                &server,
                "AddUserToGroup",
                &[("GroupName", group), ("UserName", name)],
            )
            .await;
        }
        live.ends_saying("no longer allowed").await;
    }
}

#[tokio::test]
async fn who_could_resume_and_no_longer_can_is_out_and_who_never_could_stays() {
    let (server, node, _control) = scene().await;
    let alice = server.user("alice", SESSIONS).await;
    let bob = server.user("bob", START_ALONE).await;
    let of_alice = Live::start(&server, &alice, &node).await;
    let of_bob = Live::start(&server, &bob, &node).await;
    let less = [
        ("UserName", "alice"),
        ("PolicyName", "p"),
        ("PolicyDocument", START_ALONE),
    ];
    admin(&server, "PutUserPolicy", &less).await;
    of_alice.ends_saying("no longer allowed").await;
    of_bob.goes_on(&server).await;
}

#[tokio::test]
async fn a_permission_that_ends_with_time_ends_the_session() {
    let (server, node, _control) = scene().await;
    let until = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:StartSession","ssm:ResumeSession"],"Resource":"*","Condition":{"NumericLessThan":{"aws:EpochTime":"1795337800"},"IpAddress":{"aws:SourceIp":"127.0.0.1"}}}]}"#;
    let alice = server.user("alice", until).await;
    let live = Live::start(&server, &alice, &node).await;
    live.goes_on(&server).await;
    server.pass(400);
    live.ends_saying("no longer allowed").await;
}
