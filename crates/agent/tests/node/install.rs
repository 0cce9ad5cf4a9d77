//! `usher-agent install` on a machine of its own: what it makes, what it leaves alone, and that `uninstall` takes back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::agent::PROGRAM;
use crate::machine::{Machine, SHIPPED};
use crate::throwaway::skip_unless_root;

const CONFIG: &str = "/etc/usher/agent.toml";

/// A machine that has never seen an agent, but a configuration whose state is not the real machine's.
fn machine() -> Machine {
    let machine = Machine::with_pam(SHIPPED);
    fs::remove_file(machine.path("etc/pam.d/usher")).unwrap();
    fs::create_dir_all(machine.path("etc/systemd/system")).unwrap();
    fs::create_dir_all(machine.path("etc/usher")).unwrap();
    let state = machine.path("state").display().to_string();
    let config = format!("endpoint = \"http://127.0.0.1:1\"\nstate_dir = {state:?}\n");
    machine.write("etc/usher/agent.toml", &config);
    machine
}

fn run(machine: &Machine, arguments: &[&str]) -> String {
    let mut command = machine.command(Path::new(PROGRAM));
    let output = command
        .args(arguments)
        .args(["--config", CONFIG])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The files and accounts of the agent.
fn traces(machine: &Machine) -> Vec<String> {
    let passwd = fs::read_to_string(machine.path("etc/passwd")).unwrap();
    let accounts = passwd.lines().filter(|line| line.starts_with("usher-"));
    let accounts = accounts.map(|line| line.split(':').next().unwrap().to_owned());
    let files = [
        "etc/pam.d/usher",
        "etc/systemd/system/usher-agent.service",
        "state/installed",
    ];
    let files = files.into_iter().filter(|file| machine.path(file).exists());
    accounts.chain(files.map(str::to_owned)).collect()
}

#[test]
fn a_dry_run_shows_all_and_makes_nothing() {
    if skip_unless_root("a_dry_run_shows_all_and_makes_nothing") {
        return;
    }
    let machine = machine();
    let shown = run(&machine, &["install", "--dry-run"]);
    for line in [
        "account usher-agent",
        "account usher-session",
        "file /etc/pam.d/usher 0644",
        "file /etc/systemd/system/usher-agent.service 0644",
    ] {
        assert!(shown.lines().any(|found| found == line), "{line}: {shown}");
    }
    assert_eq!(traces(&machine), [""; 0]);
}

#[test]
fn what_is_installed_is_taken_back_but_for_what_somebody_changed() {
    if skip_unless_root("what_is_installed_is_taken_back_but_for_what_somebody_changed") {
        return;
    }
    let machine = machine();
    run(&machine, &["install"]);
    assert_eq!(traces(&machine).len(), 5, "{:?}", traces(&machine));
    assert_eq!(
        run(&machine, &["install"]),
        "",
        "a second time nothing is made"
    );
    let passwd = fs::read_to_string(machine.path("etc/passwd")).unwrap();
    let line = passwd
        .lines()
        .find(|line| line.starts_with("usher-session:"))
        .unwrap();
    assert!(line.ends_with("::/:/usr/sbin/nologin"), "{line}");
    let rules = machine.path("etc/pam.d/usher");
    assert_eq!(
        fs::metadata(&rules).unwrap().permissions().mode() & 0o7777,
        0o644
    );

    machine.append("etc/pam.d/usher", "# ours\n");
    run(&machine, &["uninstall"]);
    assert_eq!(traces(&machine), ["etc/pam.d/usher"]);
    assert!(machine.path("etc/usher/agent.toml").exists());
}

#[test]
fn what_was_there_before_is_neither_changed_nor_removed() {
    if skip_unless_root("what_was_there_before_is_neither_changed_nor_removed") {
        return;
    }
    let machine = machine();
    machine.write("etc/pam.d/usher", SHIPPED);
    machine.append("etc/passwd", "usher-agent:x:990:990::/:/usr/sbin/nologin\n");
    run(&machine, &["install"]);
    run(&machine, &["uninstall"]);
    assert_eq!(traces(&machine), ["usher-agent", "etc/pam.d/usher"]);
}
