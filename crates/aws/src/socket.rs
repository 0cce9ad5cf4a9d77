//! One WebSocket, made for a single-task driver: messages are fed without waiting, and one future both
//! flushes what was fed and receives, so that a slow reader can never stop us from reading.
//!
//! Invariants: what is queued here is bounded ([`Socket::has_room`]), `next` loses nothing when it is
//! dropped, and a line that has been silent too long ends. It must not know what a frame means.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::wall_ms;

/// Bytes fed but not yet taken by the kernel; above this the driver keeps its frames to itself.
const ROOM: usize = 256 * 1024;

/// The largest message accepted; twice the largest frame our own programs send, headers included.
const MAX_MESSAGE: usize = 1 << 20;

/// Read at once. The library clears as much before every read, which for a key must be little.
const READ_BLOCK: usize = 16 * 1024;

/// Keeps address translators awake; more often than the agent of AWS (54 s), so that a dead line is noticed sooner.
const PING_EVERY: Duration = Duration::from_secs(20);

/// With nothing heard for three pings the line is dead, whatever TCP believes.
const SILENCE: Duration = Duration::from_secs(60);

/// Payload of our pings, as AWS's programs send it.
const KEEPALIVE: Bytes = Bytes::from_static(b"keepalive");

/// Not having looked for this long, by whichever clock, means that we were stopped or that the machine slept: the line
/// may have died meanwhile, and what is still in the kernel's buffer proves nothing.
const AWAY: Duration = Duration::from_secs(30);

/// Back from there, the ping below must be answered within this. A new connection costs little, waiting much.
pub(crate) const ANSWER_AFTER_SLEEP: Duration = Duration::from_secs(1);

/// Payload of that ping: its pong cannot be older than our return.
const ARE_YOU_THERE: Bytes = Bytes::from_static(b"are you there");

/// What [`Socket::next`] returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// A binary or text message; the protocol treats both alike.
    Message(Bytes),
    /// There is room again after [`Socket::has_room`] was false.
    Room,
    /// The peer closed in good order.
    Closed {
        /// The status code of the close frame; 1005 when it had none.
        code: u16,
        /// The peer's words, which may be empty.
        reason: String,
    },
}

/// The connection is gone without a close frame.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Reset, TLS failure, end of the stream in the middle.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// No byte came for a minute although we asked for a pong.
    #[error("the connection has been silent for {} s", SILENCE.as_secs())]
    Silent,
    /// This machine slept, or we were stopped, and the line has not outlived it.
    #[error("the connection did not outlive a sleep")]
    DiedAsleep,
    /// The peer broke the WebSocket protocol or sent more than is accepted.
    #[error("the peer broke the WebSocket protocol: {0}")]
    Violation(String),
}

/// An open WebSocket.
#[derive(Debug)]
pub struct Socket {
    inner: WebSocketStream<MaybeTlsStream<TcpStream>>,
    fed: usize,
    pings: Interval,
    heard: Instant,
    /// When we last looked, by the clock of timers, which may stand still while the machine sleeps, and by the wall's.
    looked: (Instant, u64),
    /// Until when an answer to [`ARE_YOU_THERE`] is waited for.
    answer_by: Option<Instant>,
}

