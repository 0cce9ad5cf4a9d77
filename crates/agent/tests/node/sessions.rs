//! Sessions that run: who they are, what they see, how they end.

use std::collections::BTreeMap;

use usher_wire::message::{TaskStatus, Terminal};

use crate::agent::{Agent, children_of, eventually, runs};
use crate::client::Client;
use crate::service::Service;
use crate::throwaway::{User, skip_unless_root};

fn terminal() -> Terminal {
    Terminal {
        cols: 111,
        rows: 33,
        term: "tmux-256color".to_owned(),
        locale: BTreeMap::from([("LC_ALL".to_owned(), "C.UTF-8".to_owned())]),
    }
}

/// An agent, a user with bash and a session of it with our own client.
async fn session(session: &str) -> (Service, Agent, User, Client) {
    let user = User::new(&["-m", "-s", "/bin/bash", "-G", "news"]);
    let mut service = Service::start().await;
    let agent = Agent::start(&mut service, "").await;
    let grant = service.grant(session, Some(&user.name));
    let sockets = service.start_session(session, &grant).await;
    let client = Client::attach(sockets, Some(terminal())).await;
    (service, agent, user, client)
}

#[tokio::test]
async fn a_session_is_its_os_user_at_home_and_reports_its_exit_code() {
    if skip_unless_root("a_session_is_its_os_user_at_home_and_reports_its_exit_code") {
        return;
    }
    let (mut service, _agent, user, mut client) = session("tester-1").await;
    client.type_line("echo \"[$(id -un) $(id -Gn) $PWD $TERM $LC_ALL $USHER_SESSION_ID]\"");
    let name = &user.name;
    client
        .until(&format!(
            "[{name} {name} news /home/{name} tmux-256color C.UTF-8 tester-1]"
        ))
        .await;
    client.type_line("stty size; echo \"[$0 $(env | grep -c USHERTEST)]\"");
    client.until("33 111").await;
    client.until("[-bash 0]").await;
    client.type_line("echo last; exit 7");
    client.run_to_the_end().await;
    assert!(client.screen.contains("last"));
    assert_eq!(client.exit_code.as_deref(), Some("EXIT_CODE: 7"));
    let ended = client.last_state.unwrap().usher.unwrap();
    assert_eq!(
        (ended.status, ended.exit_code),
        (TaskStatus::Success, Some(7))
    );
    let complete = service.completion("tester-1").await;
    assert_eq!(complete.final_task_status, TaskStatus::Success);
}

#[tokio::test]
async fn a_plain_aws_client_gets_a_shell_and_no_exit_code() {
    if skip_unless_root("a_plain_aws_client_gets_a_shell_and_no_exit_code") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/sh"]);
    let mut service = Service::start().await;
    let _agent = Agent::start(&mut service, "").await;
    let grant = service.grant("tester-1", Some(&user.name));
    let sockets = service.start_session("tester-1", &grant).await;
    let mut client = Client::attach(sockets, None).await;
    client.type_line("echo \"[$TERM $LANG]\"; exit 3");
    client.run_to_the_end().await;
    assert!(
        client.screen.contains("[xterm-256color C.UTF-8]"),
        "{}",
        client.screen
    );
    assert_eq!(client.exit_code, None);
    let complete = service.completion("tester-1").await;
    assert_eq!(complete.final_task_status, TaskStatus::Success);
}

#[tokio::test]
async fn a_long_output_arrives_whole_over_a_lost_connection() {
    if skip_unless_root("a_long_output_arrives_whole_over_a_lost_connection") {
        return;
    }
    let (_service, _agent, _user, mut client) = session("tester-1").await;
    // Not what is typed, which may be shown as well.
    client.type_line("PS1=; stty -echo; echo ready-$((40+2))");
    client.until("ready-42\r\n").await;
    client.screen.clear();
    client.type_line("seq 1 60000; echo done-$((40+2))");
    client.until("\r\n20000\r\n").await;
    client.lose_the_connection().await;
    client.until("done-42").await;
    let numbers: Vec<u32> = client
        .screen
        .lines()
        .filter_map(|line| line.trim().parse().ok())
        .collect();
    let expected: Vec<u32> = (1..=60_000).collect();
    assert!(numbers == expected, "bytes were lost, doubled or reordered");
}

#[tokio::test]
async fn a_session_ended_by_the_service_leaves_no_process_behind() {
    if skip_unless_root("a_session_ended_by_the_service_leaves_no_process_behind") {
        return;
    }
    let (mut service, _agent, _user, mut client) = session("tester-1").await;
    // In a session of its own, deaf to hang-ups, its parent gone: beyond any process group.
    client.type_line("(trap '' HUP; setsid nohup sleep 98761 >/dev/null 2>&1 &); echo started");
    client.until("started\r\n").await;
    eventually("the background process runs", || runs("sleep 98761")).await;
    // The client is not there to acknowledge the last output; nobody waits for it.
    service.close_session("tester-1").await;
    let complete = service.completion("tester-1").await;
    assert_eq!(complete.final_task_status, TaskStatus::Success);
    assert!(!runs("sleep 98761"));
}

#[tokio::test]
async fn a_key_that_reuses_the_number_of_control_c_is_run_and_wedges_nothing() {
    if skip_unless_root("a_key_that_reuses_the_number_of_control_c_is_run") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/bash"]);
    let mut service = Service::start().await;
    let _agent = Agent::start(&mut service, "").await;
    let grant = service.grant("tester-1", Some(&user.name));
    let sockets = service.start_session("tester-1", &grant).await;
    let mut client = Client::attach(sockets, None).await;
    client.until("$ ").await;
    // As captured from AWS's plugin: Ctrl-C and the key after it share a number, and the one after that is skipped.
    client.send_by_hand(1, "sleep 98767\r").await;
    client.until("sleep 98767\r\n").await;
    // Before that the shell itself would take the interrupt.
    eventually("the sleeper runs", || runs("sleep 98767")).await;
    client.send_by_hand(2, "\x03").await;
    client.send_by_hand(2, "e").await;
    client.send_by_hand(4, "cho back-$((40+2))\r").await;
    client.until("back-42\r\n").await;
    client.send_by_hand(5, "exit\r").await;
    client.run_to_the_end().await;
}

#[tokio::test]
async fn last_output_that_nobody_takes_waits_until_the_service_ends_the_session() {
    if skip_unless_root("last_output_that_nobody_takes_waits_until_the_service_ends_the_session") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/bash"]);
    let mut service = Service::start().await;
    let agent = Agent::start(&mut service, "").await;
    let grant = service.grant("tester-1", Some(&user.name));
    let sockets = service.start_session("tester-1", &grant).await;
    let mut client = Client::attach(sockets, None).await;
    client.until("$ ").await;
    // From here on the client takes nothing.
    client.send_by_hand(1, "echo last-$((40+2)); exit\r").await;
    let login = agent.workers("login-child");
    eventually("the shell is gone", || {
        children_of(login[0].cast_unsigned()).is_empty()
    })
    .await;
    assert_eq!(agent.workers("session").len(), 1);
    assert_eq!(agent.workers("login-child"), login);
    service.close_session("tester-1").await;
    let complete = service.completion("tester-1").await;
    assert_eq!(complete.final_task_status, TaskStatus::Success);
    assert!(agent.workers("session").is_empty());
    assert!(agent.workers("login-child").is_empty());
}
