//! The node's registration on disk: who it is, whose grants it believes, and the key it signs with.
//!
//! `registration.json` belongs to root alone, because it pins the grant key. The RSA key and the
//! fingerprint lie in `control/`, owned by the control worker's uid; root opens them only after
//! checking that owner.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{
    DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, lchown,
};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use usher_sys::{ServiceIds, Uid};
use usher_wire::ids::NodeId;

/// More than a fingerprint or an RSA key needs.
const MAX_BYTES: u64 = 16 * 1024;

/// What root keeps about the node.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Registration {
    pub(crate) node_id: NodeId,
    pub(crate) region: String,
    /// Base64 of the service's Ed25519 public key, pinned when the node was registered.
    pub(crate) grant_public_key: String,
}

/// Why the registration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistrationError {
    #[error("this node is not registered: {0} does not exist. Run `usher-agent register` first")]
    Missing(PathBuf),
    #[error("{path}: {cause}")]
    Unreadable { path: PathBuf, cause: io::Error },
    #[error("{0} is not a registration: restore it, or register this node again")]
    Invalid(PathBuf),
    #[error("{0} pins the grant key but does not belong to the user this agent runs as")]
    ForeignOwner(PathBuf),
}

/// The files under `state_dir`.
#[derive(Clone, Debug)]
pub(crate) struct StateDir {
    root: PathBuf,
}

impl StateDir {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    fn registration(&self) -> PathBuf {
        self.root.join("registration.json")
    }

    fn control(&self) -> PathBuf {
        self.root.join("control")
    }

    fn key(&self) -> PathBuf {
        self.control().join("registration.key")
    }

    fn fingerprint_path(&self) -> PathBuf {
        self.control().join("fingerprint")
    }

    /// Makes both directories; the control worker's belongs to `control`.
    pub(crate) fn prepare(&self, control: Option<ServiceIds>) -> io::Result<()> {
        make_directory(&self.root, 0o755)?;
        make_directory(&self.control(), 0o700)?;
        hand_over(&self.control(), control)
    }

    /// Stores the key and then, atomically, the registration that makes it count.
    pub(crate) fn store(
        &self,
        registration: &Registration,
        key_der: &[u8],
        fingerprint: &str,
        control: Option<ServiceIds>,
    ) -> io::Result<()> {
        for (path, content) in [
            (self.key(), key_der),
            (self.fingerprint_path(), fingerprint.as_bytes()),
        ] {
            replace_for(control, &path, content, 0o600)?;
        }
        let json = serde_json::to_vec_pretty(registration).map_err(io::Error::other)?;
        replace(&self.registration(), &json, 0o644)
    }

    /// The registration, if it is this user's own file.
    pub(crate) fn load(&self) -> Result<Registration, RegistrationError> {
        let path = self.registration();
        let unreadable = |cause: io::Error| match cause.kind() {
            io::ErrorKind::NotFound => RegistrationError::Missing(self.registration()),
            io::ErrorKind::PermissionDenied => RegistrationError::ForeignOwner(self.registration()),
            _ => RegistrationError::Unreadable {
                path: self.registration(),
                cause,
            },
        };
        let file = usher_sys::open_owned_file(&path, Uid::effective()).map_err(unreadable)?;
        let mut json = Vec::new();
        file.take(MAX_BYTES)
            .read_to_end(&mut json)
            .map_err(unreadable)?;
        serde_json::from_slice(&json).map_err(|_| RegistrationError::Invalid(path))
    }

    /// Opens the private key for the control worker and reads the fingerprint.
    pub(crate) fn open_key(
        &self,
        control: Option<ServiceIds>,
    ) -> Result<(File, String), RegistrationError> {
        let owner = control.map_or_else(Uid::effective, |ids| ids.uid);
        let open = |path: PathBuf| {
            usher_sys::open_owned_file(&path, owner)
                .map_err(|cause| RegistrationError::Unreadable { path, cause })
        };
        let key = open(self.key())?;
        let fingerprint = read_text(open(self.fingerprint_path())?).map_err(|cause| {
            RegistrationError::Unreadable {
                path: self.fingerprint_path(),
                cause,
            }
        })?;
        Ok((key, fingerprint))
    }

    /// The fingerprint of an earlier registration of this machine, if there is one.
    pub(crate) fn earlier_fingerprint(&self, control: Option<ServiceIds>) -> Option<String> {
        let owner = control.map_or_else(Uid::effective, |ids| ids.uid);
        let file = usher_sys::open_owned_file(&self.fingerprint_path(), owner).ok()?;
        read_text(file).ok().filter(|text| !text.is_empty())
    }
}

