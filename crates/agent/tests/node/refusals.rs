//! Sessions the node refuses: no session worker, no data channel, one sentence.

use usher_wire::message::TaskStatus;

use crate::agent::Agent;
use crate::service::{NODE, Service};
use crate::throwaway::{User, skip_unless_root};

/// Starts a session for `login` and returns the sentence it fails with.
pub(crate) async fn refusal(service: &mut Service, session: &str, login: Option<&str>) -> String {
    let grant = service.grant(session, login);
    let mut sockets = service.start_session(session, &grant).await;
    let complete = service.completion(session).await;
    assert_eq!(complete.final_task_status, TaskStatus::Failed);
    assert!(sockets.try_recv().is_err(), "a data channel was opened");
    complete.output
}

#[tokio::test]
async fn accounts_that_must_not_be_used_are_refused_with_a_sentence() {
    if skip_unless_root("accounts_that_must_not_be_used_are_refused_with_a_sentence") {
        return;
    }
    let alias = User::new(&["-M", "-N", "-o", "-u", "0", "-g", "100"]);
    let grouped = User::new(&["-M", "-N", "-g", "0"]);
    let denied = User::new(&["-M"]);
    let member = User::new(&["-M", "-G", "news"]);
    let low = User::new(&["-M", "-r"]);
    let mut service = Service::start().await;
    let policy = format!("deny = [{:?}]\ndeny_groups = [\"news\"]", denied.name);
    let _agent = Agent::start(&mut service, &policy).await;

    let missing = format!("does not exist on {NODE}");
    let cases = [
        ("ushertest-nobody-has-this", missing.as_str()),
        ("root", "has uid 0"),
        (&alias.name, "has uid 0"),
        (&grouped.name, "primary group 0"),
        (&denied.name, "`deny` list"),
        (&member.name, "member of news"),
        (&low.name, "below `min_uid` 1000"),
        ("usher-agent", "service account"),
        ("daemon", "below `min_uid`"),
    ];
    for (number, (login, says)) in cases.into_iter().enumerate() {
        let session = format!("tester-{number}");
        let sentence = refusal(&mut service, &session, Some(login)).await;
        assert!(sentence.contains(says), "{login}: {sentence}");
    }
}

#[tokio::test]
async fn a_grant_is_refused_when_replayed_forged_or_for_another_session() {
    if skip_unless_root("a_grant_is_refused_when_replayed_forged_or_for_another_session") {
        return;
    }
    let mut service = Service::start().await;
    let _agent = Agent::start(&mut service, "").await;
    let login = Some("ushertest-nobody-has-this");

    // Spent even though its account does not exist.
    let grant = service.grant("tester-1", login);
    let _ = service.start_session("tester-1", &grant).await;
    let sentence = service.completion("tester-1").await.output;
    assert!(sentence.contains("does not exist"), "{sentence}");
    let _ = service.start_session("tester-1", &grant).await;
    let sentence = service.completion("tester-1").await.output;
    assert!(sentence.contains("used before"), "{sentence}");

    let _ = service.start_session("tester-2", &grant).await;
    let sentence = service.completion("tester-2").await.output;
    assert!(sentence.contains("another session"), "{sentence}");

    let mut forged = service.grant("tester-3", login);
    if let Some(byte) = forged.last_mut() {
        *byte ^= 1;
    }
    let _ = service.start_session("tester-3", &forged).await;
    let sentence = service.completion("tester-3").await.output;
    assert!(sentence.contains("cannot be believed"), "{sentence}");
}
