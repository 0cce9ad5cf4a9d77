//! The client of a session: Usher's own, with a terminal of a size of its own.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use usher_aws::wall_ms;
use usher_wire::data_channel::{ClientHello, DataChannel, Event};
use usher_wire::frame::{Frame, MessageType, PayloadType};
use usher_wire::message::{SessionState, Terminal};

use crate::service::{SOON, WebSocket};

/// A session as its client sees it.
pub(crate) struct Client {
    socket: Option<WebSocket>,
    sockets: mpsc::Receiver<WebSocket>,
    channel: DataChannel,
    pub(crate) screen: String,
    pub(crate) exit_code: Option<String>,
    pub(crate) last_state: Option<SessionState>,
}

/// Waits until the session worker has come to the service, without taking its connection.
pub(crate) async fn a_worker_comes(sockets: &mut mpsc::Receiver<WebSocket>) {
    while sockets.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

impl Client {
    /// Waits for the session's data channel. Without a `terminal` it behaves as AWS's plugin.
    pub(crate) async fn attach(
        mut sockets: mpsc::Receiver<WebSocket>,
        terminal: Option<Terminal>,
    ) -> Self {
        let socket = tokio::time::timeout(SOON, sockets.recv()).await.unwrap();
        let hello = ClientHello {
            client_version: usher_wire::version::CLIENT_VERSION.to_owned(),
            terminal,
        };
        Self {
            socket,
            sockets,
            channel: DataChannel::client(Instant::now(), [9; 16], hello),
            screen: String::new(),
            exit_code: None,
            last_state: None,
        }
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        let input = Bytes::from(format!("{line}\n"));
        self.channel.send(PayloadType::Output, input).unwrap();
    }

    /// Sends input under a number of the test's choice, past the machine, which sends none of its own then.
    pub(crate) async fn send_by_hand(&mut self, sequence: i64, input: &'static str) {
        let frame = Frame {
            message_type: MessageType::InputStreamData,
            created_ms: wall_ms(),
            sequence,
            flags: 0,
            message_id: uuid::Uuid::new_v4(),
            payload_type: PayloadType::Output,
            payload: Bytes::from_static(input.as_bytes()),
        };
        let socket = self.socket.as_mut().unwrap();
        socket.send(Message::Binary(frame.encode())).await.unwrap();
    }

    /// Runs the session until the screen shows `text`.
    pub(crate) async fn until(&mut self, text: &str) {
        let shown = |client: &Self| client.screen.contains(text);
        let screen = match tokio::time::timeout(SOON, self.run(shown)).await {
            Ok(true) => return,
            Ok(false) => "ended",
            Err(_) => "took too long",
        };
        panic!(
            "the session {screen} before {text:?} was shown: {}",
            self.screen
        );
    }

    /// The same, but the session may end first: false then.
    pub(crate) async fn shows_or_ends(&mut self, text: &str) -> bool {
        let shown = |client: &Self| client.screen.contains(text);
        let run = tokio::time::timeout(SOON, self.run(shown)).await;
        run.unwrap_or_else(|_| panic!("neither {text:?} nor an end: {}", self.screen))
    }

    /// Runs the session until the agent has closed the channel.
    pub(crate) async fn run_to_the_end(&mut self) {
        let ended = tokio::time::timeout(SOON, self.run(|_| false)).await;
        assert_eq!(ended, Ok(false), "{}", self.screen);
    }

    /// Cuts the connection without a word and waits for the agent's next one.
    pub(crate) async fn lose_the_connection(&mut self) {
        self.socket = None;
        self.channel.handle_disconnected();
        let next = tokio::time::timeout(SOON, self.sockets.recv()).await;
        self.socket = next.unwrap();
        self.channel.handle_connected(Instant::now());
    }

    /// True when `done` says so, false when the agent closed the channel.
    async fn run(&mut self, done: impl Fn(&Self) -> bool) -> bool {
        loop {
            while let Some(event) = self.channel.poll_event() {
                self.on_event(event);
            }
            while let Some(frame) = self.channel.poll_transmit(Instant::now(), wall_ms()) {
                let socket = self.socket.as_mut().unwrap();
                if socket.send(Message::Binary(frame)).await.is_err() {
                    return false;
                }
            }
            if done(self) {
                return true;
            }
            let due = self.channel.poll_timeout();
            let timer = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            let socket = self.socket.as_mut().unwrap();
            tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Binary(bytes))) => self.on_message(bytes),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
                    Some(Ok(_)) => {}
                },
                () = timer => self.channel.handle_timeout(Instant::now()).unwrap(),
            }
        }
    }

    fn on_message(&mut self, bytes: Bytes) {
        let frame = Frame::decode(bytes.clone()).unwrap();
        if frame.message_type == MessageType::AgentSessionState {
            // For the service alone.
            self.last_state = Some(serde_json::from_slice(&frame.payload).unwrap());
            return;
        }
        let now = Instant::now();
        self.channel.handle_message(now, bytes).unwrap();
    }

    fn on_event(&mut self, event: Event) {
        if let Event::Payload {
            payload_type,
            payload,
        } = event
        {
            let text = String::from_utf8_lossy(&payload).into_owned();
            match payload_type {
                PayloadType::Output => self.screen.push_str(&text),
                PayloadType::ExitCode => self.exit_code = Some(text),
                _ => {}
            }
        }
    }
}
