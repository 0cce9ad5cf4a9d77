//! An agent that is not root: it serves its own user and says so to everybody else.

use usher_sys::Account;

use crate::agent::Agent;
use crate::client::Client;
use crate::service::Service;
use crate::throwaway::{User, skip_unless_root};

#[tokio::test]
async fn an_ordinary_user_serves_only_itself_and_refuses_run_as_off() {
    if skip_unless_root("an_ordinary_user_serves_only_itself_and_refuses_run_as_off") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/bash"]);
    let account = Account::lookup(&user.name).unwrap();
    let ids = (account.uid().as_raw(), account.gid().as_raw());
    let mut service = Service::start().await;
    let _agent = Agent::start_as(&mut service, "", Some(ids)).await;

    for (session, login, says) in [
        ("tester-1", Some("daemon"), "not as root"),
        ("tester-2", None, "sessions without Run As"),
    ] {
        let grant = service.grant(session, login);
        let _ = service.start_session(session, &grant).await;
        let sentence = service.completion(session).await.output;
        assert!(sentence.contains(says), "{sentence}");
        assert!(sentence.contains(&user.name), "{sentence}");
    }

    let grant = service.grant("tester-3", Some(&user.name));
    let sockets = service.start_session("tester-3", &grant).await;
    let mut client = Client::attach(sockets, None).await;
    client.type_line("echo \"[$(id -un) $PWD]\"; exit");
    client.run_to_the_end().await;
    let expected = format!("[{0} /home/{0}]", user.name);
    assert!(client.screen.contains(&expected), "{}", client.screen);
}
