//! A machine that has no room left: on its disks, for processes, for descriptors. A session opens or is refused with the
//! cause, whichever step it is that fails, and when there is room again the next one opens.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use usher_wire::message::TaskStatus;

use crate::agent::Agent;
use crate::client::{Client, a_worker_comes};
use crate::machine::Machine;
use crate::service::Service;
use crate::throwaway::{User, skip, skip_unless_root};

/// Rules that refuse nobody and open nothing.
const PERMIT: &str = "account required pam_permit.so\nsession required pam_permit.so\n";

/// One page: what a file of one byte takes on a tmpfs.
const PAGE: u64 = 4096;

/// Tries a session of `login`: an error is the sentence it was refused with.
async fn session(service: &mut Service, name: &str, login: Option<&str>) -> Result<(), String> {
    let grant = service.grant(name, login);
    let mut sockets = service.start_session(name, &grant).await;
    let complete = tokio::select! {
        complete = service.completion(name) => complete,
        () = a_worker_comes(&mut sockets) => {
            let mut client = Client::attach(sockets, None).await;
            client.type_line("echo up-$((40+2)); exit");
            client.run_to_the_end().await;
            if client.screen.contains("up-42") {
                assert_eq!(service.completion(name).await.output, "");
                return Ok(());
            }
            service.completion(name).await
        }
    };
    assert_eq!(complete.final_task_status, TaskStatus::Failed);
    Err(complete.output)
}

/// A sentence that tells the person what is missing, in its own words or the system's.
fn names_its_cause(sentence: &str) -> bool {
    let causes = [
        "No space left",
        "Read-only file system",
        "a limit on processes",
        "no descriptor, process or memory left",
        "no further descriptor",
        "Too many open files",
        "Resource temporarily unavailable",
        "cannot lock /etc/passwd",
        "cannot create directory",
        "failure while writing",
    ];
    causes.iter().any(|cause| sentence.contains(cause))
}

/// Fills the file system until it takes no byte more.
fn fill(path: &Path) -> u64 {
    let mut filler = File::create(path).unwrap();
    let mut length = 0;
    while let Ok(written @ 1..) = filler.write(&[7; 1024]) {
        length += written as u64;
    }
    length
}

fn truncate(path: &Path, length: u64) {
    let filler = OpenOptions::new().write(true).open(path).unwrap();
    filler.set_len(length).unwrap();
}

#[tokio::test]
async fn on_a_full_disk_a_session_opens_or_says_that_it_is_full() {
    if skip_unless_root("on_a_full_disk_a_session_opens_or_says_that_it_is_full") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/sh"]);
    let machine = Machine::with_pam(PERMIT);
    machine.prepare(
        "run=$(dirname \"$4\")/run; mkdir -p \"$run\"; mount -t tmpfs -o size=64k,mode=700 none \"$run\"",
    );
    let mut service = Service::start().await;
    let agent = Agent::start_on(&mut service, "", machine).await;
    let run = agent.sees(&agent.directory().join("run"));
    let filler = run.join("filler");
    let full = fill(&filler);
    let mut refused = 0;
    // With room for nothing, for one of the files that a login writes, for two, and so on.
    for room in 0..6 {
        truncate(&filler, full - room * PAGE);
        // What the session before left may have taken what is free now.
        let name = format!("tester-{room}");
        if let Err(sentence) = session(&mut service, &name, Some(&user.name)).await {
            assert!(names_its_cause(&sentence), "{room} pages: {sentence}");
            refused += 1;
        }
    }
    assert!(refused > 0, "the disk was never full");
    fs::remove_file(&filler).unwrap();
    let after = session(&mut service, "tester-after", Some(&user.name)).await;
    assert_eq!(after, Ok(()));
    let grants = fs::read_dir(run.join("grants")).unwrap();
    let empty = grants.filter(|grant| grant.as_ref().unwrap().metadata().unwrap().len() == 0);
    assert_eq!(empty.count(), 0, "refused grants stay on the disk");
}

/// What there is of `ssm-user` on the machine.
fn has_ssm_user(etc: &Path) -> bool {
    let passwd = fs::read_to_string(etc.join("passwd")).unwrap();
    passwd.lines().any(|line| line.starts_with("ssm-user:"))
}

fn skip_first_sessions(test: &str) -> bool {
    if skip_unless_root(test) {
        return true;
    }
    let exists = has_ssm_user(Path::new("/etc"));
    if exists {
        skip(test, "ssm-user exists on this machine already");
    }
    exists
}

