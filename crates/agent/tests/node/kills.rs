//! Monitor, control, session worker and login killed in turn at random moments of a session: no process of it is left, the
//! sessions of others go on, and the service is told the truth.
//!
//! `USHER_KILLS` turns, from the seed `USHER_KILL_SEED`; a failure prints what replays its turn.

use std::time::Duration;

use tokio::sync::mpsc;
use usher_sys::{Account, Pid, Uid};
use usher_wire::message::TaskStatus;

use crate::agent::{Agent, NOBODY, eventually, processes_of};
use crate::client::{Client, a_worker_comes};
use crate::noise::Noise;
use crate::service::{Service, WebSocket};
use crate::throwaway::{User, skip_unless_root};

/// Turns in the short form: each process twice.
const TURNS: u64 = 8;

/// A killing comes at the latest this long after the start: on an idle machine the shell is up by then.
const LATEST_MS: usize = 400;

/// The subcommands of the four.
const PROCESSES: [&str; 4] = ["run", "session", "control", "login-child"];

fn number(variable: &str) -> Option<u64> {
    Some(std::env::var(variable).ok()?.parse().unwrap())
}

/// Says how to do it again if its turn fails.
struct Replay(u64);

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("replay: USHER_KILL_SEED={} USHER_KILLS=1", self.0);
        }
    }
}

/// Sessions without a journal outlive the agent: a failed test must not leave them.
struct Swept(Uid);

impl Drop for Swept {
    fn drop(&mut self) {
        let _ = usher_sys::end_processes_of(self.0);
    }
}

/// A session as far as it has come.
struct Session {
    name: String,
    sockets: Option<mpsc::Receiver<WebSocket>>,
    client: Option<Client>,
}

impl Session {
    /// Until its shell has started a process that wants to stay; false when it ended before. May be dropped and called
    /// again.
    async fn comes_up(&mut self) -> bool {
        if let Some(sockets) = &mut self.sockets {
            a_worker_comes(sockets).await;
            let sockets = self.sockets.take().unwrap();
            let mut client = Client::attach(sockets, None).await;
            client.type_line(
                "(setsid sh -c 'nohup setsid sleep 98751 >/dev/null 2>&1 &' &); echo up-$((40+2))",
            );
            self.client = Some(client);
        }
        self.client.as_mut().unwrap().shows_or_ends("up-42").await
    }
}

#[tokio::test]
async fn whichever_process_is_killed_at_whatever_moment_no_shell_is_left_and_others_go_on() {
    let test = "whichever_process_is_killed_at_whatever_moment_no_shell_is_left_and_others_go_on";
    if skip_unless_root(test) {
        return;
    }
    let (user, bystander) = (
        User::new(&["-m", "-s", "/bin/sh"]),
        User::new(&["-m", "-s", "/bin/sh"]),
    );
    let uid = |user: &User| Account::lookup(&user.name).unwrap().uid();
    let _swept = [Swept(uid(&user)), Swept(uid(&bystander))];
    let mut service = Service::start().await;
    let mut agent = Agent::start(&mut service, "").await;
    agent.forget_journal();
    agent.stop_monitor();
    agent.start_again(&mut service).await;

    let mut others = Vec::new();
    for name in ["other-1", "other-2"] {
        let grant = service.grant(name, Some(&bystander.name));
        let sockets = service.start_session(name, &grant).await;
        let mut client = Client::attach(sockets, None).await;
        client.type_line("echo here-$((40+2))");
        client.until("here-42").await;
        others.push((name, client));
    }

    let first = number("USHER_KILL_SEED").unwrap_or(0);
    for seed in first..first + number("USHER_KILLS").unwrap_or(TURNS) {
        let replay = Replay(seed);
        turn(&mut service, &mut agent, &user, seed).await;
        let uid = uid(&user).as_raw();
        eventually("nothing of it is left", || processes_of(uid).is_empty()).await;
        for (_, client) in &mut others {
            client.type_line(&format!("echo turn-$((4{seed}0+2))"));
            client.until(&format!("turn-4{seed}2")).await;
        }
        drop(replay);
    }
    for (name, mut client) in others {
        client.type_line("exit");
        client.run_to_the_end().await;
        let complete = service.completion(name).await;
        assert_eq!(complete.final_task_status, TaskStatus::Success);
    }
}

