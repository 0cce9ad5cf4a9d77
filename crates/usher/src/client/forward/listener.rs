//! Where a forward listens: a port of this machine's loopback, another address, or a Unix socket.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixSocket};

/// As AWS's plugin has it, and nobody else's machine may connect.
const LOOPBACK: &str = "localhost";

/// Connections to a socket that wait to be accepted; further ones wait in `connect`.
const BACKLOG: u32 = 128;

/// A place to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listen {
    /// A host of this machine and a port; 0 chooses one.
    Tcp(String, u16),
    /// The path of a socket that does not exist yet.
    Unix(PathBuf),
}

impl Listen {
    /// What the document says (client.md 8.2); everything in it is a text. None for a port that is none.
    pub(in crate::client) fn of_properties(properties: &Value) -> Option<Self> {
        let text = |key: &str| properties.get(key).and_then(Value::as_str).unwrap_or("");
        let socket = text("localUnixSocket");
        if text("localConnectionType") == "unix" && !socket.is_empty() {
            return Some(Self::Unix(PathBuf::from(socket)));
        }
        match text("localPortNumber") {
            "" => Some(Self::loopback(0)),
            number => number.parse().ok().map(Self::loopback),
        }
    }

    /// A port that only this machine reaches.
    pub(crate) fn loopback(port: u16) -> Self {
        Self::Tcp(LOOPBACK.to_owned(), port)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A bound listener.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix { listener: UnixListener, _made: Made },
}

/// A socket's file, removed with the listener.
#[derive(Debug)]
pub(crate) struct Made(PathBuf);

impl Drop for Made {
    fn drop(&mut self) {
        // Whoever removed it already did our work.
        let _ = fs::remove_file(&self.0);
    }
}

/// Either kind of connection.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Connection for T {}

impl Listener {
    pub(crate) async fn bind(listen: &Listen) -> io::Result<Self> {
        match listen {
            Listen::Tcp(host, port) => {
                let listener = TcpListener::bind((host.as_str(), *port)).await?;
                Ok(Self::Tcp(listener))
            }
            Listen::Unix(path) => {
                let socket = UnixSocket::new_stream()?;
                socket.bind(path)?;
                let made = Made(path.clone());
                // Before it listens: until then nobody can connect, whoever may open the file.
                only_for_us(path)?;
                Ok(Self::Unix {
                    listener: socket.listen(BACKLOG)?,
                    _made: made,
                })
            }
        }
    }

    /// Where it listens, the chosen port included.
    pub(crate) fn place(&self, asked: &Listen) -> io::Result<Listen> {
        match (self, asked) {
            (Self::Tcp(listener), Listen::Tcp(host, _)) => {
                Ok(Listen::Tcp(host.clone(), listener.local_addr()?.port()))
            }
            _ => Ok(asked.clone()),
        }
    }

    pub(crate) async fn accept(&self) -> io::Result<Box<dyn Connection>> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // What is typed must not wait for more of it.
                let _ = stream.set_nodelay(true);
                Ok(Box::new(stream))
            }
            Self::Unix { listener, .. } => Ok(Box::new(listener.accept().await?.0)),
        }
    }
}

/// What the port leads to is for the person alone.
fn only_for_us(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_local_port_that_is_none_is_not_guessed() {
        for number in ["x", "65536", "-1", " 80"] {
            let properties = json!({"localPortNumber": number});
            assert_eq!(Listen::of_properties(&properties), None, "{number}");
        }
    }

    #[test]
    fn the_document_says_where_to_listen() {
        let of = |properties: Value| Listen::of_properties(&properties).unwrap();
        assert_eq!(
            of(json!({"localPortNumber": "8080"})),
            Listen::loopback(8080)
        );
        assert_eq!(of(json!({})), Listen::loopback(0));
        let unix = json!({"localUnixSocket": "/tmp/s", "localConnectionType": "unix"});
        assert_eq!(of(unix), Listen::Unix(PathBuf::from("/tmp/s")));
        let tcp = json!({"localUnixSocket": "/tmp/s", "localPortNumber": "1"});
        assert_eq!(of(tcp), Listen::loopback(1));
    }

    #[tokio::test]
    async fn a_unix_socket_is_for_its_owner_and_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let listen = Listen::Unix(path.clone());
        let listener = Listener::bind(&listen).await.unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(Listener::bind(&listen).await.is_err(), "it was taken over");
        drop(listener);
        assert!(!path.exists());
    }
}
