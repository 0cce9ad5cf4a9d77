//! A certificate and its key in two PEM files that somebody else replaces from time to time.
//!
//! Whether they changed is judged by what the file system says of them, without reading them: two look-ups, cheap
//! enough for every handshake.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::{TlsError, private_file};

/// Widest permissions of a key: a group may read it, as Debian's `ssl-cert` does.
const KEY_MODE: u32 = 0o640;

/// Where certificate and key are, and what they looked like when they were last read.
#[derive(Debug)]
pub(super) struct PemFiles {
    certificate: PathBuf,
    key: PathBuf,
    seen: Option<[Option<Look>; 2]>,
}

/// What tells one content of a file from the next: any way of replacing or rewriting it changes one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl PemFiles {
    /// Files that have not been read yet.
    pub(super) fn new(certificate: &Path, key: &Path) -> Self {
        Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            seen: None,
        }
    }

    /// The certificate's file, for the log.
    pub(super) fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Whether either file changed since [`PemFiles::load`].
    pub(super) fn changed(&self) -> bool {
        self.seen != Some(self.looks())
    }

    /// Reads both files. What cannot be used is not tried again before it changes: one line in the log, not one for
    /// every handshake.
    pub(super) fn load(&mut self) -> Result<CertifiedKey, TlsError> {
        // Before reading: what is written meanwhile counts as the next change.
        self.seen = Some(self.looks());
        let chain = self.chain()?;
        let key = self.private_key()?;
        CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|error| {
            TlsError::NotAPair {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
                cause: error.to_string(),
            }
        })
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let bytes = private_file::read(&self.certificate)?;
        let failed = |cause: String| TlsError::NoCertificate {
            path: self.certificate.clone(),
            cause,
        };
        let chain = CertificateDer::pem_slice_iter(&bytes)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| failed(error.to_string()))?;
        if chain.is_empty() {
            return Err(failed("no such section".to_owned()));
        }
        Ok(chain)
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let bytes = private_file::read_key(&self.key, KEY_MODE)?;
        PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| TlsError::NoKey {
            path: self.key.clone(),
            cause: error.to_string(),
        })
    }

    fn looks(&self) -> [Option<Look>; 2] {
        [&self.certificate, &self.key].map(|path| {
            let of = fs::metadata(path).ok()?;
            Some(Look {
                device: of.dev(),
                inode: of.ino(),
                size: of.size(),
                modified: (of.mtime(), of.mtime_nsec()),
                changed: (of.ctime(), of.ctime_nsec()),
            })
        })
    }
}
