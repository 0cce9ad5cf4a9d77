//! Throwaway OS users and groups, named `ushertest-PID-N-NAME` and removed even when the test panics.
//!
//! What a killed run left behind is removed by the next one, which sees that the PID in the name is gone.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::process::output_of;

const PREFIX: &str = "ushertest-";

/// An OS user that exists until this value is dropped.
pub(crate) struct OsUser {
    name: String,
}

impl OsUser {
    /// A user with a home, a primary group of its own name, the login shell and the further groups.
    pub(crate) fn with_home(name: &str, shell: &str, groups: &[&OsGroup]) -> Self {
        let groups: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        Self::create(
            name,
            &[
                "--create-home",
                "--user-group",
                "--shell",
                shell,
                "--groups",
                &groups.join(","),
            ],
        )
    }

    /// Root under another name.
    pub(crate) fn with_uid_zero(name: &str) -> Self {
        let home = [
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--no-user-group",
        ];
        Self::create(name, &[&["--non-unique", "--uid", "0"][..], &home].concat())
    }

    fn create(name: &str, arguments: &[&str]) -> Self {
        static SWEEP: Once = Once::new();
        SWEEP.call_once(remove_left_behind);
        let user = Self {
            name: throwaway(name),
        };
        let _lock = account_lock();
        output_of(Command::new("useradd").args(arguments).arg(&user.name));
        user
    }

    /// The whole name, prefix included.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The home directory.
    pub(crate) fn home(&self) -> String {
        format!("/home/{}", self.name)
    }
}

impl Drop for OsUser {
    fn drop(&mut self) {
        remove_user(&self.name);
    }
}

/// A group that exists until this value is dropped.
pub(crate) struct OsGroup {
    name: String,
}

impl OsGroup {
    /// A group without members.
    pub(crate) fn create(name: &str) -> Self {
        let group = Self {
            name: throwaway(name),
        };
        let _lock = account_lock();
        output_of(Command::new("groupadd").arg(&group.name));
        group
    }

    /// The whole name, prefix included.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for OsGroup {
    fn drop(&mut self) {
        remove_group(&self.name);
    }
}

/// A name that no account of this machine has, in the form a throwaway one would have.
pub(crate) fn missing_user() -> String {
    throwaway("nobody-at-all")
}

/// A name never used before: what had the same one may just be on its way out in another test.
fn throwaway(name: &str) -> String {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{}-{number}-{name}", std::process::id())
}

/// `useradd` and its kin fail rather than wait when another one runs, in this test program or in another.
fn account_lock() -> File {
    let lock = File::create("/run/lock/ushertest.lock").unwrap();
    lock.lock().unwrap();
    lock
}

/// Copies `/etc` while nobody's account is being made or removed.
pub(crate) fn copy_etc(to: &Path) {
    let _lock = account_lock();
    output_of(Command::new("cp").arg("--archive").arg("/etc").arg(to));
}

fn remove_user(name: &str) {
    let _lock = account_lock();
    // `--force`: a session's last process may still be ending, and uid 0 is always in use.
    let mut userdel = Command::new("userdel");
    if Path::new(&format!("/home/{name}")).exists() {
        userdel.arg("--remove");
    }
    let _ = userdel.args(["--force", name]).output();
}

fn remove_group(name: &str) {
    let _lock = account_lock();
    let _ = Command::new("groupdel").arg(name).output();
}

fn remove_left_behind() {
    left_behind("/etc/passwd")
        .iter()
        .for_each(|name| remove_user(name));
    left_behind("/etc/group")
        .iter()
        .for_each(|name| remove_group(name));
}

fn left_behind(database: &str) -> Vec<String> {
    let text = fs::read_to_string(database).unwrap();
    let names = text.lines().filter_map(|line| line.split(':').next());
    names
        .filter(|name| {
            let pid = name
                .strip_prefix(PREFIX)
                .and_then(|rest| rest.split('-').next());
            pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists())
        })
        .map(str::to_owned)
        .collect()
}
