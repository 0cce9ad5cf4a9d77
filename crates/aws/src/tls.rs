//! Whose certificates are believed: the platform's roots (which on Linux honour `SSL_CERT_FILE`) with the bundle named
//! by `AWS_CA_BUNDLE` or by the caller beside them, or one pinned authority and nobody else.
//!
//! One configuration serves HTTP and WebSockets. Roots are read once, and only when something speaks TLS: a client on
//! plain HTTP must not pay for them.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

/// Why TLS cannot be spoken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TlsError {
    /// A bundle, said or named by `AWS_CA_BUNDLE`, cannot be read as PEM certificates.
    #[error("the CA bundle {path} holds no readable certificates: {cause}")]
    Bundle {
        /// The file as named.
        path: String,
        /// What the reader said.
        cause: String,
    },
    /// The authority to pin is no PEM certificate.
    #[error("there is no certificate that can be read: {0}")]
    Pinned(String),
    /// The platform's roots could not be used.
    #[error("the system's certificates cannot be used: {0}")]
    Roots(String),
}

/// Read once, whatever comes of it.
type Lazy = OnceLock<Result<Arc<ClientConfig>, TlsError>>;

static PLATFORM: Lazy = Lazy::new();

/// Whose certificates are believed. The default is the platform's, with `AWS_CA_BUNDLE` beside them.
#[derive(Debug, Clone, Default)]
pub struct Trust(Roots);

#[derive(Debug, Clone, Default)]
enum Roots {
    #[default]
    Platform,
    Bundle {
        path: PathBuf,
        config: Arc<Lazy>,
    },
    Pinned(Arc<ClientConfig>),
}

impl Trust {
    /// The platform's, and beside them the PEM file `path`, which is read when TLS is first spoken.
    #[must_use]
    pub fn with_bundle(path: &Path) -> Self {
        Self(Roots::Bundle {
            path: path.to_owned(),
            config: Arc::default(),
        })
    }

    /// The authorities in `pem`, and nobody else.
    ///
    /// # Errors
    /// When there is no certificate in it, or one that cannot be an authority's.
    pub fn pinned(pem: &str) -> Result<Self, TlsError> {
        let failed = |cause: String| TlsError::Pinned(cause);
        let certificates = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| failed(e.to_string()))?;
        if certificates.is_empty() {
            return Err(failed("it holds no PEM certificate".to_owned()));
        }
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate).map_err(|e| failed(e.to_string()))?;
        }
        Ok(Self(Roots::Pinned(Arc::new(trusting(roots)?))))
    }

    /// The configuration of TLS connections.
    pub(crate) fn client_config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        match &self.0 {
            Roots::Platform => PLATFORM.get_or_init(|| {
                let named = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty());
                platform(named.map(PathBuf::from).as_deref())
            }),
            Roots::Bundle { path, config } => config.get_or_init(|| platform(Some(path))),
            Roots::Pinned(config) => return Ok(Arc::clone(config)),
        }
        .clone()
    }
}

/// A configuration that trusts nobody: for clients whose endpoint is plain HTTP.
pub(crate) fn trusting_nobody() -> Result<ClientConfig, TlsError> {
    trusting(RootCertStore::empty())
}

fn trusting(roots: RootCertStore) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| TlsError::Roots(e.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn platform(extra: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let extra = extra.map(bundle).transpose()?.unwrap_or_default();
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))
        .map_err(|e| TlsError::Roots(e.to_string()))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| TlsError::Roots(e.to_string()))?;
    // The name says "dangerous" because a verifier of one's own could skip checks; this one is the platform's.
    Ok(Arc::new(
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth(),
    ))
}

fn bundle(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |cause: String| TlsError::Bundle {
        path: path.display().to_string(),
        cause,
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| failed(e.to_string()))?;
    if certificates.is_empty() {
        return Err(failed("it is empty".to_owned()));
    }
    Ok(certificates)
}

/// Why the peer's certificate was refused, where that is what `error` comes from.
pub(crate) fn distrust(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(cause)) = error.downcast_ref() {
            return Some(match cause {
                CertificateError::UnknownIssuer => {
                    "it was issued by an authority that is not trusted here".to_owned()
                }
                other => other.to_string(),
            });
        }
        // What an I/O error wraps is not its source: that is the source of what it wraps.
        next = match error.downcast_ref::<io::Error>().map(io::Error::get_ref) {
            Some(wrapped) => wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_without_certificates_is_refused_and_named() {
        let missing = bundle(Path::new("/nonexistent/ca.pem"))
            .unwrap_err()
            .to_string();
        assert!(missing.contains("/nonexistent/ca.pem"), "{missing}");
        assert!(
            bundle(Path::new("/dev/null"))
                .unwrap_err()
                .to_string()
                .contains("it is empty")
        );
    }

    #[test]
    fn nothing_that_is_no_certificate_can_be_pinned() {
        for pem in [
            "",
            "no PEM",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            assert!(
                matches!(Trust::pinned(pem), Err(TlsError::Pinned(_))),
                "{pem}"
            );
        }
    }

    #[test]
    fn a_refused_certificate_is_found_in_what_wraps_it() {
        let cause = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::other(cause));
        assert!(distrust(&wrapped).unwrap().contains("not trusted here"));
        assert_eq!(distrust(&io::Error::other("connection refused")), None);
    }
}
