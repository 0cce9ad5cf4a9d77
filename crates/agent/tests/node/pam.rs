//! PAM's say in a login: who it refuses, what it sets, that it is told of the end, and that it cannot hold anybody up.

use std::fs;
use std::time::Duration;

use usher_wire::message::TaskStatus;

use crate::agent::{Agent, eventually};
use crate::client::Client;
use crate::machine::{Machine, SHIPPED};
use crate::refusals::refusal;
use crate::service::Service;
use crate::throwaway::{User, skip, skip_unless_root};

fn skip_without_pam(test: &str) -> bool {
    if skip_unless_root(test) {
        return true;
    }
    let missing = !std::path::Path::new("/etc/pam.d/common-session").exists();
    if missing {
        skip(test, "it needs Debian's PAM files");
    }
    missing
}

/// A session of `user` on `machine`, and the sentence it is refused with.
async fn refused(machine: Machine, policy: &str, user: &User) -> String {
    let mut service = Service::start().await;
    let _agent = Agent::start_on(&mut service, policy, machine).await;
    refusal(&mut service, "tester-1", Some(&user.name)).await
}

#[tokio::test]
async fn an_expired_account_is_refused_in_the_words_of_pam() {
    if skip_without_pam("an_expired_account_is_refused_in_the_words_of_pam") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/bash", "-e", "1999-12-31"]);
    let sentence = refused(Machine::with_pam(SHIPPED), "", &user).await;
    assert!(
        sentence.contains("PAM's account step") && sentence.contains("expired"),
        "{sentence}"
    );
}

#[tokio::test]
async fn a_node_that_is_closed_says_why() {
    if skip_without_pam("a_node_that_is_closed_says_why") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/bash"]);
    let machine = Machine::with_pam(SHIPPED);
    machine.write("etc/nologin", "Back at noon,\nafter the disks.\n");
    let sentence = refused(machine, "", &user).await;
    assert!(
        sentence.contains("Back at noon, after the disks."),
        "{sentence}"
    );
}

#[tokio::test]
async fn access_rules_of_the_node_hold_for_sessions() {
    if skip_without_pam("access_rules_of_the_node_hold_for_sessions") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/bash"]);
    let rules = SHIPPED.replace(
        "#account   required     pam_access",
        "account required pam_access",
    );
    assert_ne!(rules, SHIPPED);
    let machine = Machine::with_pam(&rules);
    machine.write(
        "etc/security/access.conf",
        &format!("-:{}:usher\n+:ALL:ALL\n", user.name),
    );
    let sentence = refused(machine, "", &user).await;
    assert!(sentence.contains("PAM's account step"), "{sentence}");
}

#[tokio::test]
async fn a_session_that_a_module_will_not_open_is_refused() {
    if skip_without_pam("a_session_that_a_module_will_not_open_is_refused") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/bash"]);
    let machine =
        Machine::with_pam("account required pam_permit.so\nsession required pam_deny.so\n");
    let sentence = refused(machine, "", &user).await;
    assert!(sentence.contains("open_session"), "{sentence}");
    let machine = Machine::with_pam("account required pam_ushertest_missing.so\n");
    let sentence = refused(machine, "", &user).await;
    assert!(sentence.contains("PAM's account step"), "{sentence}");
}

#[tokio::test]
async fn a_node_that_requires_pam_lets_nobody_in_without_its_rules() {
    if skip_without_pam("a_node_that_requires_pam_lets_nobody_in_without_its_rules") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/bash"]);
    let machine = Machine::with_pam(SHIPPED);
    fs::remove_file(machine.path("etc/pam.d/usher")).unwrap();
    let sentence = refused(machine, "pam = \"require\"", &user).await;
    assert!(sentence.contains("`pam = \"require\"`"), "{sentence}");
}

#[tokio::test]
async fn a_module_that_never_answers_is_given_up_and_killed() {
    if skip_without_pam("a_module_that_never_answers_is_given_up_and_killed") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/bash"]);
    let machine = Machine::with_pam("");
    // Deaf to every signal a process can be deaf to.
    let script = machine.script("trap '' TERM ALRM HUP INT; sleep 98775");
    let rules = format!("account required pam_exec.so {}\n", script.display());
    machine.write("etc/pam.d/usher", &rules);
    let mut service = Service::start().await;
    let agent = Agent::start_on(&mut service, "", machine).await;
    let grant = service.grant("tester-1", Some(&user.name));
    let _sockets = service.start_session("tester-1", &grant).await;
    let complete = service
        .completion_within("tester-1", Duration::from_secs(45))
        .await;
    assert_eq!(complete.final_task_status, TaskStatus::Failed);
    assert!(
        complete.output.contains("given up after 30 s") && complete.output.contains("PAM"),
        "{}",
        complete.output
    );
    eventually("nothing of it is left", || {
        agent.workers("login-child").is_empty() && !crate::agent::runs("sleep 98775")
    })
    .await;
}

#[tokio::test]
async fn what_pam_sets_up_is_the_persons_and_pam_is_told_of_the_end() {
    if skip_without_pam("what_pam_sets_up_is_the_persons_and_pam_is_told_of_the_end") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/bash"]);
    let name = &user.name;
    let machine = Machine::with_pam("");
    let told = machine.path("told");
    let script = machine.script(&format!(
        "echo \"$PAM_TYPE $PAM_USER $PAM_TTY $(id -u)\" >>{}",
        told.display()
    ));
    let rules = format!(
        "{SHIPPED}session optional pam_exec.so {0}\nsession optional pam_echo.so Mind the gap, %u.\n",
        script.display()
    );
    machine.write("etc/pam.d/usher", &rules);
    machine.write("etc/environment", "SITE=lab\n");
    machine.write(
        "etc/security/limits.d/ushertest.conf",
        &format!("{name} soft nofile 321\n{name} hard nofile 654\n"),
    );
    machine.write("run/utmp", "");
    let records = machine.path("run/utmp");

    let mut service = Service::start().await;
    let agent = Agent::start_on(&mut service, "", machine).await;
    let grant = service.grant("tester-1", Some(name));
    let sockets = service.start_session("tester-1", &grant).await;
    let mut client = Client::attach(sockets, None).await;
    client.until(&format!("Mind the gap, {name}.")).await;
    client.type_line("echo \"[$(ulimit -Sn) $(ulimit -Hn) $(umask) $SITE]\"");
    client.until("[321 654 0022 lab]").await;
    client.type_line("echo \"[$(cat /proc/self/loginuid) $(id -u)]\"");
    let uid = usher_sys::Account::lookup(name).unwrap().uid();
    client.until(&format!("[{uid} {uid}]")).await;
    let record = fs::read(&records).unwrap();
    let holds = |text: &str| {
        record
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    // utmp's names are 32 bytes wide.
    assert!(holds(name.get(..32).unwrap_or(name)) && holds("pts/"));
    assert_eq!(record[0], 7, "USER_PROCESS");

    client.type_line("exit");
    client.run_to_the_end().await;
    let complete = service.completion("tester-1").await;
    assert_eq!(complete.final_task_status, TaskStatus::Success);
    assert_eq!(fs::read(&records).unwrap()[0], 8, "DEAD_PROCESS");
    let told = fs::read_to_string(&told).unwrap();
    let expected = format!("open_session {name} usher 0\nclose_session {name} usher 0\n");
    assert_eq!(told, expected);
    drop(agent);
}
