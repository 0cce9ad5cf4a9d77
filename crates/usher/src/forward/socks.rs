//! SOCKS version 5 (RFC 1928) as far as a forward needs it: no authentication, and connecting only.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use usher_wire::message::DialAnswer;

const VERSION: u8 = 5;

/// The only method of authentication: none. Who may connect is decided by who may reach the listener.
const NO_AUTHENTICATION: u8 = 0;
const NO_METHOD: u8 = 0xff;

const CONNECT: u8 = 1;

/// Replies of our own, beside those of a connection.
const COMMAND_NOT_SUPPORTED: u8 = 7;
const ADDRESS_NOT_SUPPORTED: u8 = 8;

/// Where somebody wants to be connected to, as the node will resolve it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) host: String,
    /// 1 to 65535.
    pub(super) port: u16,
}

/// The whole answer to a request. The bound address says nothing here: it is the node's.
pub(super) fn reply(answer: DialAnswer) -> [u8; 10] {
    reply_of(answer.code())
}

fn reply_of(code: u8) -> [u8; 10] {
    [VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]
}

/// Reads what `client` asks for. None for what is refused; it has been told.
pub(super) async fn asked(
    client: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> io::Result<Option<Place>> {
    let mut greeting = [0; 2];
    client.read_exact(&mut greeting).await?;
    let [version, count] = greeting;
    if version != VERSION {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut methods = vec![0; count.into()];
    client.read_exact(&mut methods).await?;
    if !methods.contains(&NO_AUTHENTICATION) {
        client.write_all(&[VERSION, NO_METHOD]).await?;
        return Ok(None);
    }
    client.write_all(&[VERSION, NO_AUTHENTICATION]).await?;

    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let [version, command, _, kind] = request;
    if version != VERSION {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let host = match kind {
        1 => {
            let mut address = [0; 4];
            client.read_exact(&mut address).await?;
            Some(Ipv4Addr::from(address).to_string())
        }
        3 => {
            let mut name = vec![0; client.read_u8().await?.into()];
            client.read_exact(&mut name).await?;
            String::from_utf8(name).ok().filter(|name| !name.is_empty())
        }
        4 => {
            let mut address = [0; 16];
            client.read_exact(&mut address).await?;
            Some(Ipv6Addr::from(address).to_string())
        }
        _ => None,
    };
    let Some(host) = host else {
        client.write_all(&reply_of(ADDRESS_NOT_SUPPORTED)).await?;
        return Ok(None);
    };
    let port = client.read_u16().await?;
    if command != CONNECT || port == 0 {
        client.write_all(&reply_of(COMMAND_NOT_SUPPORTED)).await?;
        return Ok(None);
    }
    Ok(Some(Place { host, port }))
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    const GREETING: [u8; 3] = [5, 1, 0];

    async fn says(bytes: &[u8]) -> (io::Result<Option<Place>>, Vec<u8>) {
        let (mut client, mut ours) = duplex(1024);
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let asked = asked(&mut ours).await;
        drop(ours);
        let mut told = Vec::new();
        client.read_to_end(&mut told).await.unwrap();
        (asked, told)
    }

    async fn requests(rest: &[u8]) -> (io::Result<Option<Place>>, Vec<u8>) {
        says(&[&GREETING, rest].concat()).await
    }

    #[tokio::test]
    async fn who_cannot_be_answered_in_this_version_is_not() {
        let (asked, told) = says(&[4, 1, 0, 80, 127, 0, 0, 1, 0]).await;
        assert!(asked.is_err() && told.is_empty());
        assert!(
            requests(&[4, 1, 0, 1, 127, 0, 0, 1, 0, 80])
                .await
                .0
                .is_err()
        );
        assert!(requests(&[5, 1, 0, 3, 9, b'a']).await.0.is_err());
    }

    #[tokio::test]
    async fn a_client_that_insists_on_a_password_is_refused() {
        let (asked, told) = says(&[5, 1, 2]).await;
        assert_eq!((asked.unwrap(), told), (None, vec![5, 0xff]));
    }

    #[tokio::test]
    async fn other_requests_are_refused_by_their_numbers() {
        for (request, code) in [
            (&[5, 2, 0, 1, 127, 0, 0, 1, 0, 80][..], 7),
            (&[5, 3, 0, 1, 127, 0, 0, 1, 0, 80], 7),
            (&[5, 1, 0, 1, 127, 0, 0, 1, 0, 0], 7),
            (&[5, 1, 0, 9, 1, 2, 3], 8),
            (&[5, 1, 0, 3, 0, 0, 80], 8),
            (&[5, 1, 0, 3, 1, 0xff, 0, 80], 8),
        ] {
            let (asked, told) = requests(request).await;
            assert_eq!(asked.unwrap(), None, "{request:?}");
            assert_eq!(told.get(3), Some(&code), "{request:?}");
        }
    }

    #[tokio::test]
    async fn names_and_addresses_are_left_to_the_node() {
        for (request, host) in [
            (&[5, 1, 0, 1, 10, 0, 0, 1, 0, 80][..], "10.0.0.1"),
            (&[5, 1, 0, 3, 2, b'd', b'b', 0, 80], "db"),
            (
                &[
                    5, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80,
                ],
                "::1",
            ),
        ] {
            let place = Place {
                host: host.to_owned(),
                port: 80,
            };
            assert_eq!(requests(request).await.0.unwrap(), Some(place));
        }
    }
}
