//! The handshake: bounded in time and in number, with the certificate of the moment.

use std::sync::Arc;
use std::{fmt, io};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::NoServerSessionStorage;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{Certificates, TlsError};
use crate::limits;

/// Why a connection got no further than its handshake.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    /// Waiting for a place included.
    #[error("the handshake was not done in time")]
    TooSlow,
    /// The client left, does not trust us, or speaks something else.
    #[error("{0}")]
    Failed(#[from] io::Error),
}

/// Makes TLS connections of TCP connections. Clones share the places for handshakes.
#[derive(Clone)]
pub(crate) struct Acceptor {
    tls: TlsAcceptor,
    certificates: Certificates,
    places: Arc<Semaphore>,
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptor")
    }
}

impl Acceptor {
    /// Serves `certificates` over TLS 1.2 and 1.3.
    pub(crate) fn new(certificates: Certificates) -> Result<Self, TlsError> {
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(certificates.clone()));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed connection shows no certificate: one whose key was stolen would live on after it was replaced.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self {
            tls: TlsAcceptor::from(Arc::new(config)),
            certificates,
            places: Arc::new(Semaphore::new(limits::HANDSHAKES)),
        })
    }

    /// What is shown to clients.
    pub(crate) fn certificates(&self) -> Certificates {
        self.certificates.clone()
    }

    /// Shakes hands with the client at the other end of `stream`.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, HandshakeError> {
        let handshake = async {
            let _place = self.places.acquire().await.map_err(io::Error::other)?;
            let certificates = self.certificates.clone();
            // Not on the threads that carry sessions: the disk may be slow.
            tokio::task::spawn_blocking(move || certificates.refresh())
                .await
                .map_err(io::Error::other)?;
            Ok(self.tls.accept(stream).await?)
        };
        tokio::time::timeout(limits::HANDSHAKE_TIME, handshake)
            .await
            .unwrap_or(Err(HandshakeError::TooSlow))
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::super::test_client::client;
    use super::*;

    /// A client that connects and says nothing, and our end of it.
    async fn silent() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        (client, listener.accept().await.unwrap().0)
    }

    fn acceptor() -> (Acceptor, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::from_local_authority(folder.path(), &[]).unwrap();
        (Acceptor::new(certificates).unwrap(), folder)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_nothing_is_dropped_after_its_time() {
        let (acceptor, _folder) = acceptor();
        let (_client, stream) = silent().await;
        let start = tokio::time::Instant::now();
        assert!(matches!(
            acceptor.accept(stream).await,
            Err(HandshakeError::TooSlow)
        ));
        assert!(start.elapsed() >= limits::HANDSHAKE_TIME);
    }

    #[tokio::test(start_paused = true)]
    async fn a_handshake_that_finds_no_place_in_its_time_is_dropped() {
        let (acceptor, _folder) = acceptor();
        let places = u32::try_from(limits::HANDSHAKES).unwrap();
        let _all = acceptor.places.acquire_many(places).await.unwrap();
        let (_client, stream) = silent().await;
        assert!(matches!(
            acceptor.accept(stream).await,
            Err(HandshakeError::TooSlow)
        ));
    }

    #[tokio::test]
    async fn a_client_that_speaks_no_tls_is_refused_at_once() {
        let (acceptor, _folder) = acceptor();
        let (mut client, stream) = silent().await;
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .unwrap();
        assert!(matches!(
            acceptor.accept(stream).await,
            Err(HandshakeError::Failed(_))
        ));
    }

    #[tokio::test]
    async fn a_connection_is_never_resumed_past_a_replaced_certificate() {
        let (acceptor, folder) = acceptor();
        let connector = client(&folder.path().join("ca.pem"));
        for _ in 0..2 {
            let (stream_of_client, stream) = silent().await;
            let name = ServerName::try_from("localhost").unwrap();
            let (client, server) = tokio::join!(
                connector.connect(name, stream_of_client),
                acceptor.accept(stream)
            );
            assert_eq!(
                server.unwrap().get_ref().1.handshake_kind(),
                Some(rustls::HandshakeKind::Full)
            );
            assert!(client.unwrap().get_ref().1.peer_certificates().is_some());
        }
    }
}
