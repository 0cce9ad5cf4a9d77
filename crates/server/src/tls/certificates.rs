//! The certificate in use, and how it is replaced while connections come in.
//!
//! Answering a handshake never touches the disk: [`Certificates::refresh`] does, before it, and one at a time. A
//! replacement that fails leaves the certificate in use and says why in the log, once.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::TlsError;
use super::authority::Authority;
use super::pem_files::PemFiles;
use crate::clock::Clock;

/// Where a TLS listener takes its certificate from. Clones are the same one.
#[derive(Clone)]
pub struct Certificates(Arc<Inner>);

struct Inner {
    current: RwLock<Arc<CertifiedKey>>,
    source: Mutex<Source>,
}

enum Source {
    Files(PemFiles),
    Authority {
        authority: Authority,
        renew_at_ms: u64,
        clock: Clock,
    },
}

impl Certificates {
    /// Serves the PEM files `certificate` (the server's own first, then those between it and its authority) and `key`,
    /// and what they are replaced by while the server runs.
    ///
    /// # Errors
    /// If a file cannot be read, the two do not belong together, or the key may be read by everybody.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Self::from_source(Source::Files(PemFiles::new(certificate, key)))
    }

    /// Serves certificates for `localhost`, the loopback addresses and `names` (host names or addresses of this
    /// machine), issued by an authority that is kept in `folder` and made when it is missing: `ca.pem` is what clients
    /// must trust, `ca.key` must never leave. Names that the authority was not made for are left out, and the log
    /// says so.
    ///
    /// # Errors
    /// If the authority cannot be made, or is damaged.
    pub fn from_local_authority(folder: &Path, names: &[String]) -> Result<Self, TlsError> {
        Self::from_local_authority_at(folder, names, Clock::System)
    }

    pub(super) fn from_local_authority_at(
        folder: &Path,
        names: &[String],
        clock: Clock,
    ) -> Result<Self, TlsError> {
        let authority = Authority::open(folder, names, clock.now_ms())?;
        Self::from_source(Source::Authority {
            authority,
            renew_at_ms: 0,
            clock,
        })
    }

    fn from_source(mut source: Source) -> Result<Self, TlsError> {
        let current = source.load()?;
        Ok(Self(Arc::new(Inner {
            current: RwLock::new(Arc::new(current)),
            source: Mutex::new(source),
        })))
    }

    /// Reads the files again, changed or not; a certificate of the local authority is issued anew. Connections that
    /// are open keep what they have.
    ///
    /// # Errors
    /// As [`Certificates::from_files`]; the certificate in use then stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let mut source = self.0.source.lock().unwrap_or_else(PoisonError::into_inner);
        self.replace(source.load()?);
        Ok(())
    }

    /// Whether somebody else replaces the certificate, and may want to tell us so.
    pub(super) fn are_files(&self) -> bool {
        let source = self.0.source.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(*source, Source::Files(_))
    }

    /// Replaces the certificate if its files changed or it is about to expire. May read the disk. Whoever finds this
    /// being done goes on with the certificate in use.
    pub(super) fn refresh(&self) {
        let mut source = match self.0.source.try_lock() {
            Ok(source) => source,
            Err(TryLockError::Poisoned(source)) => source.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if !source.is_stale() {
            return;
        }
        match source.load() {
            Ok(replacement) => {
                self.replace(replacement);
                tracing::info!(%source, "the TLS certificate was replaced");
            }
            Err(error) => {
                tracing::error!(%source, %error, "the TLS certificate was not replaced: the one in use stays");
            }
        }
    }

    fn replace(&self, replacement: CertifiedKey) {
        *self
            .0
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(replacement);
    }
}

impl Source {
    fn is_stale(&self) -> bool {
        match self {
            Self::Files(files) => files.changed(),
            Self::Authority {
                renew_at_ms, clock, ..
            } => clock.now_ms() >= *renew_at_ms,
        }
    }

    fn load(&mut self) -> Result<CertifiedKey, TlsError> {
        match self {
            Self::Files(files) => files.load(),
            Self::Authority {
                authority,
                renew_at_ms,
                clock,
            } => {
                let issued = authority.issue(clock.now_ms())?;
                *renew_at_ms = issued.renew_at_ms;
                Ok(issued.certified)
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(files) => write!(f, "{}", files.certificate().display()),
            Self::Authority { .. } => f.write_str("local authority"),
        }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(
            &self
                .0
                .current
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates")
    }
}
