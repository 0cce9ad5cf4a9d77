//! One address cannot take the places of all others.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::harness::Running;

/// As `limits::CONNECTIONS_PER_ADDRESS` has it.
const PLACES: usize = 256;

async fn connect(from: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    socket.connect(to).await.unwrap()
}

async fn health(mut stream: TcpStream) -> String {
    // A connection that was closed at once may take the request or not.
    let _ = stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn an_address_that_takes_too_many_connections_is_refused_and_others_are_served() {
    let server = Running::start().await;
    let mut idle = Vec::new();
    for _ in 0..PLACES {
        idle.push(connect([127, 0, 0, 3], server.address).await);
    }
    assert_eq!(
        health(connect([127, 0, 0, 3], server.address).await).await,
        ""
    );
    let other = health(connect([127, 0, 0, 4], server.address).await).await;
    assert!(other.starts_with("HTTP/1.1 200"), "{other}");
    drop(idle);
}
