//! A session beside `su -` on the same machine with the same PAM rules: what a process can learn about itself is the
//! same, but for what docs/logins.md says.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::agent::Agent;
use crate::client::Client;
use crate::machine::{Machine, SHIPPED};
use crate::service::Service;
use crate::throwaway::{User, skip, skip_unless_root};

/// Prints `key=value` lines.
const REPORT: &str = r#"
for key in Uid Gid Groups CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp SigBlk SigIgn; do
    echo "status.$key=$(grep "^$key:" /proc/self/status | cut -f2- | tr '\t' ' ')"
done
echo "securebits=$(/usr/bin/python3 -c 'import ctypes; print(ctypes.CDLL(None).prctl(27))')"
echo "descriptors=$(echo /proc/self/fd/*)"
echo "directory=$(pwd)"
echo "umask=$(umask)"
echo "nice=$(nice)"
echo "oom=$(cat /proc/self/oom_score_adj)"
echo "loginuid=$(cat /proc/self/loginuid)"
echo "cgroup=$(grep '^0::' /proc/self/cgroup)"
echo "tty.owner=$(stat -c %U "$(tty)")"
echo "tty.mode=$(stat -c %a "$(tty)")"
tail -n +2 /proc/self/limits | sed 's/^\(.\{25\}\)/limits.\1=/; s/  */ /g'
env | sed 's/^/env./'
"#;

/// What differs on purpose; docs/logins.md says why. Each must differ, or it is no difference.
const DIFFERENCES: [&str; 6] = [
    "cgroup",
    "tty.owner",
    "tty.mode",
    "env.USHER_SESSION_ID",
    "env.LANG",
    "env.MAIL",
];

/// What su hands on from whoever called it and a session never does: it differs as that caller does.
const HANDED_ON: [&str; 4] = ["descriptors", "nice", "oom", "status.SigIgn"];

#[tokio::test]
async fn a_session_is_what_su_makes_with_the_same_rules_but_for_what_is_written_down() {
    let test = "a_session_is_what_su_makes_with_the_same_rules";
    if skip_unless_root(test) {
        return;
    }
    if !Path::new("/usr/bin/script").exists() || !Path::new("/etc/pam.d/su-l").exists() {
        skip(test, "it needs script(1) and su(1) with Debian's PAM files");
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/sh", "-G", "news,games"]);
    let machine = Machine::with_pam(SHIPPED);
    machine.write(
        "etc/pam.d/su-l",
        &format!("auth sufficient pam_rootok.so\n{SHIPPED}"),
    );
    machine.write("etc/environment", "SITE=lab\n");
    let limits = format!(
        "{0} soft nofile 321\n{0} hard nofile 654\n{0} hard core 0\n",
        user.name
    );
    machine.write("etc/security/limits.d/ushertest.conf", &limits);
    let report = machine.path("report");
    fs::write(&report, REPORT).unwrap();
    fs::set_permissions(machine.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    let report = report.display().to_string();

    let theirs = user.home().join("theirs");
    let su = format!("su - {} -c 'sh {report} >{}'", user.name, theirs.display());
    let ran = machine
        .command(Path::new("/usr/bin/script"))
        .args(["-qec", &su, "/dev/null"])
        .env("TERM", "xterm-256color")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let theirs = fs::read_to_string(theirs).unwrap_or_else(|error| panic!("{error}: {ran:?}"));

    let mut service = Service::start().await;
    let _agent = Agent::start_on(&mut service, "", machine).await;
    let grant = service.grant("tester-1", Some(&user.name));
    let sockets = service.start_session("tester-1", &grant).await;
    let mut client = Client::attach(sockets, None).await;
    let ours = user.home().join("ours");
    client.type_line(&format!("exec sh {report} >{}", ours.display()));
    client.run_to_the_end().await;
    let ours = fs::read_to_string(ours).unwrap();
    let different = different(&parse(&theirs), &parse(&ours));
    let mut expected = DIFFERENCES.map(str::to_owned).to_vec();
    expected.sort();
    let purposely = different
        .keys()
        .filter(|key| !HANDED_ON.contains(&key.as_str()));
    let keys: Vec<String> = purposely.cloned().collect();
    assert_eq!(keys, expected, "{different:#?}");
}

fn parse(report: &str) -> BTreeMap<String, String> {
    let pairs = report.lines().filter_map(|line| line.split_once('='));
    let pairs: BTreeMap<String, String> = pairs
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect();
    assert!(pairs.len() > 40, "{report}");
    pairs
}

/// Key, their value, ours.
fn different(
    theirs: &BTreeMap<String, String>,
    ours: &BTreeMap<String, String>,
) -> BTreeMap<String, (Option<String>, Option<String>)> {
    let keys = theirs.keys().chain(ours.keys());
    let pairs = keys.map(|key| {
        (
            key.clone(),
            (theirs.get(key).cloned(), ours.get(key).cloned()),
        )
    });
    pairs.filter(|(_, (theirs, ours))| theirs != ours).collect()
}
