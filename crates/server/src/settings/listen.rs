//! Opening what the settings say: certificate first, so that no port answers before it can speak TLS.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::Settings;
use crate::config::aws_names;
use crate::http::{Listener, Names};
use crate::tls::{Certificates, TlsError};

/// Why nothing is listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Taken, not ours, or for root alone.
    #[error(
        "{address} cannot be listened on ({source}): stop what uses it, or choose another address"
    )]
    Address {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Settings {
    /// Opens the listeners, for [`crate::Server::run`].
    ///
    /// # Errors
    /// If the certificate cannot be used, or an address cannot be listened on.
    pub async fn listeners(&self) -> Result<Vec<Listener>, ListenError> {
        let mut listeners = Vec::new();
        if let Some(tls) = &self.listen_tls {
            let certificates = Certificates::from_files(&tls.certificate, &tls.key)?;
            let socket = bind(tls.address).await?;
            listeners.push(Listener::tls(socket, certificates.clone())?);
            if let Some(address) = self.listen_proxy {
                let socket = bind(address).await?;
                listeners.push(Listener::tunnel(socket, certificates, self.names())?);
            }
        }
        if let Some(address) = self.listen {
            listeners.push(Listener::plain(bind(address).await?));
        }
        Ok(listeners)
    }
}

impl Settings {
    /// Whom the proxy connects to.
    fn names(&self) -> Names {
        Names {
            hosts: aws_names(&self.config.region).collect(),
            below: self.config.perimeter.bucket_domain.clone(),
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| ListenError::Address { address, source })
}
