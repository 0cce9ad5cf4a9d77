//! The WebSocket as both channels use it: sizes, pings, silence, and a close that loses nothing.
//!
//! Invariants: a peer that is silent for [`SILENCE`] is gone; a message longer than a frame may be is never
//! collected. It knows no session and no frame.

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt, SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};
use usher_wire::frame::MAX_FRAME;

use super::limits::{CLOSE_GRACE, HEARTBEAT, READ_BLOCK, SILENCE, WRITE_BLOCK};

type Stream = WebSocketStream<TokioIo<Upgraded>>;

/// The peer is gone: it closed, broke the protocol, or stayed silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PeerGone;

/// What a peer sent, pings and pongs aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A text message; peers open their channels with one.
    Text(String),
    /// A binary message: a frame.
    Binary(Bytes),
}

/// The receiving half. Reading also answers the peer's pings.
#[derive(Debug)]
pub(crate) struct Inbound(SplitStream<Stream>);

/// The sending half, with its heartbeat.
#[derive(Debug)]
pub(crate) struct Outbound {
    sink: SplitSink<Stream, Message>,
    heartbeat: Interval,
}

/// Speaks WebSocket as server on an upgraded connection.
pub(crate) async fn accept(upgraded: Upgraded) -> (Outbound, Inbound) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME))
        .read_buffer_size(READ_BLOCK)
        .write_buffer_size(WRITE_BLOCK)
        .max_write_buffer_size(WRITE_BLOCK + 4 * MAX_FRAME);
    let stream =
        WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let (sink, stream) = stream.split();
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    (Outbound { sink, heartbeat }, Inbound(stream))
}

impl Inbound {
    /// The next message. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Received, PeerGone> {
        loop {
            // Any message is a sign of life, pongs to our heartbeat included.
            let message = timeout(SILENCE, self.0.next()).await;
            match message
                .ok()
                .flatten()
                .and_then(Result::ok)
                .ok_or(PeerGone)?
            {
                Message::Text(text) => return Ok(Received::Text(text.as_str().to_owned())),
                Message::Binary(bytes) => return Ok(Received::Binary(bytes)),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                Message::Close(_) => return Err(PeerGone),
            }
        }
    }

    /// Waits for a message and appends it to `into`, with those that are there already, up to `most` bytes together. Where
    /// the peer is gone after that, the next call says so. Cancel safe as long as `into` is kept.
    pub(crate) async fn gather(
        &mut self,
        into: &mut Vec<Bytes>,
        most: usize,
    ) -> Result<(), PeerGone> {
        let mut bytes = 0;
        let mut next = self.next().await?;
        loop {
            let frame = match next {
                Received::Binary(bytes) => bytes,
                Received::Text(text) => Bytes::from(text),
            };
            bytes += frame.len();
            into.push(frame);
            if bytes >= most {
                return Ok(());
            }
            match self.next().now_or_never() {
                Some(Ok(received)) => next = received,
                Some(Err(PeerGone)) | None => return Ok(()),
            }
        }
    }

    /// Reads on until the peer has closed, for a short while: a socket that is closed with unread bytes is reset, and
    /// a reset can destroy what the peer has not read yet.
    pub(crate) async fn drain(&mut self) {
        let _ = timeout(CLOSE_GRACE, async { while self.next().await.is_ok() {} }).await;
    }
}

impl Outbound {
    /// Queues a frame, waiting while the peer does not read.
    pub(crate) async fn feed(&mut self, frame: Bytes) -> Result<(), PeerGone> {
        self.sink
            .feed(Message::Binary(frame))
            .await
            .map_err(|_| PeerGone)
    }

    /// Writes out what is queued.
    pub(crate) async fn flush(&mut self) -> Result<(), PeerGone> {
        self.sink.flush().await.map_err(|_| PeerGone)
    }

    /// Waits for the next heartbeat. Cancel safe.
    pub(crate) async fn heartbeat_due(&mut self) {
        self.heartbeat.tick().await;
    }

    /// Sends a ping, and a pong that nobody asked for: while the other side of a session has no room we do not read
    /// this peer's pings, and AWS's agent hangs up after 60 s without a pong (agent.md 3.3).
    pub(crate) async fn beat(&mut self) -> Result<(), PeerGone> {
        self.sink
            .feed(Message::Ping(Bytes::new()))
            .await
            .map_err(|_| PeerGone)?;
        self.sink
            .feed(Message::Pong(Bytes::new()))
            .await
            .map_err(|_| PeerGone)?;
        self.flush().await
    }

    /// Says goodbye after everything queued.
    pub(crate) async fn close(&mut self) -> Result<(), PeerGone> {
        self.sink
            .feed(Message::Close(None))
            .await
            .map_err(|_| PeerGone)?;
        self.flush().await
    }
}
