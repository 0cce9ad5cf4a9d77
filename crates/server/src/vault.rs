//! Sealing of secrets at rest under the root key.
//!
//! Owns one invariant: a sealed value opens only under the name it was sealed for, so a row's
//! secret cannot be moved to another row. The root key is a file of 32 random bytes, mode 0600,
//! made once; without it the sealed values are lost, so it is never made beside an existing
//! database. Knows neither database nor callers.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use zeroize::Zeroizing;

use crate::config::RootKey;

const KEY_LEN: usize = 32;
/// First byte of a sealed value: AES-256-GCM, 12-byte nonce, ciphertext and tag.
const VERSION: u8 = 1;

/// Why a secret cannot be kept or read back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultError {
    /// The file cannot be read or made.
    #[error("the root key {path} cannot be used: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is data that only the missing key opens.
    #[error(
        "the root key {path} is missing, but the database has secrets sealed under it: put the file back"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Others may read or write it.
    #[error("the root key {path} may be used by others than its owner: run `chmod 600` on it")]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// It does not hold 32 bytes.
    #[error("the root key {path} is damaged: it does not hold 32 bytes")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The value was changed, or sealed for another name or under another key.
    #[error("a stored secret does not open under the root key")]
    DoesNotOpen,
    /// The cryptographic library failed.
    #[error("the cryptographic library refused to work")]
    Cipher,
}

impl From<VaultError> for crate::error::ApiError {
    fn from(error: VaultError) -> Self {
        Self::internal(error)
    }
}

/// Holds the root key. Its key is not shown by `Debug`.
pub(crate) struct Vault {
    key: RandomizedNonceKey,
    /// What further keys are derived from.
    source: Prk,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// Reads the root key that `root_key` means for `data_dir`, as [`Vault::open`] does.
    pub(crate) fn of(
        root_key: &RootKey,
        data_dir: &Path,
        sealed_data_exists: bool,
    ) -> Result<Self, VaultError> {
        match root_key {
            RootKey::InDataDir => Self::open(&data_dir.join("root.key"), sealed_data_exists),
            RootKey::File(path) => Self::open(path, sealed_data_exists),
            RootKey::Credential(path) => Self::open_credential(path),
        }
    }

    /// Reads the root key at `path`. Where there is none it is made, unless `sealed_data_exists`.
    pub(crate) fn open(path: &Path, sealed_data_exists: bool) -> Result<Self, VaultError> {
        let failed = |source| VaultError::File {
            path: path.to_owned(),
            source,
        };
        if !path.try_exists().map_err(failed)? {
            if sealed_data_exists {
                return Err(VaultError::Missing {
                    path: path.to_owned(),
                });
            }
            make(path).map_err(failed)?;
        }
        Self::read(path, 0o077)
    }

    /// Reads the root key that systemd put at `path`; there is nothing to make it from. For a unit with a user of its
    /// own, systemd lets that user in by an access list, whose mask shows as the group's permissions.
    pub(crate) fn open_credential(path: &Path) -> Result<Self, VaultError> {
        Self::read(path, 0o007)
    }