/// The content of an open registration key.
pub(crate) fn read_key(file: File) -> io::Result<Vec<u8>> {
    let mut der = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut der)?;
    Ok(der)
}

fn read_text(file: File) -> io::Result<String> {
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text.trim().to_owned())
}

/// Makes a directory with exactly this mode, or accepts one that is this user's own already.
pub(crate) fn make_directory(path: &Path, mode: u32) -> io::Result<()> {
    match DirBuilder::new().recursive(true).mode(mode).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    if metadata.permissions().mode() & 0o7777 & !mode != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Gives a directory of ours away; a link in its place stays what it is.
fn hand_over(path: &Path, to: Option<ServiceIds>) -> io::Result<()> {
    let Some(ids) = to else { return Ok(()) };
    if fs::symlink_metadata(path)?.uid() == ids.uid.as_raw() {
        return Ok(());
    }
    lchown(path, Some(ids.uid.as_raw()), Some(ids.gid.as_raw()))
}

/// Writes a new file beside `path` and moves it there: a reader sees the old or the new, never half.
pub(crate) fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    replace_for(None, path, content, mode)
}

/// As [`replace`], for a file that is to belong to `owner`. It is given away while it has no name yet that matters,
/// and by its descriptor: in a directory of its owner's, a name may stand for another file at any time.
fn replace_for(
    owner: Option<ServiceIds>,
    path: &Path,
    content: &[u8],
    mode: u32,
) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let beside = PathBuf::from(name);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&beside)?;
    let written = owner
        .map_or(Ok(()), |ids| {
            fchown(&file, Some(ids.uid.as_raw()), Some(ids.gid.as_raw()))
        })
        .and_then(|()| file.write_all(content))
        .and_then(|()| file.sync_all());
    let moved = written.and_then(|()| fs::rename(&beside, path));
    if moved.is_err() {
        let _ = fs::remove_file(&beside);
    }
    moved
}

#[cfg(test)]
mod tests {
    use usher_sys::Gid;

    use super::*;

    fn registration() -> Registration {
        Registration {
            node_id: NodeId::parse("mi-0123456789abcdef0").unwrap(),
            region: "usher-1".to_owned(),
            grant_public_key: "a2V5".to_owned(),
        }
    }

    fn control() -> ServiceIds {
        ServiceIds {
            uid: Uid::from_raw(61_184),
            gid: Gid::from_raw(61_184),
        }
    }

    #[test]
    fn a_key_behind_a_symbolic_link_is_not_opened() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDir::new(directory.path());
        state.prepare(None).unwrap();
        fs::write(directory.path().join("secret"), "not for control").unwrap();
        std::os::unix::fs::symlink(directory.path().join("secret"), state.key()).unwrap();
        assert!(state.open_key(None).is_err());
    }

    #[test]
    fn what_a_link_in_the_place_of_the_directory_names_is_not_given_away() {
        if !usher_sys::running_as_root() {
            // Past the harness's capture: nothing is skipped silently.
            let line = "SKIPPED what_a_link_in_the_place_of_the_directory_names_is_not_given_away: only root can give files away\n";
            io::stderr().write_all(line.as_bytes()).unwrap();
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        fs::write(&target, "root's").unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        hand_over(&link, Some(control())).unwrap();
        assert_eq!(fs::metadata(&target).unwrap().uid(), 0);
        assert_eq!(fs::symlink_metadata(&link).unwrap().uid(), 61_184);
    }

    #[test]
    fn a_key_for_control_never_has_its_name_before_its_owner() {
        if !usher_sys::running_as_root() {
            // Past the harness's capture: nothing is skipped silently.
            let line = "SKIPPED a_key_for_control_never_has_its_name_before_its_owner: only root can give files away\n";
            io::stderr().write_all(line.as_bytes()).unwrap();
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        replace_for(Some(control()), &path, b"der", 0o600).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (61_184, 61_184));
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn an_unregistered_node_is_told_what_to_run() {
        let directory = tempfile::tempdir().unwrap();
        let error = StateDir::new(directory.path()).load().unwrap_err();
        assert!(
            error.to_string().contains("usher-agent register"),
            "{error}"
        );
    }

    #[test]
    fn what_was_stored_is_read_back_and_the_key_is_private() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDir::new(directory.path());
        state.prepare(None).unwrap();
        state
            .store(&registration(), b"der", "finger", None)
            .unwrap();
        state
            .store(&registration(), b"der2", "finger", None)
            .unwrap();
        assert_eq!(state.load().unwrap(), registration());
        let (key, fingerprint) = state.open_key(None).unwrap();
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read_key(key).unwrap(), b"der2");
        assert_eq!(fingerprint, "finger");
        assert_eq!(state.earlier_fingerprint(None).as_deref(), Some("finger"));
    }
}
