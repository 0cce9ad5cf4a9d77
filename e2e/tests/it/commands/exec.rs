//! `usher exec`: clean streams, the real status, and nothing left behind.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use rustix::process::Signal;

use super::text;
use crate::fixtures::{BY_DEFAULT, ByDefault, MAY_START, SESSION};
use crate::harness::DEADLINE;
use crate::harness::process::Process;
use crate::harness::programs;
use crate::harness::skip::lacks;

fn exec(fixture: &ByDefault, words: &[&str]) -> Command {
    let mut usher = fixture
        .dev
        .command(&fixture.bob.keys, programs::usher().to_str().unwrap());
    usher
        .args(["exec", "--target", fixture.dev.node(), "--"])
        .args(words);
    usher
}

fn run(fixture: &ByDefault, words: &[&str], input: &[u8]) -> Output {
    let mut child = exec(fixture, words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // A command that ends without reading is no failure.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[test]
fn who_is_refused_a_shell_runs_nothing_and_is_told_why_on_standard_error() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let refused = fixture.dev.principal("noexec", &MAY_START);
    fixture.dev.tag_run_as(&refused, "root");
    let output = exec(&fixture, &["id"])
        .env("AWS_ACCESS_KEY_ID", &refused.keys.id)
        .env("AWS_SECRET_ACCESS_KEY", &refused.keys.secret)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(255));
    assert_eq!(text(&output.stdout), "");
    assert!(text(&output.stderr).contains("root is never allowed"));
}

#[test]
fn a_program_that_is_not_there_ends_with_127_as_in_a_shell() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let output = run(&fixture, &["ushertest-no-such-program"], b"");
    assert_eq!(output.status.code(), Some(127), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("not found"));
}

#[test]
fn both_streams_are_the_commands_alone_and_so_is_the_status() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let script = "echo out; echo err >&2; id -un; exit 7";
    let output = run(&fixture, &["sh", "-c", script], b"");
    let name = fixture.os_user.name();
    assert_eq!(text(&output.stdout), format!("out\n{name}\n"));
    assert_eq!(text(&output.stderr), "err\n");
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn a_command_that_a_signal_ends_has_128_and_its_number_as_in_a_shell() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    for signal in [1, 2, 3, 6, 9, 10, 13, 14, 15] {
        let script = format!("ulimit -c 0; kill -{signal} $$");
        let output = run(&fixture, &["sh", "-c", &script], b"");
        assert_eq!(output.status.code(), Some(128 + signal));
    }
}

#[test]
fn input_is_binary_ends_when_it_ends_and_output_goes_on_after_it() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    // Every byte value, lone line feeds, Ctrl-C and Ctrl-D among them, at sizes that cut messages everywhere.
    let bytes: Vec<u8> = (0..3_000_001_u32).map(|n| (n % 257 % 256) as u8).collect();
    let output = run(&fixture, &["sh", "-c", "cat; echo end >&2"], &bytes);
    assert!(
        output.stdout == bytes,
        "{} bytes came back",
        output.stdout.len()
    );
    assert_eq!(text(&output.stderr), "end\n");
    assert_eq!(output.status.code(), Some(0));
    // A command that needs the end of its input to begin.
    let output = run(&fixture, &["wc", "-c"], b"\n");
    assert_eq!(text(&output.stdout).trim(), "1");
    let output = run(&fixture, &["true"], &bytes);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn signals_of_the_caller_reach_the_command() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let start = |script: &str| {
        let mut child = exec(&fixture, &["sh", "-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut ready = [0; 6];
        stdout.read_exact(&mut ready).unwrap();
        assert_eq!(&ready, b"ready\n");
        (Process::new(child), stdout)
    };
    let (mut child, _stdout) = start("trap 'exit 9' INT; echo ready; sleep 98765 & wait");
    child.signal(Signal::INT);
    assert_eq!(child.wait(DEADLINE).unwrap().code(), Some(9));
    let (mut child, _stdout) = start("echo ready; exec sleep 98764");
    child.signal(Signal::TERM);
    assert_eq!(child.wait(DEADLINE).unwrap().code(), Some(128 + 15));
    let started = Instant::now();
    while is_running("sleep 98764") || is_running("sleep 98765") {
        assert!(
            started.elapsed() < DEADLINE,
            "a command outlived its session"
        );
    }
}

#[test]
fn every_status_arrives_and_a_script_that_runs_it_again_and_again_leaves_nothing() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = ByDefault::start("often");
    let before = agents(fixture.dev.pid());
    // All 256 of them. `USHER_EXEC_RUNS=500` makes it the long run.
    let runs = std::env::var("USHER_EXEC_RUNS").map_or(256, |runs| runs.parse().unwrap());
    for number in 0..runs {
        let status = number % 256;
        let script = format!("echo {number}; exit {status}");
        let output = run(&fixture, &["sh", "-c", &script], b"");
        assert_eq!(text(&output.stdout), format!("{number}\n"));
        assert_eq!(output.status.code(), Some(status));
    }
    let arguments = serde_json::json!({"State": "Active"});
    let active = || {
        let call = fixture
            .dev
            .call(&fixture.dev.admin(), "ssm", "describe_sessions", &arguments);
        call.must()["Sessions"].as_array().unwrap().len()
    };
    let started = Instant::now();
    while active() > 0 || agents(fixture.dev.pid()) != before {
        assert!(started.elapsed() < DEADLINE, "something was left behind");
    }
}

fn is_running(command_line: &str) -> bool {
    command_lines().any(|(_, line)| line.trim_end() == command_line)
}

/// One server's processes, its agent's among them.
fn agents(server: i32) -> BTreeSet<i32> {
    let family: BTreeSet<i32> = command_lines()
        .filter(|(pid, _)| descends_from(*pid, server))
        .map(|(pid, _)| pid)
        .collect();
    family
}

fn descends_from(mut pid: i32, ancestor: i32) -> bool {
    while pid > 1 {
        if pid == ancestor {
            return true;
        }
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let parent = rest.split_ascii_whitespace().nth(1);
        pid = parent.and_then(|parent| parent.parse().ok()).unwrap_or(0);
    }
    false
}

fn command_lines() -> impl Iterator<Item = (i32, String)> {
    let processes = std::fs::read_dir("/proc").unwrap();
    processes.filter_map(|entry| {
        let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        Some((pid, String::from_utf8_lossy(&line).replace('\0', " ")))
    })
}
