//! Sessions that outlive the monitor which started them, and the successor that takes them over.

use usher_sys::Account;
use usher_wire::message::TaskStatus;

use crate::agent::{Agent, eventually, runs};
use crate::client::Client;
use crate::deaths::{kill_only, session_with_a_sleeper};
use crate::service::Service;
use crate::throwaway::{User, skip, skip_unless_root};

fn skip_without_cgroups(test: &str) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let missing = !mounts.contains(" - cgroup2 ");
    if missing {
        skip(test, "it needs cgroups of version 2");
    }
    missing
}

#[tokio::test]
async fn where_the_node_lets_it_what_a_session_leaves_running_goes_on() {
    if skip_unless_root("where_the_node_lets_it_what_a_session_leaves_running_goes_on") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/bash"]);
    let mut service = Service::start().await;
    let _agent = Agent::start(&mut service, "linger = true").await;
    let grant = service.grant("tester-1", Some(&user.name));
    let sockets = service.start_session("tester-1", &grant).await;
    let mut client = Client::attach(sockets, None).await;
    client.type_line("(setsid nohup sleep 98776 >/dev/null 2>&1 &); exit");
    client.run_to_the_end().await;
    let complete = service.completion("tester-1").await;
    assert_eq!(complete.final_task_status, TaskStatus::Success);
    assert!(runs("sleep 98776"));
    usher_sys::end_processes_of(Account::lookup(&user.name).unwrap().uid()).unwrap();
    eventually("the sleeper is gone", || !runs("sleep 98776")).await;
}

#[tokio::test]
async fn a_login_that_died_with_its_monitor_is_reported_as_lost() {
    if skip_unless_root("a_login_that_died_with_its_monitor_is_reported_as_lost") {
        return;
    }
    let (mut service, mut agent, user, mut client) = session_with_a_sleeper("98779").await;
    let login = agent.workers("login-child");
    agent.kill_monitor();
    kill_only(&login);
    client.run_to_the_end().await;
    agent.start_again(&mut service).await;
    let complete = service.completion("tester-1").await;
    assert_eq!(complete.final_task_status, TaskStatus::Failed);
    assert!(
        complete.output.contains("login process"),
        "{}",
        complete.output
    );
    // Nobody's child any more: only its cgroup leads to it.
    if skip_without_cgroups("a_login_that_died_with_its_monitor: its orphan") {
        usher_sys::end_processes_of(Account::lookup(&user.name).unwrap().uid()).unwrap();
        return;
    }
    eventually("the orphan is killed", || !runs("sleep 98779")).await;
}

#[tokio::test]
async fn a_grant_repeated_to_a_successor_does_not_end_the_session_it_opened() {
    if skip_unless_root("a_grant_repeated_to_a_successor_does_not_end_the_session") {
        return;
    }
    let (mut service, mut agent, _user, mut client) = session_with_a_sleeper("98772").await;
    agent.kill_monitor();
    agent.start_again(&mut service).await;
    let grant = service.grant("tester-1", Some("nobody"));
    let _none = service.start_session("tester-1", &grant).await;
    client.type_line("echo still-$((40+2)); exit 3");
    client.run_to_the_end().await;
    assert!(client.screen.contains("still-42"));
    let complete = service.completion("tester-1").await;
    assert_eq!(
        (complete.final_task_status, complete.output.as_str()),
        (TaskStatus::Success, "")
    );
}

#[tokio::test]
async fn a_session_goes_on_without_a_monitor_and_its_successor_can_end_it() {
    if skip_unless_root("a_session_goes_on_without_a_monitor") {
        return;
    }
    let (mut service, mut agent, _user, mut client) = session_with_a_sleeper("98773").await;
    agent.forget_journal();
    agent.kill_monitor();
    client.type_line("echo alone-$((40+2))");
    client.until("alone-42").await;

    // Stopped by its unit, another one is no different.
    agent.start_again(&mut service).await;
    agent.stop_monitor();
    client.type_line("echo again-$((40+2))");
    client.until("again-42").await;

    agent.start_again(&mut service).await;
    assert!(runs("sleep 98773"));
    service.close_session("tester-1").await;
    client.run_to_the_end().await;
    let complete = service.completion("tester-1").await;
    assert_eq!(complete.final_task_status, TaskStatus::Success);
    assert!(!runs("sleep 98773"));
}

#[tokio::test]
async fn an_end_that_no_monitor_saw_is_reported_by_its_successor_once() {
    if skip_unless_root("an_end_that_no_monitor_saw_is_reported_by_its_successor_once") {
        return;
    }
    let (mut service, mut agent, _user, mut client) = session_with_a_sleeper("98774").await;
    agent.kill_monitor();
    client.type_line("exit");
    client.run_to_the_end().await;
    eventually("the session's processes are gone", || !runs("sleep 98774")).await;
    agent.start_again(&mut service).await;
    let complete = service.completion("tester-1").await;
    assert_eq!(complete.final_task_status, TaskStatus::Success);
    let left = agent.directory().join("run/sessions");
    eventually("nothing is left of it", || {
        std::fs::read_dir(&left).unwrap().next().is_none()
    })
    .await;
}
