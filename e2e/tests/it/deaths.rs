//! What the history says, and who lives on, when a process of the agent is killed. `crates/agent/tests/node/kills.rs` kills
//! at random moments against a service made by hand; here the service is the server.

use std::fs;
use std::path::Path;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::fixtures::{ByDefault, SESSION};
use crate::harness::DEADLINE;
use crate::harness::observer::agent_processes;
use crate::harness::skip::lacks;
use crate::harness::terminal::Terminal;

/// The process of this kind that came with a session.
fn new_process(before: &[i32], now: &[i32], subcommand: &str) -> i32 {
    let runs = |pid: &&i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).nth(1) == Some(subcommand.as_bytes())
    };
    let new = now.iter().filter(|pid| !before.contains(pid));
    *new.clone()
        .find(runs)
        .unwrap_or_else(|| panic!("no {subcommand} among {:?}", new.collect::<Vec<_>>()))
}

fn session_of(terminal: &mut Terminal) -> String {
    terminal
        .shell("echo $USHER_SESSION_ID")
        .trim_end()
        .to_owned()
}

/// Kills this process of a session; the history says it in these words.
fn check(subcommand: &str, words: &str) {
    let fixture = ByDefault::start(&subcommand[..5]);
    let dev = &fixture.dev;
    let mut other = fixture.shell();
    let before = agent_processes(dev.pid());
    let mut victim = fixture.shell();
    let session = session_of(&mut victim);
    let left = victim.shell("sleep 1000 & echo $!");
    let left = left.lines().last().unwrap().trim().to_owned();
    let process = new_process(&before, &agent_processes(dev.pid()), subcommand);

    kill_process(Pid::from_raw(process).unwrap(), Signal::KILL).unwrap();
    let kept = dev.history(&session);
    assert_eq!(kept["Status"], "Failed", "{kept}");
    let details = kept["Details"].as_str().unwrap_or_default();
    assert!(details.contains(words), "{kept}");
    victim.end();
    let (killed, program) = (Instant::now(), format!("/proc/{left}"));
    while Path::new(&program).exists() {
        assert!(killed.elapsed() < DEADLINE, "{left} lives on");
    }

    let alive = session_of(&mut other);
    assert_ne!(alive, session);
    other.send(b"exit\r");
    other.end();
    assert_eq!(dev.history(&alive)["Status"], "Terminated");
}

#[test]
fn a_session_whose_worker_is_killed_is_told_as_failed_and_leaves_nothing() {
    if lacks(&SESSION) {
        return;
    }
    check("session", "The session worker on the node was killed.");
}

#[test]
fn a_session_whose_login_is_killed_is_told_as_failed_and_leaves_nothing() {
    if lacks(&SESSION) {
        return;
    }
    check(
        "login-child",
        "The login process on the node ended before the shell did",
    );
}