/// One session, and one killing.
async fn turn(service: &mut Service, agent: &mut Agent, user: &User, seed: u64) {
    let mut noise = Noise::of(seed);
    let process = PROCESSES[usize::try_from(seed).unwrap() % PROCESSES.len()];
    let moment = Duration::from_millis(noise.below(LATEST_MS).try_into().unwrap());
    let name = format!("victim-{seed}");
    let before = [agent.workers("session"), agent.workers("login-child")].concat();
    let grant = service.grant(&name, Some(&user.name));
    let sockets = service.start_session(&name, &grant).await;
    let mut session = Session {
        name,
        sockets: Some(sockets),
        client: None,
    };
    let _ = tokio::time::timeout(moment, session.comes_up()).await;

    match process {
        "run" => {
            agent.kill_monitor();
            agent.start_again(service).await;
            service.repeat_start(&session.name, &grant).await;
        }
        "control" => {
            for control in agent.workers(process) {
                usher_sys::kill(Pid::from_raw(control));
            }
            service.agent_connects().await;
            service.repeat_start(&session.name, &grant).await;
        }
        worker => {
            let mut own = agent.workers(worker);
            own.retain(|pid| !before.contains(pid));
            for pid in &own {
                usher_sys::kill(Pid::from_raw(*pid));
            }
            if !own.is_empty() {
                let complete = service.completion(&session.name).await;
                assert_eq!(complete.final_task_status, TaskStatus::Failed);
                assert!(!complete.output.is_empty());
                return;
            }
        }
    }
    goes_on_or_fails(service, session).await;
}

/// What carries a session is gone and back: it is up, or has failed and says why.
async fn goes_on_or_fails(service: &mut Service, mut session: Session) {
    let name = session.name.clone();
    let up = tokio::select! {
        up = session.comes_up() => up,
        complete = service.completion(&name) => {
            assert_eq!(complete.final_task_status, TaskStatus::Failed);
            assert!(!complete.output.is_empty());
            return;
        }
    };
    if up {
        let client = session.client.as_mut().unwrap();
        client.type_line("exit");
        client.run_to_the_end().await;
    }
    let complete = service.completion(&name).await;
    let expected = if up {
        TaskStatus::Success
    } else {
        TaskStatus::Failed
    };
    assert_eq!(complete.final_task_status, expected, "{}", complete.output);
}

#[tokio::test]
async fn what_forks_twice_leaves_its_session_and_ignores_hang_ups_is_gone_when_the_end_is_told() {
    let test = "what_forks_twice_leaves_its_session_and_ignores_hang_ups_is_gone";
    if skip_unless_root(test) {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/sh"]);
    let uid = Account::lookup(&user.name).unwrap().uid();
    let mut service = Service::start().await;
    let _agent = Agent::start(&mut service, "").await;
    for (name, leaves) in [("tester-1", true), ("tester-2", false)] {
        let grant = service.grant(name, Some(&user.name));
        let sockets = service.start_session(name, &grant).await;
        let mut session = Session {
            name: name.to_owned(),
            sockets: Some(sockets),
            client: None,
        };
        assert!(session.comes_up().await);
        let client = session.client.as_mut().unwrap();
        if leaves {
            client.type_line("exit");
        } else {
            service.close_session(name).await;
        }
        client.run_to_the_end().await;
        // The end is told when there is nothing left, however long that took.
        service.completion(name).await;
        assert_eq!(processes_of(uid.as_raw()), NOBODY, "{name}");
    }
}
