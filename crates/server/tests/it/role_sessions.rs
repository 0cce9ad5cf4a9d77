//! Sessions of role sessions: as whom they run, and who may resume them. The name of a role session is chosen by whoever
//! assumes the role, so it identifies nobody.

use serde_json::{Value, json};

use crate::assume_role::{DEPLOY, allow, assume, keys, may_assume};
use crate::gateway_peers::{Node, Peer, client, described, scene, start, task_in};
use crate::harness::{Keys, Reply, Running};
use crate::roles::{ACCOUNT_ROOT, make};

/// A role that may do everything with sessions, trusts the account, and takes any of these OS users as a session tag.
async fn shared_role(server: &Running, os_users: &[&str]) {
    let principal = json!({"AWS": ACCOUNT_ROOT});
    let bound = json!({"StringEquals": {"aws:RequestTag/SSMSessionRunAs": os_users}});
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": principal, "Action": "sts:TagSession", "Condition": bound},
    ]});
    make(server, "deploy", &trust.to_string()).await.served();
    allow(
        server,
        "deploy",
        &json!({"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}),
    )
    .await;
}

async fn run_as_is_on(server: &Running) {
    let content = json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream",
        "inputs": {"runAsEnabled": true, "runAsDefaultUser": "fallback"}})
    .to_string();
    let input = json!({"Name": "SSM-SessionManagerRunShell", "Content": content, "DocumentType": "Session"});
    server
        .ssm(&server.admin, "CreateDocument", &input)
        .await
        .served();
}

/// Assumes the role as a session `shared`, with a tag or without.
async fn as_role(server: &Running, person: &Keys, os_user: Option<&str>) -> Keys {
    as_role_named(server, person, "shared", os_user).await
}

/// The same under a name of the person's choice.
async fn as_role_named(server: &Running, person: &Keys, name: &str, os_user: Option<&str>) -> Keys {
    let tag = os_user.map(|value| {
        [
            ("Tags.member.1.Key", "SSMSessionRunAs"),
            ("Tags.member.1.Value", value),
        ]
    });
    let tags = tag.as_ref().map_or(&[][..], |tag| &tag[..]);
    keys(&assume(server, person, DEPLOY, name, tags).await.served())
}

async fn people(server: &Running) -> (Keys, Keys) {
    (
        server.user("alice", &may_assume()).await,
        server.user("bob", &may_assume()).await,
    )
}

async fn resume(server: &Running, keys: &Keys, session: &str) -> Reply {
    server
        .ssm(keys, "ResumeSession", &json!({"SessionId": session}))
        .await
}

/// The OS user of the next session's task.
async fn next_os_user(control: &mut Peer) -> String {
    task_in(&control.next_frame().await)
        .run_as_user
        .as_str()
        .to_owned()
}

async fn ready() -> (Running, Node, Peer) {
    let (server, node, control) = scene().await;
    run_as_is_on(&server).await;
    shared_role(&server, &["web", "ops", "", "root"]).await;
    (server, node, control)
}

/// Starts a session as a role session with this tag, which must be refused with this sentence.
async fn refused(tag: &str, sentence: &str) {
    let (server, node, mut control) = ready().await;
    let (alice, _) = people(&server).await;
    let session = as_role(&server, &alice, Some(tag)).await;
    let started = start(&server, &session, &node).await;
    let told = client(&server, &started.id, &started.token)
        .await
        .refusal()
        .await;
    assert!(told.contains(sentence), "{told}");
    let shown: Value = described(&server, "History", &started.id).await.unwrap();
    assert_eq!(shown["Status"], "Failed", "{shown}");
    // The next task on the control channel is that of the next session: nothing came before.
    let next = as_role(&server, &alice, Some("web")).await;
    start(&server, &next, &node).await;
    assert_eq!(next_os_user(&mut control).await, "web");
}

#[tokio::test]
async fn no_chosen_session_name_turns_run_as_off_or_picks_another_os_user() {
    let (server, node, mut control) = ready().await;
    let (alice, _) = people(&server).await;
    for (tag, os_user) in [(None, "fallback"), (Some("web"), "web")] {
        for name in ["root", "ssm-user", "ops", "SSMSessionRunAs=ops", "bob"] {
            let session = as_role_named(&server, &alice, name, tag).await;
            start(&server, &session, &node).await;
            assert_eq!(next_os_user(&mut control).await, os_user, "{name}");
        }
    }
}

#[tokio::test]
async fn an_empty_session_tag_refuses_and_does_not_fall_through() {
    refused("", "is not a valid OS user name").await;
}

#[tokio::test]
async fn a_session_tag_of_root_refuses() {
    refused("root", "root is never allowed").await;
}

