//! Users that exist for one test and are removed even when it panics.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Says loudly, past the test harness's capture, that a test did not run.
pub(crate) fn skip_unless_root(test: &str) -> bool {
    if usher_sys::running_as_root() {
        return false;
    }
    skip(test, "it makes throwaway users and needs root");
    true
}

/// Says loudly why a test did not run.
pub(crate) fn skip(test: &str, reason: &str) {
    let line = format!("SKIPPED {test}: {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// A user made by useradd, removed with its home on drop.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) name: String,
}

impl User {
    /// `useradd` with `options`, under a name no other test has.
    pub(crate) fn new(options: &[&str]) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ushertest-s{}-{number}", std::process::id());
        let user = Self { name };
        assert!(
            run("useradd", options, &user.name),
            "useradd {options:?} failed"
        );
        user
    }

    /// With a home directory, the given shell and membership in the group `tty`'s neighbours.
    pub(crate) fn with_home(shell: &str, groups: &str) -> Self {
        Self::new(&["-m", "-s", shell, "-G", groups])
    }

    pub(crate) fn home(&self) -> PathBuf {
        PathBuf::from("/home").join(&self.name)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // Without --force userdel refuses a uid that any process has, which uid 0 always is.
        run("userdel", &["--force"], &self.name);
        if self.home().starts_with("/home") && self.name.starts_with("ushertest-") {
            let _ = std::fs::remove_dir_all(self.home());
        }
    }
}

/// One change of the user database at a time: shadow's own lock gives up after some seconds.
fn run(program: &str, options: &[&str], name: &str) -> bool {
    let lock = File::create("/tmp/ushertest-users.lock").unwrap();
    lock.lock().unwrap();
    Command::new(program)
        .args(options)
        .arg(name)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}
