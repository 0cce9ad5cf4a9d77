//! The two sockets, plain and TLS: loopback only, since one carries keys in the clear and the other shows a certificate
//! that vouches for loopback alone.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::net::TcpListener;
use usher_server::{Certificates, Listener, TlsError};

use super::DevError;

/// Where plain HTTP is spoken unless it is said otherwise.
pub(super) const PLAIN: SocketAddr = loopback(8480);

/// Where TLS is spoken unless it is said otherwise.
const TLS: SocketAddr = loopback(8443);

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// Both, with the ports they have.
#[derive(Debug)]
pub(super) struct Sockets {
    plain: (TcpListener, SocketAddr),
    tls: (TcpListener, SocketAddr),
}

impl Sockets {
    /// Listens. Who moved the plain one beside another `usher dev` need not move the other by hand.
    pub(super) async fn bind(plain: SocketAddr, tls: Option<SocketAddr>) -> Result<Self, DevError> {
        let tls = tls.unwrap_or(if plain == PLAIN { TLS } else { loopback(0) });
        Ok(Self {
            plain: bind("--listen", plain).await?,
            tls: bind("--listen-tls", tls).await?,
        })
    }

    /// `http://…`
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.plain.1)
    }

    /// `https://…`
    pub(super) fn tls_url(&self) -> String {
        format!("https://{}", self.tls.1)
    }

    /// Both as the server takes them, with a certificate of the authority in `folder`, which is made if it is missing.
    pub(super) fn listeners(self, folder: &Path) -> Result<Vec<Listener>, DevError> {
        let certificates = Certificates::from_local_authority(folder, &[]);
        let tls = certificates.and_then(|certificates| Listener::tls(self.tls.0, certificates));
        let tls = tls.map_err(|error: TlsError| DevError::Tls(error))?;
        Ok(vec![Listener::plain(self.plain.0), tls])
    }
}

async fn bind(
    option: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), DevError> {
    if !address.ip().is_loopback() {
        return Err(DevError::NotLoopback { option, address });
    }
    let socket = TcpListener::bind(address)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => DevError::AddressInUse { option, address },
            _ => DevError::Listen(error),
        })?;
    let bound = socket.local_addr().map_err(DevError::Listen)?;
    Ok((socket, bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn only_loopback_is_listened_on() {
        for text in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8480"] {
            for (plain, tls) in [(text, "127.0.0.1:0"), ("127.0.0.1:0", text)] {
                let refused = Sockets::bind(address(plain), Some(address(tls))).await;
                assert!(
                    matches!(refused, Err(DevError::NotLoopback { .. })),
                    "{plain} {tls}"
                );
            }
        }
    }

    #[tokio::test]
    async fn an_address_in_use_is_named_with_its_option() {
        let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let taken = held.local_addr().unwrap();
        let free = address("127.0.0.1:0");
        for (plain, tls, option) in [
            (taken, free, "--listen 127.0.0.1:0"),
            (free, taken, "--listen-tls 127.0.0.1:0"),
        ] {
            let error = Sockets::bind(plain, Some(tls)).await.unwrap_err();
            assert!(error.to_string().contains(&taken.to_string()), "{error}");
            assert!(error.hint().unwrap().contains(option), "{:?}", error.hint());
        }
    }

    #[tokio::test]
    async fn a_server_that_was_moved_does_not_need_the_usual_tls_port() {
        let first = Sockets::bind(address("127.0.0.1:0"), None).await.unwrap();
        let second = Sockets::bind(address("127.0.0.1:0"), None).await.unwrap();
        assert_ne!(first.tls_url(), second.tls_url());
    }
}
