//! `usher dev` as plain root, with nothing prepared: the shell of `ssm-user`, and no trace of it afterwards.
//!
//! It runs in a mount namespace of its own with copies of `/etc` and `/home`, because what it makes must not be made
//! on the machine that runs the tests.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::harness::os_users::copy_etc;
use crate::harness::process::output_of;
use crate::harness::programs;
use crate::harness::skip::{Need, lacks};
use crate::harness::terminal::Terminal;

/// Arguments: the directory with the copies, then the command.
const IN_A_NAMESPACE: &str = r#"
set -eu
mount --bind "$1/etc" /etc
mount --bind "$1/home" /home
shift
exec "$@"
"#;

/// A machine with nothing but an `/etc` and a `/home` of its own, seen from outside.
struct Machine {
    directory: TempDir,
}

impl Machine {
    fn new() -> Self {
        let directory = TempDir::with_prefix("ushertest-").unwrap();
        let machine = Self { directory };
        copy_etc(&machine.path("etc"));
        // Where sudo is installed it has this directory; where it is not, there is nothing to make a rule for.
        fs::create_dir_all(machine.path("etc/sudoers.d")).unwrap();
        fs::create_dir(machine.path("home")).unwrap();
        machine.take_uids_of_its_own();
        machine
    }

    /// `userdel` refuses while any process has the account's uid, in whichever namespace: so none of the machines, and
    /// nobody of the real one, may get the same.
    fn take_uids_of_its_own(&self) {
        static MACHINES: AtomicUsize = AtomicUsize::new(0);
        let number = MACHINES.fetch_add(1, Ordering::Relaxed);
        let first = 20_000 + (std::process::id() as usize % 1000 * 10 + number) * 2;
        let path = self.path("etc/login.defs");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let kept = text.lines().filter(|line| !line.starts_with("UID_M"));
        let rules = format!("UID_MIN {first}\nUID_MAX {}\n", first + 1);
        fs::write(&path, rules + &kept.collect::<Vec<_>>().join("\n")).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `usher dev` on it, always with the same data.
    fn usher_dev(&self, arguments: &[&str]) -> Command {
        let mut dev = Command::new("unshare");
        dev.args([
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            IN_A_NAMESPACE,
            "sh",
        ]);
        dev.arg(self.directory.path()).arg(programs::usher());
        dev.args(["dev", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(self.path("data"));
        dev.args(arguments).env_clear();
        dev.env("PATH", std::env::var_os("PATH").unwrap());
        dev.env("TERM", "xterm").env("HOME", self.directory.path());
        dev
    }

    /// Comes as far as a shell, which has to be that of `ssm-user`.
    fn connect(&self) -> Terminal {
        let mut terminal = Terminal::start(&self.usher_dev(&["--connect"]), 80, 24);
        terminal.expect("ssm-user until you save preferences");
        terminal.expect_shell();
        assert_eq!(terminal.shell("id -un").trim_end(), "ssm-user");
        assert_eq!(terminal.shell("pwd").trim_end(), "/home/ssm-user");
        assert!(terminal.shell("echo \"$0\"").starts_with('-'));
        terminal
    }

    /// What there is of `ssm-user`.
    fn traces(&self) -> Vec<PathBuf> {
        let databases =
            ["etc/passwd", "etc/group", "etc/shadow", "etc/gshadow"].map(|name| self.path(name));
        let naming = databases.into_iter().filter(|database| {
            let text = fs::read_to_string(database).unwrap();
            text.lines().any(|line| line.starts_with("ssm-user:"))
        });
        let made = [
            self.path("etc/sudoers.d/ssm-agent-users"),
            self.path("home/ssm-user"),
        ];
        naming
            .chain(made.into_iter().filter(|path| path.exists()))
            .collect()
    }
}

#[test]
fn plain_root_lands_in_ssm_user_and_it_is_gone_afterwards() {
    if lacks(&[Need::Root]) {
        return;
    }
    let machine = Machine::new();
    let mut terminal = machine.connect();
    assert_eq!(machine.traces().len(), 6, "{:?}", machine.traces());
    let rule = machine.path("etc/sudoers.d/ssm-agent-users");
    assert_eq!(
        rule.metadata().unwrap().permissions().mode() & 0o7777,
        0o440
    );
    assert!(
        fs::read_to_string(&rule)
            .unwrap()
            .contains("ssm-user ALL=(ALL) NOPASSWD:ALL")
    );

    terminal.send(b"exit\r");
    let (status, _) = terminal.end();
    assert_eq!(status.code(), Some(0));
    assert_eq!(machine.traces(), Vec::<PathBuf>::new());
}

#[test]
fn what_a_killed_server_left_is_removed_by_the_next_one() {
    if lacks(&[Need::Root]) {
        return;
    }
    let machine = Machine::new();
    let mut terminal = machine.connect();
    terminal.kill();
    terminal.end();
    assert_eq!(machine.traces().len(), 6, "{:?}", machine.traces());
    output_of(&mut machine.usher_dev(&["--", "true"]));
    assert_eq!(machine.traces(), Vec::<PathBuf>::new());
}

#[test]
fn an_ssm_user_that_was_there_before_is_left_alone() {
    if lacks(&[Need::Root]) {
        return;
    }
    let machine = Machine::new();
    let etc = machine.path("etc");
    output_of(
        Command::new("useradd")
            .arg("--prefix")
            .arg(machine.directory.path())
            .args(["--create-home", "--shell", "/bin/bash", "ssm-user"]),
    );
    let before = fs::read_to_string(etc.join("passwd")).unwrap();
    let mut terminal = machine.connect();
    terminal.send(b"exit\r");
    terminal.end();
    assert_eq!(fs::read_to_string(etc.join("passwd")).unwrap(), before);
    assert!(machine.path("home/ssm-user").exists());
    assert!(
        !etc.join("sudoers.d/ssm-agent-users").exists(),
        "an existing account was given root"
    );
}

/// Every process that sees this machine's `/etc` in place of the real one.
fn processes_of(machine: &Machine) -> Vec<Pid> {
    let etc = machine.path("etc").metadata().unwrap().ino();
    let sees = |pid: &i32| {
        fs::metadata(format!("/proc/{pid}/root/etc")).is_ok_and(|seen| seen.ino() == etc)
    };
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(sees).filter_map(Pid::from_raw).collect()
}

#[test]
fn what_a_server_left_that_was_killed_with_its_agent_is_removed_by_the_next_one() {
    if lacks(&[Need::Root]) {
        return;
    }
    let machine = Machine::new();
    // Somebody's own, from before: none of it may be missing afterwards.
    let kept = [
        machine.path("home/somebody/file"),
        machine.path("etc/sudoers.d/somebody"),
    ];
    fs::create_dir(machine.path("home/somebody")).unwrap();
    for file in &kept {
        fs::write(file, "kept").unwrap();
    }
    let mut terminal = machine.connect();
    for process in processes_of(&machine) {
        let _ = kill_process(process, Signal::KILL);
    }
    terminal.end();
    assert_eq!(machine.traces().len(), 6, "{:?}", machine.traces());
    output_of(&mut machine.usher_dev(&["--", "true"]));
    assert_eq!(machine.traces(), Vec::<PathBuf>::new());
    assert!(kept.iter().all(|file| fs::read(file).unwrap() == b"kept"));
}

#[test]
fn a_home_of_ssm_user_that_was_there_before_outlives_the_account() {
    if lacks(&[Need::Root]) {
        return;
    }
    let machine = Machine::new();
    let file = machine.path("home/ssm-user/kept");
    fs::create_dir(machine.path("home/ssm-user")).unwrap();
    fs::write(&file, "kept").unwrap();
    let session = "echo exit | \"$(readlink \"$(command -v session-manager-plugin)\")\" start-session \"$USHER_NODE\"";
    output_of(&mut machine.usher_dev(&["--", "sh", "-c", session]));
    assert_eq!(machine.traces(), [machine.path("home/ssm-user")]);
    assert_eq!(fs::read(&file).unwrap(), b"kept");
}

#[test]
fn a_rule_that_the_administrator_removed_is_never_made_again() {
    if lacks(&[Need::Root]) {
        return;
    }
    let machine = Machine::new();
    let sessions = "usher=$(readlink \"$(command -v session-manager-plugin)\"); rule=/etc/sudoers.d/ssm-agent-users
                    session() { echo 'id -un' | \"$usher\" start-session \"$USHER_NODE\"; }
                    session && test -e $rule && rm $rule && session && ! test -e $rule && echo 'not made again'";
    let said = output_of(&mut machine.usher_dev(&["--", "sh", "-c", sessions]));
    assert!(said.contains("not made again"), "{said}");
    // Behind its prompt, or whatever the shell makes of that.
    let told = said
        .lines()
        .filter(|line| line.trim_end().ends_with("ssm-user"));
    assert_eq!(told.count(), 2, "{said}");
    assert_eq!(machine.traces(), Vec::<PathBuf>::new());
}