#[tokio::test]
async fn an_empty_session_tag_replaces_the_roles_own() {
    let (server, node, mut control) = ready().await;
    let own = [
        ("RoleName", "deploy"),
        ("Tags.member.1.Key", "SSMSessionRunAs"),
        ("Tags.member.1.Value", "deploy"),
    ];
    server.iam(&server.admin, "TagRole", &own).await.served();
    let (alice, _) = people(&server).await;
    let empty = as_role(&server, &alice, Some("")).await;
    let started = start(&server, &empty, &node).await;
    let told = client(&server, &started.id, &started.token)
        .await
        .refusal()
        .await;
    assert!(told.contains("is not a valid OS user name"), "{told}");
    for (tag, os_user) in [(None, "deploy"), (Some("web"), "web")] {
        let session = as_role(&server, &alice, tag).await;
        start(&server, &session, &node).await;
        assert_eq!(next_os_user(&mut control).await, os_user);
    }
}

#[tokio::test]
async fn two_people_with_one_role_and_different_tags_are_two_os_users() {
    let (server, node, mut control) = ready().await;
    let (alice, bob) = people(&server).await;
    for (person, tag) in [(&alice, "web"), (&bob, "ops")] {
        let session = as_role(&server, person, Some(tag)).await;
        let started = start(&server, &session, &node).await;
        assert_eq!(started.id.rsplit_once('-').unwrap().0, "shared");
        assert_eq!(next_os_user(&mut control).await, tag);
        let shown = described(&server, "Active", &started.id).await.unwrap();
        assert_eq!(
            shown["Owner"],
            "arn:aws:sts::000000000000:assumed-role/deploy/shared"
        );
    }
    let untagged = as_role(&server, &alice, None).await;
    start(&server, &untagged, &node).await;
    assert_eq!(next_os_user(&mut control).await, "fallback");
}

#[tokio::test]
async fn another_persons_role_session_of_the_same_name_cannot_resume() {
    let (server, node, _control) = ready().await;
    let (alice, bob) = people(&server).await;
    let of_alice = as_role(&server, &alice, Some("web")).await;
    let started = start(&server, &of_alice, &node).await;
    let of_bob = as_role(&server, &bob, Some("web")).await;
    let arn = async |keys: &Keys| server.whoami(keys).await.served().element("Arn");
    assert_eq!(arn(&of_alice).await, arn(&of_bob).await);

    let reply = resume(&server, &of_bob, &started.id).await;
    reply.refused(400, "AccessDeniedException");
    assert!(
        reply.message().contains("not the owner"),
        "{}",
        reply.message()
    );
    // A fresh login of the same person is the same person.
    let later = as_role(&server, &alice, Some("web")).await;
    resume(&server, &later, &started.id).await.served();
}

#[tokio::test]
async fn a_person_resumes_only_as_the_os_user_it_started_as() {
    let (server, node, _control) = ready().await;
    let (alice, _) = people(&server).await;
    let web = as_role(&server, &alice, Some("web")).await;
    let untagged = as_role(&server, &alice, None).await;
    let (as_web, by_default) = (
        start(&server, &web, &node).await,
        start(&server, &untagged, &node).await,
    );
    for other in [Some("ops"), Some(""), None] {
        let other = as_role(&server, &alice, other).await;
        let reply = resume(&server, &other, &as_web.id).await;
        reply.refused(400, "AccessDeniedException");
        assert!(reply.message().contains("OS user"), "{}", reply.message());
    }
    resume(&server, &web, &by_default.id)
        .await
        .refused(400, "AccessDeniedException");
    resume(&server, &web, &as_web.id).await.served();
    resume(&server, &untagged, &by_default.id).await.served();
}

#[tokio::test]
async fn policies_mean_a_role_sessions_own_sessions_by_its_userid() {
    let (server, node, _control) = ready().await;
    let own = json!({"Effect": "Allow", "Action": ["ssm:TerminateSession", "ssm:StartSession"],
        "Resource": ["arn:aws:ssm:*:*:session/${aws:userid}-*", "arn:aws:ssm:*:*:managed-instance/*"]});
    allow(&server, "deploy", &own).await;
    let (alice, _) = people(&server).await;
    let session = as_role(&server, &alice, Some("web")).await;
    let other = keys(&assume(&server, &alice, DEPLOY, "other", &[]).await.served());
    let started = start(&server, &session, &node).await;
    let terminate = async |keys: &Keys| {
        server
            .ssm(keys, "TerminateSession", &json!({"SessionId": started.id}))
            .await
    };
    terminate(&other)
        .await
        .refused(400, "AccessDeniedException");
    terminate(&session).await.served();
}
