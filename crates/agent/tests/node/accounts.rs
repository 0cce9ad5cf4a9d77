//! Accounts as databases may hold them, on a machine of their own: from files and from another source, with the names
//! and ids that trip other programs up.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use crate::agent::Agent;
use crate::client::Client;
use crate::machine::{Machine, SHIPPED};
use crate::refusals::refusal;
use crate::service::Service;
use crate::throwaway::{skip, skip_unless_root};

/// No person and no other test has these.
const UID: u32 = 47_110;

/// Who must not be let in: a line of passwd each, and the reason.
const REFUSED: [(&str, &str); 12] = [
    ("toor:x:0:0::/:/bin/sh", "uid 0"),
    ("zero:x:0:47110::/:/bin/sh", "uid 0"),
    ("zeros:x:00:47110::/:/bin/sh", "uid 0"),
    ("wrapped:x:4294967296:47110::/:/bin/sh", "does not exist"),
    ("negative:x:-1:47110::/:/bin/sh", "does not exist"),
    ("nouid:x::47110::/:/bin/sh", "does not exist"),
    ("maxuid:x:4294967295:47110::/:/bin/sh", "reserved value"),
    ("maxgid:x:47111:4294967295::/:/bin/sh", "reserved value"),
    ("groupzero:x:47112:0::/:/bin/sh", "primary group 0"),
    (
        "closed:x:47113:47110::/:/usr/sbin/nologin",
        "lets nobody in",
    ),
    ("deaf:x:47114:47110::/:/bin/false", "lets nobody in"),
    ("usher-agent:x:47115:47110::/:/bin/sh", "service account"),
];

#[tokio::test]
async fn accounts_with_hostile_ids_or_no_shell_are_refused_for_that_reason() {
    if skip_unless_root("accounts_with_hostile_ids_or_no_shell_are_refused_for_that_reason") {
        return;
    }
    let machine =
        Machine::with_pam("account required pam_permit.so\nsession required pam_permit.so\n");
    let lines: Vec<&str> = REFUSED.iter().map(|(line, _)| *line).collect();
    machine.append("etc/passwd", &format!("{}\n", lines.join("\n")));
    let mut service = Service::start().await;
    let _agent = Agent::start_on(&mut service, "", machine).await;
    for (number, (line, reason)) in REFUSED.into_iter().enumerate() {
        let name = line.split(':').next().unwrap();
        let sentence = refusal(&mut service, &format!("tester-{number}"), Some(name)).await;
        assert!(sentence.contains(reason), "{line}: {sentence}");
    }
}

/// A session of `name` until it has said who it is and where.
async fn who(service: &mut Service, session: &str, name: &str) -> String {
    let grant = service.grant(session, Some(name));
    let sockets = service.start_session(session, &grant).await;
    let mut client = Client::attach(sockets, None).await;
    client.type_line("echo \"[$(id -u):$(id -un):$PWD:$HOME]\"; exit");
    client.run_to_the_end().await;
    client.screen
}

#[tokio::test]
async fn unusual_names_from_another_source_than_files_are_served_as_they_are() {
    let test = "unusual_names_from_another_source_than_files_are_served_as_they_are";
    if skip_unless_root(test) {
        return;
    }
    if !Path::new("/usr/lib/libnss_extrausers.so.2").exists() {
        skip(test, "it needs Debian's libnss-extrausers");
        return;
    }
    let long = format!("l{}", "o".repeat(254)) + "g";
    let names = [
        "first.last",
        "a-b_c",
        "machine$",
        "UPPER",
        "user@domain.example",
        long.as_str(),
    ];
    let machine =
        Machine::with_pam("account required pam_permit.so\nsession required pam_permit.so\n");
    machine.replace("etc/nsswitch.conf", "passwd:", "passwd: extrausers files #");
    let home = machine.path("home");
    fs::create_dir(&home).unwrap();
    chown(&home, Some(UID), Some(UID)).unwrap();
    let entry = |(number, name): (usize, &&str)| {
        let uid = UID + u32::try_from(number).unwrap();
        format!("{name}:x:{uid}:{UID}::{}:/bin/sh\n", home.display())
    };
    let passwd: String = names.iter().enumerate().map(entry).collect();
    machine.extra_users(&passwd);
    fs::set_permissions(machine.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    let mut service = Service::start().await;
    let _agent = Agent::start_on(&mut service, "", machine).await;
    for (number, name) in names.into_iter().enumerate() {
        let screen = who(&mut service, &format!("tester-{number}"), name).await;
        let expected = format!("{}:{name}:{1}:{1}]", UID as usize + number, home.display());
        let unwrapped: String = screen.split("\r\n").collect();
        assert!(unwrapped.contains(&expected), "{name}: {screen}");
    }
}

#[tokio::test]
async fn a_home_that_is_missing_or_closed_leaves_the_person_in_the_root_directory_and_says_so() {
    let test = "a_home_that_is_missing_or_closed_leaves_the_person_in_the_root_directory";
    if skip_unless_root(test) {
        return;
    }
    let machine = Machine::with_pam(SHIPPED);
    let closed = machine.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let lines = format!(
        "homeless:x:{UID}:{UID}::/ushertest/nowhere:/bin/sh\nlocked:!:{}:{UID}::{}:/bin/sh\n",
        UID + 1,
        closed.display()
    );
    machine.append("etc/passwd", &lines);
    // A locked password locks no account: cloud images give all their accounts one.
    machine.append(
        "etc/shadow",
        "homeless:*:19000::::::\nlocked:!:19000::::::\n",
    );
    let mut service = Service::start().await;
    let _agent = Agent::start_on(&mut service, "", machine).await;
    for (number, name) in ["homeless", "locked"].into_iter().enumerate() {
        let screen = who(&mut service, &format!("tester-{number}"), name).await;
        assert!(screen.contains("cannot be entered"), "{name}: {screen}");
        assert!(screen.contains(&format!(":{name}:/:")), "{name}: {screen}");
    }
}
