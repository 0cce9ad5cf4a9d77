//! Why there is no certificate to serve with. Every sentence names the file and what to do.

use std::io;
use std::path::PathBuf;

/// A certificate, its key, or the local authority cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{path} cannot be used: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Far larger than any chain of certificates.
    #[error("{path} is larger than {limit} bytes: it cannot be a certificate or its key")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest size that is read.
        limit: u64,
    },
    /// Not PEM, or PEM of something else.
    #[error(
        "{path} holds no certificate that can be read ({cause}): it must be a PEM file with the server's certificate \
         first, then those between it and its authority"
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        cause: String,
    },
    /// Not PEM, encrypted, or PEM of something else.
    #[error(
        "{path} holds no private key that can be read ({cause}): it must be a PEM file with an unencrypted key"
    )]
    NoKey {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        cause: String,
    },
    /// The key belongs to another certificate, or is of a kind that we cannot use.
    #[error(
        "the key in {key} does not serve the certificate in {certificate} ({cause}): replace both files by a pair that \
         was issued together"
    )]
    NotAPair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What was found.
        cause: String,
    },
    /// More people than needed may read the key.
    #[error(
        "the key {path} may be used by more people than the server: run `chmod {mode:o}` on it, and replace it if somebody may have read it"
    )]
    KeyExposed {
        /// The file.
        path: PathBuf,
        /// The widest mode that is accepted.
        mode: u32,
    },
    /// The local authority's certificate is of no use without its key.
    #[error(
        "the local certificate authority {certificate} has lost its key {key}: put the key back, or remove the \
         certificate to have a new authority made, which clients must then be told to trust"
    )]
    AuthorityKeyMissing {
        /// The authority's certificate.
        certificate: PathBuf,
        /// Where its key belongs.
        key: PathBuf,
    },
    /// Clients that trust the authority's certificate would refuse what its key signs.
    #[error(
        "the local certificate authority {certificate} cannot vouch for this machine, or its key is another's: remove \
         the certificate to have a new one made, which clients must then be told to trust"
    )]
    AuthorityUnusable {
        /// The authority's certificate.
        certificate: PathBuf,
    },
    /// The cryptographic library failed.
    #[error("the cryptographic library refused to work: {0}")]
    Cipher(String),
}

impl From<rcgen::Error> for TlsError {
    fn from(error: rcgen::Error) -> Self {
        Self::Cipher(error.to_string())
    }
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        Self::Cipher(error.to_string())
    }
}
