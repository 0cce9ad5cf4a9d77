//! A hundred first sessions at once, again and again, on a machine with an `/etc` and a `/home` of its own.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;
use crate::config::Config;
use crate::system_program::USERDEL;

const INSIDE: &str = "USHERTEST_SSM_USER_LOAD";
const SESSIONS: usize = 100;
const ROUNDS: usize = 20;

/// Arguments: the directory with the copies, then the command.
const IN_A_NAMESPACE: &str = r#"
set -eu
# A lock file of another test may vanish on the way.
cp -a /etc "$1/etc" || test -s "$1/etc/gshadow"
mkdir -p "$1/home" "$1/etc/sudoers.d"
rm -f "$1/etc/sudoers.d/ssm-agent-users" "$1"/etc/*.lock
sed -i /^ssm-user:/d "$1/etc/passwd" "$1/etc/shadow" "$1/etc/group" "$1/etc/gshadow"
mount --bind "$1/etc" /etc
mount --bind "$1/home" /home
shift
exec "$@"
"#;

#[test]
fn a_hundred_first_sessions_at_once_make_one_ssm_user() {
    let test = "a_hundred_first_sessions_at_once_make_one_ssm_user";
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    if !usher_sys::running_as_root() {
        use std::io::Write;
        // Past the harness's capture: nothing is skipped silently.
        let line = format!("SKIPPED {test}: it needs root\n");
        io::stderr().write_all(line.as_bytes()).unwrap();
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let ended = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c"])
        .args([IN_A_NAMESPACE, "sh"])
        .arg(directory.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("login::ssm_user::load::{test}")])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(
        ended.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

fn inside() {
    let config: Config = toml::from_str("endpoint = \"http://127.0.0.1:1\"").unwrap();
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..ROUNDS {
        let made = first_sessions(&config, directory.path());
        let passwd = fs::read_to_string("/etc/passwd").unwrap();
        let entries = passwd.lines().filter(|line| line.starts_with("ssm-user:"));
        assert_eq!(entries.count(), 1);
        let home = fs::metadata(home()).unwrap();
        assert_eq!(
            (home.uid(), home.gid()),
            (made.uid().as_raw(), made.gid().as_raw())
        );
        assert_eq!(fs::read_to_string(SUDO_RULE).unwrap(), SUDO_RULE_TEXT);
        let removed = Command::new(USERDEL)
            .args(["--force", "--remove", SSM_USER])
            .output();
        assert!(removed.unwrap().status.success());
        fs::remove_file(SUDO_RULE).unwrap();
    }
}

/// The one account they all got; meanwhile the rule is looked at all the time.
fn first_sessions(config: &Config, run_dir: &Path) -> Account {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                if let Ok(rule) = fs::metadata(SUDO_RULE) {
                    assert_eq!(rule.permissions().mode() & 0o7777, 0o440);
                    assert_eq!(rule.len(), SUDO_RULE_TEXT.len() as u64);
                }
            }
        });
        let sessions: Vec<_> = (0..SESSIONS)
            .map(|_| scope.spawn(|| ensure(&config.policy, run_dir, &Journal::new(None)).unwrap()))
            .collect();
        let mut accounts: Vec<Account> = sessions
            .into_iter()
            .map(|session| session.join().unwrap())
            .collect();
        over.store(true, Ordering::Relaxed);
        accounts.dedup();
        assert_eq!(accounts.len(), 1, "{accounts:?}");
        accounts.remove(0)
    })
}