#[tokio::test]
async fn a_first_session_without_room_for_a_home_makes_no_half_of_ssm_user() {
    if skip_first_sessions("a_first_session_without_room_for_a_home_makes_no_half_of_ssm_user") {
        return;
    }
    let machine = Machine::with_pam(PERMIT).with_home();
    // Two inodes: the root of the file system and the filler.
    machine.prepare("mount -t tmpfs -o nr_inodes=2,mode=755 none /home");
    let mut service = Service::start().await;
    let agent = Agent::start_on(&mut service, "", machine).await;
    let (etc, filler) = (
        agent.sees(Path::new("/etc")),
        agent.sees(Path::new("/home/filler")),
    );
    File::create(&filler).unwrap();
    for name in ["tester-1", "tester-2"] {
        let sentence = session(&mut service, name, None).await.unwrap_err();
        assert!(names_its_cause(&sentence), "{sentence}");
        assert!(!has_ssm_user(&etc), "an account without a home stayed");
    }
    in_namespace_of(&agent, &["mount", "-o", "remount,nr_inodes=100", "/home"]);
    assert_eq!(session(&mut service, "tester-3", None).await, Ok(()));
    assert!(etc.join("sudoers.d/ssm-agent-users").exists());
}

#[tokio::test]
async fn a_first_session_with_a_full_etc_is_refused_and_leaves_the_accounts_as_they_were() {
    if skip_first_sessions("a_first_session_with_a_full_etc_is_refused") {
        return;
    }
    let machine = Machine::with_pam(PERMIT).with_home();
    machine.prepare(
        "mount -t tmpfs -o size=64m,mode=755 none /mnt; cp -a \"$machine/etc/.\" /mnt; mount --move /mnt /etc",
    );
    let mut service = Service::start().await;
    let agent = Agent::start_on(&mut service, "", machine).await;
    let etc = agent.sees(Path::new("/etc"));
    let before = fs::read_to_string(etc.join("passwd")).unwrap();
    let filler = etc.join("filler");
    let full = fill(&filler);
    for room in 0..4 {
        truncate(&filler, full - room * PAGE);
        let outcome = session(&mut service, &format!("tester-{room}"), None).await;
        let Err(sentence) = outcome else { break };
        assert!(names_its_cause(&sentence), "{room} pages: {sentence}");
        let after = fs::read_to_string(etc.join("passwd")).unwrap();
        assert_eq!(after, before, "{room} pages");
    }
    fs::remove_file(&filler).unwrap();
    assert_eq!(session(&mut service, "tester-after", None).await, Ok(()));
}

