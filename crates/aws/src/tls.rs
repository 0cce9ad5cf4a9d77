//! One TLS configuration for HTTP and WebSockets: the platform's roots (which on Linux honour
//! `SSL_CERT_FILE`) and, beside them, the bundle named by `AWS_CA_BUNDLE`.
//!
//! The roots are read once, and only when something speaks TLS: a client on plain HTTP must not pay for them.

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

/// Why TLS cannot be spoken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TlsError {
    /// `AWS_CA_BUNDLE` names a file that cannot be read as PEM certificates.
    #[error("AWS_CA_BUNDLE names {path}, which holds no readable certificates: {cause}")]
    Bundle {
        /// The file as named.
        path: String,
        /// What the reader said.
        cause: String,
    },
    /// The platform's roots could not be used.
    #[error("the system's certificates cannot be used: {0}")]
    Roots(String),
}

static CONFIG: OnceLock<Result<Arc<ClientConfig>, TlsError>> = OnceLock::new();

/// The configuration of every TLS connection of this process.
pub(crate) fn client_config() -> Result<Arc<ClientConfig>, TlsError> {
    CONFIG.get_or_init(|| with_roots().map(Arc::new)).clone()
}

/// A configuration that trusts nobody: for clients whose endpoint is plain HTTP.
pub(crate) fn trusting_nobody() -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| TlsError::Roots(e.to_string()))?;
    Ok(builder
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}

fn with_roots() -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let extra = match std::env::var("AWS_CA_BUNDLE") {
        Ok(path) if !path.is_empty() => bundle(&path)?,
        _ => Vec::new(),
    };
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))
        .map_err(|e| TlsError::Roots(e.to_string()))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| TlsError::Roots(e.to_string()))?;
    // The name says "dangerous" because a verifier of one's own could skip checks; this one is the platform's.
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

fn bundle(path: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |cause: String| TlsError::Bundle {
        path: path.to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_without_certificates_is_refused_and_named() {
        let missing = bundle("/nonexistent/ca.pem").unwrap_err().to_string();
        assert!(missing.contains("/nonexistent/ca.pem"), "{missing}");
        assert!(
            bundle("/dev/null")
                .unwrap_err()
                .to_string()
                .contains("it is empty")
        );
    }
}
