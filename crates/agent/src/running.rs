//! What each login keeps under `run_dir/sessions/SESSION` for a monitor that did not start it: a
//! socket to reach it by while it lives, and how its session ended.
//!
//! Owns that only this user can reach either (0700), that the end is written whole before the login
//! is gone, and that an entry stays until the service has acknowledged the session's end: whoever
//! runs next finds every session either alive or ended.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use usher_wire::ids::SessionId;

use crate::registration::{make_directory, replace};

/// The socket in a session's directory.
const DOOR: &str = "login";

/// The file in it that says how the session ended.
const END: &str = "ended";

/// The file in it that says where the cgroup of its processes is.
const CGROUP: &str = "cgroup";

/// The directory of all sessions.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    root: PathBuf,
}

impl Running {
    pub(crate) fn new(run_dir: &Path) -> Self {
        Self {
            root: run_dir.join("sessions"),
        }
    }

    /// Login's side: from now on a monitor can reach it.
    pub(crate) fn open_door(&self, session: &SessionId) -> io::Result<Door> {
        let directory = self.directory(session);
        make_directory(&self.root, 0o700)?;
        make_directory(&directory, 0o700)?;
        [DOOR, CGROUP]
            .into_iter()
            .try_for_each(|name| remove(&directory.join(name)))?;
        let opened = File::open(&directory)?;
        let listener = usher_sys::listen_in(&opened, DOOR)?;
        listener.set_nonblocking(true)?;
        Ok(Door {
            listener,
            directory,
        })
    }

    /// The sessions that have an entry.
    pub(crate) fn all(&self) -> io::Result<Vec<SessionId>> {
        make_directory(&self.root, 0o700)?;
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let name = entry?.file_name();
            // Nothing else is ever made here.
            found.extend(name.to_str().and_then(|name| SessionId::parse(name).ok()));
        }
        Ok(found)
    }

    /// The monitor's side: a socket to the session's login, if that lives. Does not block.
    pub(crate) fn knock(&self, session: &SessionId) -> io::Result<OwnedFd> {
        let directory = self.directory(session);
        let opened = File::open(&directory)?;
        let stream = usher_sys::connect_in(&opened, DOOR)?;
        stream.set_nonblocking(true)?;
        Ok(stream.into())
    }

    /// What login left when it ended: the code its session worker ended with. `None` when it was
    /// killed before it could say.
    pub(crate) fn end(&self, session: &SessionId) -> Option<u8> {
        let path = self.directory(session).join(END);
        fs::read_to_string(path).ok()?.trim().parse().ok()
    }

    /// Where login put the session's processes, if it said so.
    pub(crate) fn cgroup(&self, session: &SessionId) -> Option<PathBuf> {
        let path = self.directory(session).join(CGROUP);
        Some(PathBuf::from(fs::read_to_string(path).ok()?))
    }

    /// Removes the entry of a session whose end was acknowledged.
    pub(crate) fn forget(&self, session: &SessionId) {
        let directory = self.directory(session);
        let removed = [DOOR, END, CGROUP]
            .into_iter()
            .try_for_each(|name| remove(&directory.join(name)))
            .and_then(|()| match fs::remove_dir(&directory) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            });
        if let Err(error) = removed {
            tracing::warn!(%session, "what a session left could not be removed: {error}");
        }
    }

    fn directory(&self, session: &SessionId) -> PathBuf {
        self.root.join(session.as_str())
    }
}

/// Login's own entry.
#[derive(Debug)]
pub(crate) struct Door {
    listener: UnixListener,
    directory: PathBuf,
}

impl Door {
    /// A monitor that has knocked; its socket blocks.
    pub(crate) fn answer(&self) -> Option<OwnedFd> {
        let (stream, _) = self.listener.accept().ok()?;
        stream.set_nonblocking(false).ok()?;
        Some(stream.into())
    }

    /// Says where the session's processes will be, for a monitor that has to kill them.
    pub(crate) fn tell_cgroup(&self, path: &Path) -> io::Result<()> {
        replace(
            &self.directory.join(CGROUP),
            path.as_os_str().as_encoded_bytes(),
            0o600,
        )
    }

    /// Says how the session ended; a monitor reads it when this process is gone.
    pub(crate) fn close(self, code: u8) -> io::Result<()> {
        replace(
            &self.directory.join(END),
            code.to_string().as_bytes(),
            0o600,
        )
    }
}

impl AsFd for Door {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn session() -> SessionId {
        SessionId::parse("alice-0123456789abcdef0").unwrap()
    }

    fn running() -> (tempfile::TempDir, Running) {
        let directory = tempfile::tempdir().unwrap();
        // Longer than the path of any socket may be.
        let deep = directory.path().join("d".repeat(120));
        fs::create_dir(&deep).unwrap();
        (directory, Running::new(&deep))
    }

    #[test]
    fn a_dead_login_cannot_be_reached_and_has_said_nothing() {
        let (_directory, running) = running();
        assert!(running.knock(&session()).is_err());
        drop(running.open_door(&session()).unwrap());
        assert_eq!(running.all().unwrap(), [session()]);
        assert!(running.knock(&session()).is_err());
        assert_eq!(running.end(&session()), None);
    }

    #[test]
    fn nobody_else_may_look_for_a_session() {
        let (_directory, running) = running();
        let door = running.open_door(&session()).unwrap();
        for path in [&running.root, &door.directory] {
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
    }

    #[test]
    fn an_entry_stays_until_it_is_forgotten() {
        let (_directory, running) = running();
        let door = running.open_door(&session()).unwrap();
        assert!(door.answer().is_none());
        let _monitor = running.knock(&session()).unwrap();
        assert!(door.answer().is_some());
        door.close(12).unwrap();
        assert_eq!(running.end(&session()), Some(12));
        running.forget(&session());
        assert_eq!(running.all().unwrap(), []);
        running.forget(&session());
    }
}
