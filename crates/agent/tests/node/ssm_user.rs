//! Sessions without Run As: ssm-user, made, refused and removed.

use std::process::Command;

use tokio::sync::Mutex;
use usher_sys::{Account, AccountError};

use crate::agent::Agent;
use crate::client::Client;
use crate::refusals::refusal;
use crate::service::Service;
use crate::throwaway::{skip, skip_unless_root};

/// The account has one name, so one test at a time may make it.
static SSM_USER: Mutex<()> = Mutex::const_new(());

fn skip_where_it_exists(test: &str) -> bool {
    let exists = Account::lookup("ssm-user").is_ok();
    if exists {
        skip(test, "ssm-user exists on this machine already");
    }
    exists
}

#[tokio::test]
async fn ssm_user_is_refused_where_the_node_says_deny_and_not_made_where_it_says_existing() {
    let test = "ssm_user_is_refused_where_the_node_says_deny";
    let _alone = SSM_USER.lock().await;
    if skip_unless_root(test) || skip_where_it_exists(test) {
        return;
    }
    for (rule, says) in [
        ("deny", "turn on Run As"),
        ("existing", "forbids making it"),
    ] {
        let mut service = Service::start().await;
        let policy = format!("ssm_user = {rule:?}");
        let _agent = Agent::start(&mut service, &policy).await;
        let sentence = refusal(&mut service, "tester-1", None).await;
        assert!(sentence.contains(says), "{rule}: {sentence}");
    }
}

/// An ssm-user as an administrator made it; removed in the end.
struct Existing;

impl Existing {
    fn make() -> Self {
        let made = Command::new("useradd").args(["-m", "ssm-user"]).status();
        assert!(made.unwrap().success());
        Self
    }
}

impl Drop for Existing {
    fn drop(&mut self) {
        // A process of the session may be on its way out still.
        let _ = Command::new("userdel")
            .args(["--force", "--remove", "ssm-user"])
            .output();
    }
}

#[tokio::test]
async fn an_ssm_user_that_exists_is_served_where_the_node_says_existing_and_nothing_is_made() {
    let test = "an_ssm_user_that_exists_is_served_where_the_node_says_existing";
    let _alone = SSM_USER.lock().await;
    if skip_unless_root(test) || skip_where_it_exists(test) {
        return;
    }
    let _existing = Existing::make();
    let mut service = Service::start().await;
    let agent = Agent::start(&mut service, "ssm_user = \"existing\"").await;
    let grant = service.grant("tester-1", None);
    let sockets = service.start_session("tester-1", &grant).await;
    let mut client = Client::attach(sockets, None).await;
    client.type_line("echo \"[$(id -un)]\"; exit");
    client.run_to_the_end().await;
    assert!(client.screen.contains("[ssm-user]"), "{}", client.screen);
    assert!(!std::path::Path::new("/etc/sudoers.d/ssm-agent-users").exists());
    assert!(!agent.directory().join("journal").exists());
}

#[tokio::test]
async fn ssm_user_is_made_on_first_use_journalled_and_removed_by_undo() {
    let test = "ssm_user_is_made_on_first_use_journalled_and_removed_by_undo";
    let _alone = SSM_USER.lock().await;
    if skip_unless_root(test) || skip_where_it_exists(test) {
        return;
    }
    let mut service = Service::start().await;
    let agent = Agent::start(&mut service, "").await;
    // Two first sessions at once make one user.
    let mut clients = Vec::new();
    for session in ["tester-1", "tester-2"] {
        let grant = service.grant(session, None);
        let sockets = service.start_session(session, &grant).await;
        clients.push(Client::attach(sockets, None).await);
    }
    for client in &mut clients {
        client.type_line("echo \"[$(id -un)]\"; exit");
        client.run_to_the_end().await;
        assert!(client.screen.contains("[ssm-user]"), "{}", client.screen);
    }
    let journal = std::fs::read_to_string(agent.directory().join("journal")).unwrap();
    assert_eq!(journal.matches("user ssm-user").count(), 1, "{journal}");

    agent.undo();
    assert_eq!(Account::lookup("ssm-user"), Err(AccountError::Missing));
    assert!(!std::path::Path::new("/home/ssm-user").exists());
    assert!(!agent.directory().join("journal").exists());
    agent.undo();
}
