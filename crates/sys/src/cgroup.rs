//! The cgroup that a session's processes are born in and cannot leave: killed as one at the session's end.
//!
//! Owns where it is (version 2, found through mountinfo, below the cgroup of the process that makes it) and that a kill
//! reaches every process in it. Systems without version 2 have none; the caller falls back on the process tree.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::spawn::stage;

/// Rounds of killing one by one, where the kernel (before 5.14) cannot kill a cgroup as one.
const ROUNDS: u32 = 64;

/// A directory of the cgroup file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    /// Makes `name` below the cgroup this process is in, or takes the one that is there; `None` where there is no
    /// cgroup of version 2.
    ///
    /// # Errors
    /// Whatever the system answers, for instance that this part of the tree was not delegated to us. `InvalidInput` for
    /// a name that is no file name.
    pub fn make(name: &str) -> io::Result<Option<Self>> {
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0', '\n']) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let Some(own) = own_directory()? else {
            return Ok(None);
        };
        let path = own.join(name);
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        Ok(Some(Self { path }))
    }

    /// The cgroup at a path that an earlier process of ours wrote down; `None` when there is none any more.
    pub fn at(path: &Path) -> Option<Self> {
        path.join("cgroup.procs").is_file().then(|| Self {
            path: path.to_owned(),
        })
    }

    /// Where it is, for [`Cgroup::at`].
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `cgroup.procs`, open to be written by a child that joins.
    pub(crate) fn members(&self) -> io::Result<OwnedFd> {
        let file = OpenOptions::new()
            .write(true)
            .custom_flags(libc::O_CLOEXEC)
            .open(self.path.join("cgroup.procs"))?;
        Ok(stage(file)?)
    }

    /// Kills every process in it, children that are being born included.
    ///
    /// # Errors
    /// Whatever the system answers.
    pub fn kill(&self) -> io::Result<()> {
        match fs::write(self.path.join("cgroup.kill"), "1") {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.kill_one_by_one(),
            killed => killed,
        }
    }

    fn kill_one_by_one(&self) -> io::Result<()> {
        for _ in 0..ROUNDS {
            let members = fs::read_to_string(self.path.join("cgroup.procs"))?;
            let members: Vec<i32> = members.lines().filter_map(|pid| pid.parse().ok()).collect();
            if members.is_empty() {
                return Ok(());
            }
            for pid in members {
                // Read a moment ago from a file that lists the living; who is gone meanwhile is what we want.
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Removes it; the ended processes of it need not be reaped.
    ///
    /// # Errors
    /// Whatever the system answers, for instance that processes are in it.
    pub fn remove(&self) -> io::Result<()> {
        match fs::remove_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

/// The directory of the cgroup this process is in.
fn own_directory() -> io::Result<Option<PathBuf>> {
    if !cfg!(target_os = "linux") {
        return Ok(None);
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let own = fs::read_to_string("/proc/self/cgroup")?;
    Ok(directory(&mounts, &own))
}

/// From `/proc/PID/mountinfo` and `/proc/PID/cgroup`, as proc(5) and cgroups(7) describe them.
fn directory(mounts: &str, own: &str) -> Option<PathBuf> {
    let path = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    mounts.lines().find_map(|mount| {
        let (fields, kind) = mount.split_once(" - ")?;
        if kind.split(' ').next() != Some("cgroup2") {
            return None;
        }
        let mut fields = fields.split(' ').skip(3);
        let (root, point) = (unescape(fields.next()?), unescape(fields.next()?));
        // A mount may show a part of the tree only; ours has to be in it.
        let below = Path::new(path).strip_prefix(root).ok()?;
        Some(Path::new(&point).join(below))
    })
}

/// Blanks and backslashes stand as three octal digits there.
fn unescape(field: &str) -> String {
    let mut plain = field.to_owned();
    for (escaped, character) in [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ] {
        plain = plain.replace(escaped, character);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
21 1 254:0 / / rw,relatime - ext4 /dev/vda rw
33 32 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
42 32 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";
    const UNIFIED: &str =
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

    fn check(mounts: &str, own: &str, expected: Option<&str>) {
        assert_eq!(directory(mounts, own), expected.map(PathBuf::from));
    }

    #[test]
    fn a_system_without_version_2_has_no_directory() {
        check("21 1 254:0 / / rw - ext4 /dev/vda rw\n", "0::/\n", None);
        check(UNIFIED, "4:memory:/x\n", None);
        check("", "", None);
    }

    #[test]
    fn a_mount_that_does_not_show_our_part_of_the_tree_is_not_used() {
        let part = "30 23 0:26 /machine /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        check(part, "0::/system.slice/x.service\n", None);
        check(part, "0::/machine/c1\n", Some("/sys/fs/cgroup/c1"));
    }

    #[test]
    fn the_directory_is_found_where_the_file_system_is_mounted() {
        check(HYBRID, "8:pids:/\n0::/\n", Some("/sys/fs/cgroup/unified/"));
        let unit = "0::/system.slice/usher-agent.service\n";
        let expected = "/sys/fs/cgroup/system.slice/usher-agent.service";
        check(UNIFIED, unit, Some(expected));
        let blank = "30 23 0:26 / /sys/fs/c\\040g rw - cgroup2 cgroup2 rw\n";
        check(blank, "0::/a\n", Some("/sys/fs/c g/a"));
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        for name in ["", ".", "..", "../x", "a/b", "a\nb"] {
            assert!(Cgroup::make(name).is_err(), "{name:?}");
        }
    }
}