#[tokio::test]
async fn with_a_read_only_root_accounts_are_served_and_a_first_session_says_why_not() {
    let test = "with_a_read_only_root_accounts_are_served_and_a_first_session_says_why_not";
    if skip_first_sessions(test) {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/sh"]);
    let machine = Machine::with_pam(PERMIT);
    machine.prepare(
        r#"
if [ "$2" = run ]; then
    run=$(dirname "$4")/run
    mkdir -p "$run"
    mount -t tmpfs -o mode=700 none "$run"
    for root in / /etc "$(findmnt -n -o TARGET -T "$4")"; do mount -o remount,bind,ro "$root" || true; done
fi
"#,
    );
    let mut service = Service::start().await;
    let agent = Agent::start_on(&mut service, "", machine).await;
    let journal = agent.sees(&agent.directory().join("journal"));
    if File::create(journal).is_ok() {
        return skip(test, "its disks cannot be made read-only");
    }
    let named = session(&mut service, "tester-1", Some(&user.name)).await;
    assert_eq!(named, Ok(()));
    let sentence = session(&mut service, "tester-2", None).await.unwrap_err();
    assert!(names_its_cause(&sentence), "{sentence}");
}

fn in_namespace_of(agent: &Agent, command: &[&str]) {
    let inside = Command::new("nsenter")
        .args(["--mount", "--target", &agent.monitor().to_string()])
        .args(command)
        .status();
    assert!(inside.unwrap().success(), "{command:?}");
}

/// A cgroup that counts processes; removed in the end.
struct Counted(PathBuf);

impl Counted {
    /// `None` where no controller for it is at hand.
    fn make() -> Option<Self> {
        let name = format!("ushertest-{}", std::process::id());
        ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"]
            .into_iter()
            .map(|root| Path::new(root).join(&name))
            .filter(|path| fs::create_dir(path).is_ok())
            .map(Self)
            .find(|counted| counted.0.join("pids.max").exists() && counted.admits())
    }

    /// Whether a process may enter it.
    fn admits(&self) -> bool {
        let enter = format!("echo $$ > {}/cgroup.procs", self.0.display());
        let entered = Command::new("sh").args(["-c", &enter]).output();
        entered.unwrap().status.success()
    }

    fn read(&self) -> usize {
        let text = fs::read_to_string(self.0.join("pids.current")).unwrap();
        text.trim().parse().unwrap()
    }

    fn limit(&self, to: &str) {
        fs::write(self.0.join("pids.max"), to).unwrap();
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[tokio::test]
async fn without_room_for_processes_a_session_opens_or_says_so_at_whichever_step() {
    let test = "without_room_for_processes_a_session_opens_or_says_so_at_whichever_step";
    if skip_unless_root(test) {
        return;
    }
    let Some(counted) = Counted::make() else {
        return skip(test, "it needs a cgroup that counts processes");
    };
    let user = User::new(&["-m", "-s", "/bin/sh"]);
    let machine = Machine::with_pam(PERMIT);
    machine.prepare(&format!("echo $$ > {}/cgroup.procs", counted.0.display()));
    let mut service = Service::start().await;
    let agent = Agent::start_on(&mut service, "", machine).await;
    let mut refused = 0;
    for room in 0..8 {
        counted.limit(&(counted.read() + room).to_string());
        let name = format!("tester-{room}");
        if let Err(sentence) = session(&mut service, &name, Some(&user.name)).await {
            assert!(names_its_cause(&sentence), "room for {room}: {sentence}");
            refused += 1;
        }
    }
    assert!(refused > 0, "there was always room");
    counted.limit("max");
    let after = session(&mut service, "tester-after", Some(&user.name)).await;
    assert_eq!(after, Ok(()));
    drop(agent);
}

#[tokio::test]
async fn a_limit_on_the_processes_of_workers_refuses_the_next_session_and_leaves_the_others() {
    let test = "a_limit_on_the_processes_of_workers_refuses_the_next_session";
    if skip_unless_root(test) {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/sh"]);
    let mut service = Service::start().await;
    let agent = Agent::start(&mut service, "").await;
    let grant = service.grant("tester-1", Some(&user.name));
    let sockets = service.start_session("tester-1", &grant).await;
    let mut first = Client::attach(sockets, None).await;
    first.type_line("echo first-$((40+2))");
    first.until("first-42").await;
    let limit = |to: &str| {
        let limited = Command::new("prlimit")
            .args(["--pid", &agent.monitor().to_string()])
            .arg(format!("--nproc={to}:"))
            .status();
        assert!(limited.unwrap().success());
    };
    // A uid that has a process already gets no second one.
    let limits = fs::read_to_string(format!("/proc/{}/limits", agent.monitor())).unwrap();
    let before = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max processes"))
        .and_then(|line| line.split_ascii_whitespace().next())
        .unwrap();
    limit("0");
    let second = session(&mut service, "tester-2", Some(&user.name)).await;
    assert!(names_its_cause(&second.unwrap_err()));
    limit(before);
    let third = session(&mut service, "tester-3", Some(&user.name)).await;
    assert_eq!(third, Ok(()));
    first.type_line("echo again-$((40+2)); exit");
    first.run_to_the_end().await;
    assert!(first.screen.contains("again-42"));
}

#[tokio::test]
async fn an_account_with_as_many_processes_as_it_may_have_is_told_so() {
    let test = "an_account_with_as_many_processes_as_it_may_have_is_told_so";
    if skip_unless_root(test) {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/sh"]);
    let machine =
        Machine::with_pam("account required pam_permit.so\nsession required pam_limits.so\n");
    let limit = format!("{} hard nproc 1\n", user.name);
    machine.append("etc/security/limits.conf", &limit);
    let mut service = Service::start().await;
    let _agent = Agent::start_on(&mut service, "", machine).await;
    let mut clients = Vec::new();
    // Its shells are the only processes it has, and the count is taken before a new one is counted.
    let sentence = loop {
        let name = format!("tester-{}", clients.len());
        let grant = service.grant(&name, Some(&user.name));
        let sockets = service.start_session(&name, &grant).await;
        let mut client = Client::attach(sockets, None).await;
        client.type_line("echo up-$((40+2))");
        if client.shows_or_ends("up-42").await {
            clients.push(client);
            assert!(clients.len() < 5, "its limit is never reached");
            continue;
        }
        break service.completion(&name).await.output;
    };
    assert!(names_its_cause(&sentence), "{sentence}");
}

#[tokio::test]
async fn an_agent_without_free_descriptors_refuses_the_next_session_and_keeps_the_others() {
    let test = "an_agent_without_free_descriptors_refuses_the_next_session";
    if skip_unless_root(test) {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/sh"]);
    let machine = Machine::with_pam(PERMIT);
    machine.prepare("ulimit -n 56");
    let mut service = Service::start().await;
    let agent = Agent::start_on(&mut service, "", machine).await;
    let control = agent.workers("control");
    let mut clients = Vec::new();
    let sentence = loop {
        let name = format!("tester-{}", clients.len());
        assert!(clients.len() < 56, "there were always descriptors");
        let grant = service.grant(&name, Some(&user.name));
        let mut sockets = service.start_session(&name, &grant).await;
        tokio::select! {
            complete = service.completion(&name) => break complete.output,
            () = a_worker_comes(&mut sockets) => {}
        }
        let mut client = Client::attach(sockets, None).await;
        client.type_line("echo up-$((40+2))");
        client.until("up-42").await;
        clients.push(client);
    };
    assert!(sentence.contains("no further descriptor"), "{sentence}");
    assert!(!clients.is_empty(), "no session was ever open");
    assert_eq!(agent.workers("control"), control, "control was replaced");

    let mut leaving = clients.pop().unwrap();
    leaving.type_line("exit");
    leaving.run_to_the_end().await;
    service
        .completion(&format!("tester-{}", clients.len()))
        .await;
    let next = session(&mut service, "tester-next", Some(&user.name)).await;
    assert_eq!(next, Ok(()));
    for client in &mut clients {
        client.type_line("echo still-$((40+2))");
        client.until("still-42").await;
    }
}
