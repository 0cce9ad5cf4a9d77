//! What is left when one of the agent's processes is killed.

use std::fs;

use usher_sys::Pid;
use usher_wire::message::TaskStatus;

use crate::agent::{Agent, eventually, runs};
use crate::client::Client;
use crate::service::Service;
use crate::throwaway::{User, skip_unless_root};

/// A session whose shell runs `sleep <seconds>` in the background, immune to hang-ups.
pub(crate) async fn session_with_a_sleeper(seconds: &str) -> (Service, Agent, User, Client) {
    let user = User::new(&["-m", "-s", "/bin/bash"]);
    let mut service = Service::start().await;
    let agent = Agent::start(&mut service, "").await;
    let grant = service.grant("tester-1", Some(&user.name));
    let sockets = service.start_session("tester-1", &grant).await;
    let mut client = Client::attach(sockets, None).await;
    client.type_line(&format!(
        "(trap '' HUP; setsid sleep {seconds} &); echo started"
    ));
    client.until("started\r\n").await;
    let sleeper = format!("sleep {seconds}");
    eventually("the sleeper runs", || runs(&sleeper)).await;
    (service, agent, user, client)
}

pub(crate) fn kill_only(pids: &[i32]) {
    assert_eq!(pids.len(), 1, "{pids:?}");
    usher_sys::kill(Pid::from_raw(pids[0]));
}

#[tokio::test]
async fn when_the_session_worker_dies_its_shell_dies() {
    if skip_unless_root("when_the_session_worker_dies_its_shell_dies") {
        return;
    }
    let (mut service, agent, _user, _client) = session_with_a_sleeper("98762").await;
    kill_only(&agent.workers("session"));
    let complete = service.completion("tester-1").await;
    assert_eq!(complete.final_task_status, TaskStatus::Failed);
    assert!(
        complete.output.contains("was killed"),
        "{}",
        complete.output
    );
    assert!(!runs("sleep 98762"));
}

#[tokio::test]
async fn when_the_login_process_dies_the_session_ends_and_its_orphans_are_killed() {
    if skip_unless_root("when_the_login_process_dies_the_session_ends") {
        return;
    }
    let (mut service, agent, _user, mut client) = session_with_a_sleeper("98763").await;
    kill_only(&agent.workers("login-child"));
    client.run_to_the_end().await;
    let complete = service.completion("tester-1").await;
    assert_eq!(complete.final_task_status, TaskStatus::Failed);
    assert!(
        complete.output.contains("before the shell"),
        "{}",
        complete.output
    );
    eventually("the orphan is killed", || !runs("sleep 98763")).await;
}

#[tokio::test]
async fn when_the_control_process_dies_sessions_go_on_and_a_new_one_connects() {
    if skip_unless_root("when_the_control_process_dies_sessions_go_on") {
        return;
    }
    let (mut service, agent, _user, mut client) = session_with_a_sleeper("98764").await;
    kill_only(&agent.workers("control"));
    service.agent_connects().await;
    client.type_line("echo still-$((40+2)); exit");
    client.run_to_the_end().await;
    assert!(client.screen.contains("still-42"));
    // The new control process reports what it never started.
    let complete = service.completion("tester-1").await;
    assert_eq!(complete.final_task_status, TaskStatus::Success);
}

#[tokio::test]
async fn an_agent_with_a_journal_ends_its_sessions_and_says_so_before_it_stops() {
    if skip_unless_root("an_agent_with_a_journal_ends_its_sessions") {
        return;
    }
    let (mut service, agent, _user, _client) = session_with_a_sleeper("98766").await;
    agent.ask_to_stop();
    let complete = service.completion("tester-1").await;
    assert_eq!(complete.final_task_status, TaskStatus::Success);
    assert!(!runs("sleep 98766"));
}

#[tokio::test]
async fn workers_run_as_service_uids_without_capabilities_and_cannot_be_traced() {
    if skip_unless_root("workers_run_as_service_uids_without_capabilities") {
        return;
    }
    let (_service, agent, _user, _client) = session_with_a_sleeper("98765").await;
    let mut uids = Vec::new();
    for worker in ["control", "session"] {
        let pids = agent.workers(worker);
        let status = fs::read_to_string(format!("/proc/{}/status", pids[0])).unwrap();
        let line = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            line.unwrap().trim().to_owned()
        };
        assert_eq!(line("CapPrm:"), "0000000000000000", "{worker}");
        assert_eq!(line("CapInh:"), "0000000000000000", "{worker}");
        assert_eq!(line("NoNewPrivs:"), "1", "{worker}");
        // 2 is a filter; what it and landlock leave a worker is tested in `crates/sys`.
        assert_eq!(line("Seccomp:"), "2", "{worker}");
        let ids: Vec<String> = line("Uid:").split('\t').map(str::to_owned).collect();
        assert!(
            ids.iter().all(|id| *id == ids[0] && id != "0"),
            "{worker}: {ids:?}"
        );
        uids.push(ids[0].clone());
        // Not dumpable: the files in /proc belong to root.
        let owner = fs::metadata(format!("/proc/{}/environ", pids[0])).unwrap();
        assert_eq!(std::os::unix::fs::MetadataExt::uid(&owner), 0, "{worker}");
    }
    assert_ne!(uids[0], uids[1]);
    let key = agent.directory().join("state/control/registration.key");
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(key).unwrap());
    assert_eq!(owner.to_string(), uids[0]);
}
