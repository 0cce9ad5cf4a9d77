//! One WebSocket against a real peer: it reads while it cannot write, keeps order, and ends when the line is dead.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use usher_aws::{Arrival, Credentials, Socket, SocketError, Trust, UpgradeSigner, connect};

type Peer = WebSocketStream<TcpStream>;

async fn pair() -> (Socket, Peer) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "ws://{}/v1/data-channel/x?role=publish_subscribe",
        listener.local_addr().unwrap()
    );
    let accepted = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        tokio_tungstenite::accept_async(stream).await.unwrap()
    });
    let socket = connect(&url, None, &Trust::default()).await.unwrap();
    (socket, accepted.await.unwrap())
}

#[tokio::test]
async fn a_peer_that_hangs_up_is_a_broken_connection() {
    let (mut socket, peer) = pair().await;
    drop(peer);
    assert!(matches!(socket.next().await, Err(SocketError::Broken(_))));
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_the_peers_violation() {
    let (mut socket, mut peer) = pair().await;
    let sent = tokio::spawn(async move { peer.send(Message::binary(vec![0u8; 2 << 20])).await });
    assert!(matches!(
        socket.next().await,
        Err(SocketError::Violation(_))
    ));
    drop(socket);
    let _ = sent.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_silent_line_ends() {
    let (mut socket, peer) = pair().await;
    // The peer lives but never reads, so no pong comes back.
    assert!(matches!(socket.next().await, Err(SocketError::Silent)));
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_died_while_we_were_stopped_is_given_up_at_once() {
    let (mut socket, mut peer) = pair().await;
    // In the kernel's buffer since before: no proof that the line still lives.
    peer.send(Message::binary("old news")).await.unwrap();
    tokio::time::advance(Duration::from_secs(45)).await;
    let back = tokio::time::Instant::now();
    let old = socket.next().await.unwrap();
    assert_eq!(old, Arrival::Message("old news".into()));
    assert!(matches!(socket.next().await, Err(SocketError::DiedAsleep)));
    assert!(back.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_line_that_outlived_our_stop_stays() {
    let (mut socket, mut peer) = pair().await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(45)).await;
    tokio::time::resume();
    // Reading answers pings.
    let answering = tokio::spawn(async move { while peer.next().await.is_some() {} });
    let longer = tokio::time::timeout(Duration::from_secs(4), socket.next()).await;
    assert!(longer.is_err(), "{longer:?}");
    drop(socket);
    answering.await.unwrap();
}

#[tokio::test]
async fn a_close_frame_keeps_code_and_reason() {
    let (mut socket, mut peer) = pair().await;
    let frame = CloseFrame {
        code: 1008.into(),
        reason: "token expired".into(),
    };
    peer.close(Some(frame)).await.unwrap();
    let expected = Arrival::Closed {
        code: 1008,
        reason: "token expired".to_owned(),
    };
    assert_eq!(socket.next().await.unwrap(), expected);
}

#[tokio::test]
async fn text_and_binary_arrive_alike_and_pings_do_not_surface() {
    let (mut socket, mut peer) = pair().await;
    peer.send(Message::Ping(Bytes::from_static(b"p")))
        .await
        .unwrap();
    peer.send(Message::text("a")).await.unwrap();
    peer.send(Message::binary("b")).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), Arrival::Message("a".into()));
    assert_eq!(socket.next().await.unwrap(), Arrival::Message("b".into()));
}

#[tokio::test]
async fn a_peer_that_does_not_read_cannot_stop_us_from_reading() {
    let (mut socket, mut peer) = pair().await;
    while socket.has_room() {
        socket.feed(Bytes::from(vec![7u8; 64 * 1024])).unwrap();
    }
    peer.send(Message::binary("still here")).await.unwrap();
    loop {
        match socket.next().await.unwrap() {
            // Loopback may take everything that was fed: fill it again until it is really stuck.
            Arrival::Room => {
                while socket.has_room() {
                    socket.feed(Bytes::from(vec![7u8; 64 * 1024])).unwrap();
                }
            }
            arrival => {
                assert_eq!(arrival, Arrival::Message("still here".into()));
                break;
            }
        }
    }
}

#[tokio::test]
async fn what_was_fed_arrives_in_order_although_next_is_dropped_each_time() {
    let (mut socket, mut peer) = pair().await;
    let received = tokio::spawn(async move {
        let mut received = Vec::new();
        while let Some(Ok(Message::Binary(bytes))) = peer.next().await {
            received.push(u32::from_be_bytes(bytes.as_ref().try_into().unwrap()));
        }
        received
    });
    for n in 0..1000u32 {
        socket
            .feed(Bytes::copy_from_slice(&n.to_be_bytes()))
            .unwrap();
        let _ = tokio::time::timeout(Duration::ZERO, socket.next()).await;
    }
    socket.close().await.unwrap();
    assert_eq!(received.await.unwrap(), (0..1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_upgrade_is_signed_when_a_signer_is_given() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "ws://{}/v1/control-channel/mi-1?role=subscribe&stream=input",
        listener.local_addr().unwrap()
    );
    let accepted = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut authorization = None;
        #[expect(
            clippy::result_large_err,
            reason = "the library's callback has this type"
        )]
        let callback = |request: &http::Request<()>, response| {
            let header = request.headers().get("authorization");
            authorization = header.map(|value| value.to_str().unwrap().to_owned());
            Ok(response)
        };
        tokio_tungstenite::accept_hdr_async(stream, callback)
            .await
            .unwrap();
        authorization.unwrap()
    });
    let credentials = Credentials::long_term("AKIAEXAMPLE", "s");
    connect(
        &url,
        Some(UpgradeSigner {
            credentials: &credentials,
            region: "usher-1",
        }),
        &Trust::default(),
    )
    .await
    .unwrap();
    let authorization = accepted.await.unwrap();
    assert!(
        authorization.contains("/usher-1/ssmmessages/aws4_request"),
        "{authorization}"
    );
    assert!(
        authorization.contains("SignedHeaders=host;x-amz-date,"),
        "{authorization}"
    );
}
