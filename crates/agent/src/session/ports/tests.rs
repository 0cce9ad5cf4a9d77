//! One connection after another, as clients older than 1.1.70 have it: with a dialer that is played here.

use std::os::fd::OwnedFd;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use usher_wire::message::DialAnswer;

use super::*;
use crate::ipc::{AsyncLink, FromDialer, NotDialed, ToDialer};

/// A session at which one connection after another is made to `listener`, or refused where there is none.
fn session(listener: Option<std::net::SocketAddr>) -> Ports {
    let (ours, theirs) = usher_sys::socket_pair().unwrap();
    tokio::spawn(dialer(theirs, listener));
    let dials = Dials::start(ours).unwrap();
    Ports::start(dials, Framing::OneByOne, false).unwrap()
}

async fn dialer(socket: OwnedFd, listener: Option<std::net::SocketAddr>) {
    let mut link = AsyncLink::new(socket).unwrap();
    while let Ok(ToDialer::Dial { id }) = link.next().await {
        let answer = match listener {
            Some(address) => {
                let stream = TcpStream::connect(address).await.unwrap();
                let socket = stream.into_std().unwrap().into();
                FromDialer::Dialed { id, socket }
            }
            None => FromDialer::NotDialed {
                id,
                refusal: NotDialed {
                    answer: DialAnswer::Refused,
                    sentence: "nobody listens".to_owned(),
                },
            },
        };
        link.send(&answer).unwrap();
    }
}

async fn next(ports: &mut Ports) -> PortSaid {
    let said = ports.read().await.unwrap();
    ports.on_said(said).unwrap()
}

async fn say(ports: &Ports, text: &'static str) {
    let mut input = Bytes::from(text);
    while !input.is_empty() {
        ports.write(&mut input).await.unwrap();
    }
}

async fn heard(stream: &mut TcpStream, length: usize) -> String {
    let mut text = vec![0; length];
    stream.read_exact(&mut text).await.unwrap();
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_is_told_and_does_not_end_the_session() {
    let mut ports = session(None);
    let refused = PortSaid::Flag(Flag::ConnectToPortError);
    assert_eq!(next(&mut ports).await, refused);
    // Dialled again with the next byte, and not before.
    say(&ports, "again").await;
    assert_eq!(next(&mut ports).await, refused);
}

#[tokio::test]
async fn a_connection_that_ends_at_the_node_is_told_and_the_next_byte_makes_another() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut ports = session(Some(listener.local_addr().unwrap()));
    let (mut first, _) = listener.accept().await.unwrap();
    first.write_all(b"banner").await.unwrap();
    drop(first);
    let mut told = Vec::new();
    loop {
        match next(&mut ports).await {
            PortSaid::Bytes(bytes) => told.extend_from_slice(&bytes),
            said => {
                assert_eq!(said, PortSaid::Flag(Flag::DisconnectToPort));
                break;
            }
        }
    }
    assert_eq!(told, b"banner");
    say(&ports, "second").await;
    let (mut second, _) = listener.accept().await.unwrap();
    assert_eq!(heard(&mut second, 6).await, "second");
}

#[tokio::test]
async fn a_connection_that_the_client_left_gets_what_was_sent_and_the_next_one_none_of_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut ports = session(Some(listener.local_addr().unwrap()));
    let (mut first, _) = listener.accept().await.unwrap();
    say(&ports, "first").await;
    ports.disconnect().unwrap();
    say(&ports, "second").await;
    let (mut second, _) = listener.accept().await.unwrap();
    let mut whole = String::new();
    first.read_to_string(&mut whole).await.unwrap();
    assert_eq!(whole, "first");
    assert_eq!(heard(&mut second, 6).await, "second");
    // What the left one still says is nobody's.
    let _ = first.write_all(b"late").await;
    second.write_all(b"mine").await.unwrap();
    assert_eq!(next(&mut ports).await, PortSaid::Bytes(Bytes::from("mine")));
}
