//! A gateway and the agent behind it in one: the agent's half of `usher-wire` on a WebSocket, driven by the test.

use std::time::Instant;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use usher_aws::wall_ms;
use usher_wire::data_channel::{DataChannel, Event};
use usher_wire::frame::{Frame, MessageType, PayloadType};
use usher_wire::message::{ChannelClosed, OpenDataChannel, SessionType, Terminal, to_json};
use uuid::Uuid;

use crate::program::DEADLINE;

/// Where clients dial in.
pub(crate) struct Gateway {
    listener: TcpListener,
}

/// The other end of one session.
pub(crate) struct Agent {
    socket: Option<WebSocketStream<TcpStream>>,
    channel: DataChannel,
    /// What the client said first.
    pub(crate) open: OpenDataChannel,
}

impl Gateway {
    pub(crate) async fn new() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
        }
    }

    /// The StreamUrl to hand out.
    pub(crate) fn url(&self) -> String {
        format!(
            "ws://{}/v1/data-channel/alice-1?role=publish_subscribe",
            self.listener.local_addr().unwrap()
        )
    }

    /// The next client, before anything was said to it.
    pub(crate) async fn accept(&self) -> Agent {
        let (socket, open) = self.accept_socket().await;
        let channel = DataChannel::agent(
            Instant::now(),
            Uuid::new_v4().into_bytes(),
            SessionType::StandardStream,
            serde_json::Value::Null,
        );
        Agent {
            socket: Some(socket),
            channel,
            open,
        }
    }

    async fn accept_socket(&self) -> (WebSocketStream<TcpStream>, OpenDataChannel) {
        let accepted = async {
            let (stream, _) = self.listener.accept().await.unwrap();
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            let Some(Ok(Message::Text(text))) = socket.next().await else {
                panic!("no open message")
            };
            (socket, serde_json::from_str(&text).unwrap())
        };
        tokio::time::timeout(DEADLINE, accepted)
            .await
            .expect("nobody dialled in")
    }

    /// The next connection of a session that lost its last one.
    pub(crate) async fn accept_again(&self, agent: &mut Agent) {
        let (socket, open) = self.accept_socket().await;
        agent.socket = Some(socket);
        agent.open = open;
        agent.channel.handle_connected(Instant::now());
    }
}

impl Agent {
    /// Handshakes; what the client said about its terminal.
    pub(crate) async fn opened(&mut self) -> Option<Terminal> {
        loop {
            match self.event().await {
                Event::Opened { terminal, .. } => return terminal,
                Event::Size { .. } => {}
                other => panic!("{other:?} before the session was open"),
            }
        }
    }

    /// The next thing the client did.
    pub(crate) async fn event(&mut self) -> Event {
        let event = async {
            loop {
                if let Some(event) = self.channel.poll_event() {
                    self.transmit().await;
                    return event;
                }
                self.turn().await;
            }
        };
        tokio::time::timeout(DEADLINE, event)
            .await
            .expect("the client did nothing")
    }

    /// Input until it ends with `text`.
    pub(crate) async fn typed(&mut self, text: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        while !all.ends_with(text) {
            if let Event::Payload {
                payload_type: PayloadType::Output,
                payload,
            } = self.event().await
            {
                all.extend_from_slice(&payload);
            }
        }
        all
    }

    /// Sizes until this one.
    pub(crate) async fn resized(&mut self, cols: u16, rows: u16) {
        while self.event().await != (Event::Size { cols, rows }) {}
    }

    /// Sends and waits until the client has it.
    pub(crate) async fn send(&mut self, payload_type: PayloadType, payload: &[u8]) {
        let mut left = Bytes::copy_from_slice(payload);
        while let Err(full) = self.channel.send(payload_type, left) {
            left = full.0;
            self.turn().await;
        }
        let delivered = async {
            while !self.channel.all_acknowledged() {
                self.turn().await;
            }
        };
        tokio::time::timeout(DEADLINE, delivered)
            .await
            .expect("the client does not acknowledge");
    }

    /// Sends without waiting.
    pub(crate) async fn send_soon(&mut self, payload: &'static [u8]) {
        self.channel
            .send(PayloadType::Output, Bytes::from_static(payload))
            .unwrap();
        self.transmit().await;
    }

    /// What only the service sends: the end of the session.
    pub(crate) async fn close(&mut self, output: &str) {
        let id = Uuid::new_v4();
        let closed = ChannelClosed::new(id, wall_ms(), "mi-0123456789abcdef0", "alice-1", output);
        self.send_frame(
            MessageType::ChannelClosed,
            PayloadType::Undefined,
            0,
            to_json(&closed),
        )
        .await;
    }

    /// A frame as the test wants it, good or bad.
    pub(crate) async fn send_frame(
        &mut self,
        kind: MessageType,
        payload_type: PayloadType,
        sequence: i64,
        payload: Bytes,
    ) {
        let mut frame = Frame::unsequenced(kind, 3, Uuid::new_v4(), wall_ms(), payload);
        frame.payload_type = payload_type;
        frame.sequence = sequence;
        self.socket
            .as_mut()
            .unwrap()
            .send(Message::Binary(frame.encode()))
            .await
            .unwrap();
    }

    /// Drops the TCP connection without a word.
    pub(crate) fn hang_up(&mut self) {
        self.socket = None;
        self.channel.handle_disconnected();
    }

    async fn transmit(&mut self) {
        let Some(socket) = &mut self.socket else {
            return;
        };
        while let Some(frame) = self.channel.poll_transmit(Instant::now(), wall_ms()) {
            if socket.feed(Message::Binary(frame)).await.is_err() {
                return;
            }
        }
        let _ = socket.flush().await;
    }

    /// Sends what is due and takes one arrival or one expiry.
    async fn turn(&mut self) {
        self.transmit().await;
        let due = self
            .channel
            .poll_timeout()
            .unwrap_or_else(|| Instant::now() + DEADLINE);
        let socket = self.socket.as_mut().expect("the connection was dropped");
        tokio::select! {
            arrival = socket.next() => match arrival {
                Some(Ok(Message::Binary(bytes))) => {
                    self.channel.handle_message(Instant::now(), bytes).unwrap();
                }
                Some(Ok(_)) => {}
                gone => panic!("the client hung up: {gone:?}"),
            },
            () = tokio::time::sleep_until(due.into()) => self.channel.handle_timeout(Instant::now()).unwrap(),
        }
    }
}
