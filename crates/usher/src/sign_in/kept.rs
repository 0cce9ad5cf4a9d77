//! What is kept of a sign-in between commands: one file for each profile, mode 0600, in a directory of mode 0700.
//!
//! Invariants: a file that others could read is not believed; it is replaced whole or not at all; who changes it holds its
//! lock, which [`Locked`] proves.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use usher_aws::Credentials;
use usher_wire::secret::Secret;

use super::SignInError;

/// Bytes; the longest tokens are a few thousand.
const LONGEST: u64 = 256 * 1024;

/// A sign-in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) role_arn: String,
    /// Who signed in, for this issuer.
    pub(super) subject: String,
    pub(super) session_name: String,
    pub(super) refresh_token: Option<Secret>,
    pub(super) keys: Keys,
}

/// A role's temporary keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: Secret,
    pub(crate) session_token: Secret,
    /// Milliseconds since the epoch.
    pub(crate) expires_ms: i64,
}

impl From<Credentials> for Keys {
    fn from(credentials: Credentials) -> Self {
        let expires = credentials.expires.unwrap_or(UNIX_EPOCH);
        Self {
            access_key_id: credentials.access_key_id,
            secret_access_key: credentials.secret_access_key,
            session_token: credentials.session_token.unwrap_or_default(),
            expires_ms: since_epoch(expires),
        }
    }
}

fn since_epoch(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl Keys {
    /// Whether they are good for so long after `now_ms`.
    pub(super) fn outlive(&self, now_ms: i64, margin: Duration) -> bool {
        let margin = i64::try_from(margin.as_millis()).unwrap_or(i64::MAX);
        now_ms.saturating_add(margin) < self.expires_ms
    }
}

/// Where a profile's sign-in is kept.
#[derive(Debug)]
pub(super) struct Place {
    directory: PathBuf,
    name: String,
}

/// The same, with the right to change it.
#[derive(Debug)]
pub(super) struct Locked {
    place: Place,
    _lock: File,
}

impl Place {
    /// Under `XDG_STATE_HOME`, else `~/.local/state`.
    pub(super) fn of(profile: &str) -> Result<Self, SignInError> {
        let absolute = |name| {
            let path = std::env::var_os(name).map(PathBuf::from);
            path.filter(|path| path.is_absolute())
        };
        let state = absolute("XDG_STATE_HOME")
            .or_else(|| Some(absolute("HOME")?.join(".local/state")))
            .ok_or(SignInError::NoHome)?;
        Ok(Self::within(&state.join("usher/sign-in"), profile))
    }

    fn within(directory: &Path, profile: &str) -> Self {
        // Two profiles never share a file, whatever they are called.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let name = profile.bytes().fold(String::new(), |mut name, byte| {
            match plain(byte) {
                true => name.push(char::from(byte)),
                false => name.push_str(&format!("%{byte:02x}")),
            }
            name
        });
        Self {
            directory: directory.to_owned(),
            name,
        }
    }

    /// What is kept, if anything is.
    pub(super) fn read(&self) -> Result<Option<Kept>, SignInError> {
        match self.directory.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            metadata => refuse_open(&self.directory, &metadata.map_err(at(&self.directory))?)?,
        }
        let path = self.file();
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&path);
        let file = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(at(&path))?,
        };
        refuse_open(&path, &file.metadata().map_err(at(&path))?)?;
        let mut text = Vec::new();
        let mut bounded = file.take(LONGEST);
        bounded.read_to_end(&mut text).map_err(at(&path))?;
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|_| SignInError::Unreadable { path })
    }

    /// Waits until nobody else changes it.
    pub(super) async fn lock(self) -> Result<Locked, SignInError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)
            .map_err(at(&self.directory))?;
        let metadata = self.directory.metadata().map_err(at(&self.directory))?;
        refuse_open(&self.directory, &metadata)?;
        let path = self.directory.join(format!("{}.lock", self.name));
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(at(&path))?;
        // Whoever holds it may be asking a provider: not on the thread that everything else runs on.
        let taken = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock));
        let lock = taken.await.map_err(io::Error::other).and_then(|lock| lock);
        Ok(Locked {
            _lock: lock.map_err(at(&path))?,
            place: self,
        })
    }

    fn file(&self) -> PathBuf {
        self.directory.join(format!("{}.json", self.name))
    }
}

impl Locked {
    /// As [`Place::read`].
    pub(super) fn read(&self) -> Result<Option<Kept>, SignInError> {
        self.place.read()
    }

