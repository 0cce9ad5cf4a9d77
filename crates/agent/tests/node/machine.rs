//! A machine with an `/etc` and a `/run` of its own: a mount namespace, so that no rule of a test counts outside it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::throwaway::while_no_user_is_made;

/// Arguments: the directory with the copies, then the command.
const IN_A_NAMESPACE: &str = r#"
set -eu
machine=$1
mount --bind "$machine/etc" /etc
mount --bind "$machine/run" /run
if [ -d "$machine/home" ]; then mount --bind "$machine/home" /home; fi
if [ -d "$machine/extrausers" ]; then mount --bind "$machine/extrausers" /var/lib/extrausers; fi
shift
if [ -e "$machine/prepare" ]; then . "$machine/prepare"; fi
exec "$@"
"#;

/// As often it is tried to copy `/etc` while nobody changes it.
const COPIES: usize = 8;

/// The rules that the agent ships.
pub(crate) const SHIPPED: &str = include_str!("../../pam.d/usher");

/// The copies, made when every account the test needs is there.
#[derive(Debug)]
pub(crate) struct Machine {
    directory: TempDir,
}

impl Machine {
    /// With `rules` as `/etc/pam.d/usher`.
    pub(crate) fn with_pam(rules: &str) -> Self {
        let machine = Self {
            directory: TempDir::with_prefix("ushertest-").unwrap(),
        };
        let copied = (0..COPIES).any(|_| while_no_user_is_made(|| machine.copy_etc()));
        assert!(copied, "/etc could not be copied whole");
        fs::create_dir(machine.path("run")).unwrap();
        machine.write("etc/pam.d/usher", rules);
        machine
    }

    /// False where a file vanished on the way: other programs change `/etc` as well.
    fn copy_etc(&self) -> bool {
        let copied = Command::new("cp")
            .args(["-a", "/etc"])
            .arg(self.path(""))
            .output();
        copied.unwrap().status.success()
    }

    /// A path of it, seen from outside.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn append(&self, name: &str, text: &str) {
        let old = fs::read_to_string(self.path(name)).unwrap();
        self.write(name, &(old + text));
    }

    /// Puts `new` in the place of the first `old`, which has to be there.
    pub(crate) fn replace(&self, name: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(old), "{text}");
        self.write(name, &text.replacen(old, new, 1));
    }

    /// Lines of shell that run on it before each program: `$machine` is its directory as seen from outside, `$2` what the
    /// agent is asked to do and `$4` its configuration.
    pub(crate) fn prepare(&self, lines: &str) {
        self.write("prepare", lines);
    }

    /// A `/home` of its own, and uids for new accounts that no other machine gives.
    pub(crate) fn with_home(self) -> Self {
        static MACHINES: AtomicUsize = AtomicUsize::new(0);
        let number = MACHINES.fetch_add(1, Ordering::Relaxed);
        let uid = 40_000 + std::process::id() as usize % 1000 * 10 + number;
        fs::create_dir(self.path("home")).unwrap();
        fs::create_dir_all(self.path("etc/sudoers.d")).unwrap();
        let text = fs::read_to_string(self.path("etc/login.defs")).unwrap_or_default();
        let kept = text.lines().filter(|line| !line.starts_with("UID_M"));
        let rules = format!("UID_MIN {uid}\nUID_MAX {uid}\n");
        self.write(
            "etc/login.defs",
            &(rules + &kept.collect::<Vec<_>>().join("\n")),
        );
        self
    }

    /// The passwd of libnss-extrausers.
    pub(crate) fn extra_users(&self, passwd: &str) {
        fs::create_dir(self.path("extrausers")).unwrap();
        self.write("extrausers/passwd", passwd);
    }

    /// A script that PAM's pam_exec can run; its path is the same on both sides.
    pub(crate) fn script(&self, text: &str) -> PathBuf {
        let path = self.path("script");
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// `program` on it; its process id is that of the command.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation", "private", "sh", "-c"])
            .args([IN_A_NAMESPACE, "sh"])
            .arg(self.directory.path())
            .arg(program);
        command
    }
}
