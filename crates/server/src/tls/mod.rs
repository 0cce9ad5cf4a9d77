//! TLS of our own listener: where its certificate comes from, and the handshake.
//!
//! Owns two invariants: a certificate that cannot be used never replaces one that can, and what a stranger can make
//! us spend before the handshake is done is bounded in time and number. `authority` makes certificates on a laptop,
//! `pem_files` reads those of an operator, `certificates` chooses the one in use, `acceptor` shakes hands. Knows no
//! HTTP.

mod acceptor;
mod authority;
mod certificates;
mod error;
mod hangup;
mod pem_files;
mod private_file;
#[cfg(test)]
mod test_client;
#[cfg(test)]
mod tests;

pub(crate) use acceptor::Acceptor;
pub use certificates::Certificates;
pub use error::TlsError;
pub(crate) use hangup::reload_on_hangup;