    /// Reads the key, unless its file has one of the permissions `exposed`.
    fn read(path: &Path, exposed: u32) -> Result<Self, VaultError> {
        let failed = |source| VaultError::File {
            path: path.to_owned(),
            source,
        };
        let mut file = fs::File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.mode() & exposed != 0 {
            return Err(VaultError::Exposed {
                path: path.to_owned(),
            });
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_LEN + 1));
        Read::by_ref(&mut file)
            .take(KEY_LEN as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() != KEY_LEN {
            return Err(VaultError::Damaged {
                path: path.to_owned(),
            });
        }
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_| VaultError::Cipher)?;
        let source = Salt::new(HKDF_SHA256, b"usher").extract(&bytes);
        Ok(Self { key, source })
    }

    /// The key of that name: 32 bytes that are the same for the same root key, and tell nothing of it.
    pub(crate) fn derive(&self, name: &str) -> Result<Zeroizing<[u8; KEY_LEN]>, VaultError> {
        let mut key = Zeroizing::new([0u8; KEY_LEN]);
        let name = [name.as_bytes()];
        let derived = self.source.expand(&name, HKDF_SHA256);
        derived
            .and_then(|derived| derived.fill(&mut *key))
            .map_err(|_| VaultError::Cipher)?;
        Ok(key)
    }

    /// Encrypts `secret` for `name`.
    pub(crate) fn seal(&self, name: &str, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut text = Zeroizing::new(Vec::with_capacity(secret.len() + AES_256_GCM.tag_len()));
        text.extend_from_slice(secret);
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut *text)
            .map_err(|_| VaultError::Cipher)?;
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&text);
        Ok(sealed)
    }

    /// Decrypts what was sealed for `name`.
    pub(crate) fn unseal(
        &self,
        name: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let Some((&VERSION, rest)) = sealed.split_first() else {
            return Err(VaultError::DoesNotOpen);
        };
        let Some((nonce, text)) = rest.split_at_checked(NONCE_LEN) else {
            return Err(VaultError::DoesNotOpen);
        };
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::DoesNotOpen)?;
        let mut text = Zeroizing::new(text.to_vec());
        let opened = self
            .key
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut text)
            .map_err(|_| VaultError::DoesNotOpen)?;
        Ok(Zeroizing::new(opened.to_vec()))
    }
}

/// Writes a new key beside its place, then puts it there unless another start was faster: a crash
/// leaves no half-written key.
fn make(path: &Path) -> std::io::Result<()> {
    let draft = path.with_extension("new");
    let _ = fs::remove_file(&draft);
    let mut bytes = Zeroizing::new([0u8; KEY_LEN]);
    aws_lc_rs::rand::fill(&mut *bytes).map_err(|_| std::io::Error::other("no random bytes"))?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(&*bytes)?;
    file.sync_all()?;
    match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::remove_file(&draft)?;
    match path.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn vault(folder: &Path) -> Vault {
        Vault::open(&folder.join("root.key"), false).unwrap()
    }

    #[test]
    fn a_value_does_not_open_under_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path());
        let sealed = vault.seal("AKIA1", b"secret").unwrap();
        assert!(matches!(
            vault.unseal("AKIA2", &sealed),
            Err(VaultError::DoesNotOpen)
        ));
        assert_eq!(&**vault.unseal("AKIA1", &sealed).unwrap(), b"secret");
    }

    #[test]
    fn a_derived_key_depends_on_its_name_and_on_the_root_key() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = vault(folder.path()).derive("a").unwrap();
        assert_ne!(*key, *vault(folder.path()).derive("b").unwrap());
        assert_ne!(*key, *vault(other.path()).derive("a").unwrap());
        assert_eq!(*key, *vault(folder.path()).derive("a").unwrap());
    }

    #[test]
    fn a_changed_or_cut_value_does_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path());
        let sealed = vault.seal("n", b"secret").unwrap();
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(vault.unseal("n", &changed).is_err(), "byte {position}");
            assert!(
                vault.unseal("n", &sealed[..position]).is_err(),
                "cut at {position}"
            );
        }
    }

    #[test]
    fn a_missing_key_is_not_replaced_when_there_is_data() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        assert!(matches!(
            Vault::open(&path, true),
            Err(VaultError::Missing { .. })
        ));
        assert!(!path.exists());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        Vault::open(&path, false).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            Vault::open(&path, true),
            Err(VaultError::Exposed { .. })
        ));
    }

    #[test]
    fn a_credential_is_never_made_and_may_show_its_users_access_as_a_groups() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usher.root-key");
        let refusal = Vault::open_credential(&path).unwrap_err();
        assert!(matches!(refusal, VaultError::File { .. }), "{refusal}");
        fs::write(&path, [7; KEY_LEN]).unwrap();
        for (mode, refused) in [(0o444, true), (0o440, false), (0o400, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(Vault::open_credential(&path).is_err(), refused, "{mode:o}");
        }
    }

    #[test]
    fn a_second_start_uses_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = vault(folder.path()).seal("n", b"secret").unwrap();
        assert_eq!(
            &**vault(folder.path()).unseal("n", &sealed).unwrap(),
            b"secret"
        );
    }
}
