//! The data directory: closed to others, ignored by git, and as root only where nobody else could have put files.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

use super::DevError;
use super::runner::Runner;
use crate::plugin;
use crate::server::LOGGED;

/// Everything `usher dev` keeps.
#[derive(Debug, Clone)]
pub(super) struct DataDir {
    path: PathBuf,
}

impl DataDir {
    /// Opens or makes it, with what does not depend on the server. As root nothing is made, or trusted, below a
    /// directory that others can change.
    pub(super) fn open(path: &Path, runner: &Runner) -> Result<Self, DevError> {
        let absolute = std::path::absolute(path).map_err(at(path))?;
        let mut above = absolute.ancestors().skip(1);
        if let Some(above) = above.find_map(|above| above.canonicalize().ok()) {
            refuse_unsafe(above.ancestors(), runner)?;
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(at(path))?;
        // Where it really is, should a link have led elsewhere.
        let path = path.canonicalize().map_err(at(path))?;
        let metadata = path.metadata().map_err(at(&path))?;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(DevError::ForeignData { path });
        }
        refuse_unsafe(path.ancestors().skip(1), runner)?;
        Self { path }.furnish()
    }

    fn furnish(self) -> Result<Self, DevError> {
        fs::set_permissions(&self.path, Permissions::from_mode(0o700)).map_err(at(&self.path))?;
        self.write_private(".gitignore", b"*\n")?;
        let bin = self.bin();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&bin)
            .map_err(at(&bin))?;
        let link = bin.join(plugin::NAME);
        let ours = std::env::current_exe().map_err(at(&link))?;
        let fresh = bin.join(".fresh");
        let _ = fs::remove_file(&fresh);
        symlink(ours, &fresh)
            .and_then(|()| fs::rename(&fresh, &link))
            .map_err(at(&link))?;
        Ok(self)
    }

    /// The directory itself, absolute.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Holds `session-manager-plugin`.
    pub(super) fn bin(&self) -> PathBuf {
        self.path.join("bin")
    }

    /// The server's own.
    pub(super) fn server(&self) -> PathBuf {
        self.path.join("server")
    }

    /// The local certificate authority's, made by the server's code.
    pub(super) fn tls(&self) -> PathBuf {
        self.path.join("tls")
    }

    /// The agent's own, made here.
    pub(super) fn agent(&self) -> Result<PathBuf, DevError> {
        let path = self.path.join("agent");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(at(&path))?;
        Ok(path)
    }

    /// Replaces a file of mode 0600, whole or not at all.
    pub(super) fn write_private(&self, name: &str, content: &[u8]) -> Result<(), DevError> {
        let path = self.path.join(name);
        let fresh = self.path.join(format!("{name}.fresh"));
        let write = || {
            let _ = fs::remove_file(&fresh);
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&fresh)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)
        };
        write().map_err(at(&path))
    }

    /// The server's log goes to a file: the terminal may belong to a session.
    pub(super) fn log_to_file(&self) -> Result<(), DevError> {
        let file = append(&self.path.join("server.log"))?;
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
        let subscriber = tracing_subscriber::fmt()
            .log_internal_errors(false)
            .with_env_filter(filter)
            .with_ansi(false)
            .with_writer(Mutex::new(file));
        // A second one in the same process (a test's) would be refused, and is not needed.
        let _ = subscriber.try_init();
        Ok(())
    }
}

/// A log file of the owner's alone.
pub(super) fn append(path: &Path) -> Result<File, DevError> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(at(path))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> DevError + '_ {
    |source| DevError::Data {
        path: path.to_owned(),
        source,
    }
}

/// Who is not root keeps no secrets from root, and may use what directories they like.
fn refuse_unsafe<'a>(
    mut directories: impl Iterator<Item = &'a Path>,
    runner: &Runner,
) -> Result<(), DevError> {
    if matches!(runner, Runner::Ordinary(_)) {
        return Ok(());
    }
    match directories.find(|directory| !is_trusted(directory, runner.trusted_uid())) {
        Some(directory) => Err(DevError::UnsafeAncestor {
            path: directory.to_owned(),
        }),
        None => Ok(()),
    }
}

/// Whether nobody but root and one other can rename or replace what lies in `directory`.
fn is_trusted(directory: &Path, other: Option<u32>) -> bool {
    directory.metadata().is_ok_and(|metadata| {
        let owner_is_trusted = metadata.uid() == 0 || other == Some(metadata.uid());
        let others_may_write = metadata.mode() & 0o022 != 0;
        let only_their_own = metadata.mode() & 0o1000 != 0;
        owner_is_trusted && (!others_may_write || only_their_own)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use usher_wire::ids::OsUserName;

    fn ordinary() -> Runner {
        Runner::Ordinary(OsUserName::parse("alice").unwrap())
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_directory_others_may_write_is_not_trusted() {
        let directory = tempfile::tempdir().unwrap();
        let owner = directory.path().metadata().unwrap().uid();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o775)).unwrap();
        assert!(!is_trusted(directory.path(), Some(owner)));
        fs::set_permissions(directory.path(), Permissions::from_mode(0o1777)).unwrap();
        assert!(is_trusted(directory.path(), Some(owner)));
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        assert!(is_trusted(directory.path(), Some(owner)));
        assert_eq!(is_trusted(directory.path(), None), owner == 0);
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("data");
        fs::write(&file, "").unwrap();
        let error = DataDir::open(&file, &ordinary()).unwrap_err();
        assert!(error.to_string().contains("data cannot be used"), "{error}");
    }

    #[test]
    fn what_it_makes_is_closed_to_others_and_ignored_by_git() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/data");
        for _ in 0..2 {
            let data = DataDir::open(&path, &ordinary()).unwrap();
            data.write_private("env.sh", b"x").unwrap();
            assert_eq!(mode(data.path()), 0o700);
            assert_eq!(mode(&path.join("env.sh")), 0o600);
            assert_eq!(fs::read_to_string(path.join(".gitignore")).unwrap(), "*\n");
            let plugin = data.bin().join("session-manager-plugin");
            assert_eq!(
                fs::read_link(plugin).unwrap(),
                std::env::current_exe().unwrap()
            );
        }
    }
}