    /// Replaces what is kept.
    pub(super) fn write(&self, kept: &Kept) -> Result<(), SignInError> {
        let path = self.place.file();
        let fresh = path.with_extension("fresh");
        let write = || {
            let _ = fs::remove_file(&fresh);
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&fresh)?;
            serde_json::to_writer(&mut file, kept)?;
            file.flush()?;
            file.sync_all()?;
            fs::rename(&fresh, &path)
        };
        write().map_err(at(&path))
    }

    /// Keeps nothing any more.
    pub(super) fn remove(&self) -> Result<(), SignInError> {
        let path = self.place.file();
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(at(&path)),
        }
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> SignInError + '_ {
    |source| SignInError::File {
        path: path.to_owned(),
        source,
    }
}

fn refuse_open(path: &Path, metadata: &Metadata) -> Result<(), SignInError> {
    let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
    match is_ours && metadata.mode() & 0o077 == 0 {
        true => Ok(()),
        false => Err(SignInError::Exposed {
            path: path.to_owned(),
            mode: metadata.mode() & 0o7777,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn sample(secret: &str) -> Kept {
        Kept {
            issuer: "https://id.example.com".to_owned(),
            client_id: "usher".to_owned(),
            role_arn: "arn:aws:iam::000000000000:role/people".to_owned(),
            subject: "person-1".to_owned(),
            session_name: "alice".to_owned(),
            refresh_token: Some(secret.into()),
            keys: Keys {
                access_key_id: "ASIAEXAMPLE".to_owned(),
                secret_access_key: secret.into(),
                session_token: secret.into(),
                expires_ms: 60_000,
            },
        }
    }

    fn place(directory: &Path) -> Place {
        Place::within(&directory.join("usher/sign-in"), "work")
    }

    async fn keep(directory: &Path, secret: &str) {
        let locked = place(directory).lock().await.unwrap();
        locked.write(&sample(secret)).unwrap();
    }

    #[tokio::test]
    async fn a_file_that_others_can_read_is_not_believed() {
        let directory = tempfile::tempdir().unwrap();
        keep(directory.path(), "s").await;
        let path = place(directory.path()).file();
        for mode in [0o604, 0o640, 0o620] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let refused = place(directory.path()).read().unwrap_err();
            assert!(matches!(refused, SignInError::Exposed { .. }), "{refused}");
            let hint = refused.hint().unwrap();
            assert!(hint.contains("chmod 600 "), "{hint}");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let above = path.parent().unwrap();
        fs::set_permissions(above, Permissions::from_mode(0o750)).unwrap();
        let refused = place(directory.path()).read().unwrap_err();
        assert!(refused.hint().unwrap().contains("chmod 700 "), "{refused}");
    }

    #[tokio::test]
    async fn a_link_and_what_is_no_sign_in_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        keep(directory.path(), "s").await;
        let path = place(directory.path()).file();
        fs::write(&path, "{}").unwrap();
        let refused = place(directory.path()).read().unwrap_err();
        assert!(
            matches!(refused, SignInError::Unreadable { .. }),
            "{refused}"
        );
        let elsewhere = directory.path().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        let refused = place(directory.path()).read().unwrap_err();
        assert!(matches!(refused, SignInError::File { .. }), "{refused}");
    }

    #[tokio::test]
    async fn nothing_is_kept_before_somebody_signs_in_and_after_somebody_signs_out() {
        let directory = tempfile::tempdir().unwrap();
        assert!(place(directory.path()).read().unwrap().is_none());
        keep(directory.path(), "s").await;
        let locked = place(directory.path()).lock().await.unwrap();
        locked.remove().unwrap();
        locked.remove().unwrap();
        assert!(place(directory.path()).read().unwrap().is_none());
    }

    #[tokio::test]
    async fn what_is_kept_is_the_owners_alone_and_is_never_printed() {
        let directory = tempfile::tempdir().unwrap();
        keep(directory.path(), "old").await;
        keep(directory.path(), "top-secret").await;
        let path = place(directory.path()).file();
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let kept = place(directory.path()).read().unwrap().unwrap();
        assert_eq!(kept.refresh_token, Some("top-secret".into()));
        assert!(!format!("{kept:?}").contains("top-secret"));
        assert!(kept.keys.outlive(0, Duration::from_secs(59)));
        assert!(!kept.keys.outlive(0, Duration::from_secs(60)));
    }

    #[tokio::test]
    async fn the_lock_is_held_by_one_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let first = place(directory.path()).lock().await.unwrap();
        let second = tokio::spawn(place(directory.path()).lock());
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        first.write(&sample("first")).unwrap();
        drop(first);
        let second = second.await.unwrap().unwrap();
        assert_eq!(
            second.read().unwrap().unwrap().refresh_token,
            Some("first".into())
        );
    }

    #[test]
    fn two_profiles_never_share_a_file() {
        let name = |profile| Place::within(Path::new("/"), profile).name;
        assert_eq!(name("work-1"), "work-1");
        assert_eq!(name("../a b"), "%2e%2e%2fa%20b");
        assert_ne!(name("a/b"), name("a%2fb"));
    }
}
