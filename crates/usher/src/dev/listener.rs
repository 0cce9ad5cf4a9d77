//! The one listener: loopback only, since it carries keys in the clear.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::DevError;

/// Listens at `address`, which must be a loopback address.
pub(super) async fn bind(address: SocketAddr) -> Result<TcpListener, DevError> {
    if !address.ip().is_loopback() {
        return Err(DevError::NotLoopback(address));
    }
    TcpListener::bind(address)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => DevError::AddressInUse(address),
            _ => DevError::Listen(error),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_loopback_is_listened_on() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8480"] {
            let refused = bind(address.parse().unwrap()).await;
            assert!(
                matches!(refused, Err(DevError::NotLoopback(_))),
                "{address}"
            );
        }
        assert!(bind("127.0.0.1:0".parse().unwrap()).await.is_ok());
    }

    #[tokio::test]
    async fn an_address_in_use_is_named() {
        let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = held.local_addr().unwrap();
        let error = bind(address).await.unwrap_err();
        assert!(error.to_string().contains(&address.to_string()));
        assert!(error.hint().unwrap().contains("--listen 127.0.0.1:0"));
    }
}