impl Socket {
    pub(crate) fn new(inner: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        let mut pings = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            inner,
            fed: 0,
            pings,
            heard: Instant::now(),
            looked: (Instant::now(), wall_ms()),
            answer_by: None,
        }
    }

    /// Whether another message may be fed. When it is false, [`Socket::next`] says [`Arrival::Room`] later.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.fed < ROOM
    }

    /// Takes a binary message; it leaves with the next poll of [`Socket::next`].
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn feed(&mut self, message: Bytes) -> Result<(), SocketError> {
        self.feed_message(Message::Binary(message))
    }

    /// Takes a text message: only the first message of a channel is one.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn feed_text(&mut self, text: &str) -> Result<(), SocketError> {
        self.feed_message(Message::text(text))
    }

    fn feed_message(&mut self, message: Message) -> Result<(), SocketError> {
        self.fed += message.len();
        self.inner.start_send_unpin(message).map_err(socket_error)
    }

    /// Writes out what the kernel takes at once of what was fed; the rest, and any error, is for [`Socket::next`]. A
    /// driver that has other things to look at too calls this first.
    pub fn flush_now(&mut self) {
        if self.fed > 0 && self.has_room() {
            let mut nobody = Context::from_waker(Waker::noop());
            if let Poll::Ready(Ok(())) = self.inner.poll_flush_unpin(&mut nobody) {
                self.fed = 0;
            }
        }
    }

    /// Flushes what was fed and waits for the next arrival. May be dropped and called again at any time.
    ///
    /// # Errors
    /// When the connection is gone; it stays gone.
    pub async fn next(&mut self) -> Result<Arrival, SocketError> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Arrival, SocketError>> {
        self.poll_keepalive(cx)?;
        if self.fed > 0
            && self
                .inner
                .poll_flush_unpin(cx)
                .map_err(socket_error)?
                .is_ready()
        {
            let was_full = !self.has_room();
            self.fed = 0;
            if was_full {
                return Poll::Ready(Ok(Arrival::Room));
            }
        }
        loop {
            let Poll::Ready(item) = self.inner.poll_next_unpin(cx) else {
                return Poll::Pending;
            };
            self.heard = Instant::now();
            let message = match item {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Poll::Ready(Err(socket_error(error))),
                None => {
                    return Poll::Ready(Err(SocketError::Broken("the peer hung up".to_owned())));
                }
            };
            match message {
                Message::Binary(bytes) => return Poll::Ready(Ok(Arrival::Message(bytes))),
                Message::Text(text) => return Poll::Ready(Ok(Arrival::Message(text.into()))),
                Message::Close(frame) => return Poll::Ready(Ok(closed(frame))),
                // The answer to a ping is queued by the library; it leaves with the next flush.
                Message::Ping(_) => self.fed = self.fed.max(1),
                Message::Pong(payload) if payload == ARE_YOU_THERE => self.answer_by = None,
                Message::Pong(_) | Message::Frame(_) => {}
            }
            if self.fed > 0 {
                let _ = self.inner.poll_flush_unpin(cx).map_err(socket_error)?;
            }
        }
    }

    fn poll_keepalive(&mut self, cx: &mut Context<'_>) -> Result<(), SocketError> {
        if self.was_away() {
            self.answer_by = Some(Instant::now() + ANSWER_AFTER_SLEEP);
            self.pings.reset_after(ANSWER_AFTER_SLEEP);
            self.feed_message(Message::Ping(ARE_YOU_THERE))?;
        }
        while self.pings.poll_tick(cx).is_ready() {
            if self.answer_by.is_some_and(|by| by <= Instant::now()) {
                return Err(SocketError::DiedAsleep);
            }
            if self.heard.elapsed() >= SILENCE {
                return Err(SocketError::Silent);
            }
            self.feed_message(Message::Ping(KEEPALIVE))?;
        }
        Ok(())
    }

    fn was_away(&mut self) -> bool {
        let now = (Instant::now(), wall_ms());
        let before = std::mem::replace(&mut self.looked, now);
        let by_wall = Duration::from_millis(now.1.saturating_sub(before.1));
        now.0.duration_since(before.0).max(by_wall) >= AWAY
    }

    /// Sends what was fed and then a close frame. The peer's own close frame is not waited for.
    ///
    /// # Errors
    /// When the connection is gone already.
    pub async fn close(mut self) -> Result<(), SocketError> {
        let farewell = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        self.inner.close(Some(farewell)).await.map_err(socket_error)
    }
}

/// Limits of every socket we open.
pub(crate) fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
        .read_buffer_size(READ_BLOCK)
        .write_buffer_size(64 * 1024)
        .max_write_buffer_size(ROOM + 2 * MAX_MESSAGE)
}

fn closed(frame: Option<CloseFrame>) -> Arrival {
    match frame {
        Some(frame) => Arrival::Closed {
            code: frame.code.into(),
            reason: frame.reason.to_string(),
        },
        None => Arrival::Closed {
            code: CloseCode::Status.into(),
            reason: String::new(),
        },
    }
}

fn socket_error(error: WsError) -> SocketError {
    match error {
        WsError::Protocol(
            tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        )
        | WsError::ConnectionClosed
        | WsError::AlreadyClosed => SocketError::Broken("the peer hung up".to_owned()),
        WsError::Io(e) => SocketError::Broken(e.to_string()),
        WsError::Tls(e) => SocketError::Broken(e.to_string()),
        other => SocketError::Violation(other.to_string()),
    }
}
