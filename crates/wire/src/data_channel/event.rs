//! What the data channel tells its driver, and the values it is made from.

use std::fmt;

use bytes::Bytes;
use thiserror::Error;

use crate::frame::PayloadType;
use crate::message::Terminal;

/// Which end of a session this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// On the managed node: sends `output_stream_data`.
    Agent,
    /// Near the person: sends `input_stream_data`.
    Client,
}

/// What a client says in its handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// Dotted version; agents choose port multiplexing by it.
    pub client_version: String,
    /// The terminal, sent in our `Usher` member. None leaves the member out and behaves as AWS's plugin.
    pub terminal: Option<Terminal>,
}

/// What happened. Taking a `Payload` or `Size` acknowledges it: the driver hands it to its sink before it polls again.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// Agent: the shell may start. Comes once, before any payload.
    Opened {
        /// What our client said about its terminal.
        terminal: Option<Terminal>,
        /// Whether the client is ours.
        peer_is_usher: bool,
    },
    /// Client: the session has started. Comes once, before any payload; also when an AWS agent did not handshake and
    /// its first output stands for it, then with an empty message.
    HandshakeComplete {
        /// A line for the person, or empty.
        customer_message: String,
    },
    /// A payload of the stream, next in order.
    Payload {
        /// What it is.
        payload_type: PayloadType,
        /// The bytes.
        payload: Bytes,
    },
    /// The client's window size, next in order.
    Size {
        /// Columns, not 0.
        cols: u16,
        /// Rows, not 0.
        rows: u16,
    },
    /// Agent: the service has a sentence for the person; see [`DataChannel::send_notice`].
    ///
    /// [`DataChannel::send_notice`]: super::DataChannel::send_notice
    Notice {
        /// The sentence, without line ends.
        text: String,
    },
    /// The other end is absent; what is sent is kept.
    Paused,
    /// The other end is back.
    Resumed,
    /// The service ended the session. The last event.
    Closed {
        /// A sentence for the person, or empty.
        output: String,
    },
}

impl fmt::Debug for Event {
    /// Leaves payloads out: they are what people type and see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened {
                terminal,
                peer_is_usher,
            } => f
                .debug_struct("Opened")
                .field("terminal", terminal)
                .field("peer_is_usher", peer_is_usher)
                .finish(),
            Self::HandshakeComplete { customer_message } => f
                .debug_struct("HandshakeComplete")
                .field("customer_message", customer_message)
                .finish(),
            Self::Payload {
                payload_type,
                payload,
            } => f
                .debug_struct("Payload")
                .field("type", payload_type)
                .field("bytes", &payload.len())
                .finish(),
            Self::Size { cols, rows } => f
                .debug_struct("Size")
                .field("cols", cols)
                .field("rows", rows)
                .finish(),
            Self::Notice { text } => f.debug_struct("Notice").field("text", text).finish(),
            Self::Paused => f.write_str("Paused"),
            Self::Resumed => f.write_str("Resumed"),
            Self::Closed { output } => f.debug_struct("Closed").field("output", output).finish(),
        }
    }
}

/// There is no room: the payload comes back, to be offered again once [`DataChannel::writable`] says so.
///
/// [`DataChannel::writable`]: super::DataChannel::writable
#[derive(Clone, PartialEq, Eq, Error)]
#[error("the send buffer is full")]
pub struct Full(pub Bytes);

impl fmt::Debug for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Full({} bytes)", self.0.len())
    }
}

/// The peer did something that must end the session.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PeerError {
    /// A handshake message of this type can't be read.
    #[error("the peer sent a {0:?} that can't be read")]
    MalformedHandshake(PayloadType),
    /// The client could not do what the session needs.
    #[error("{action} failed on client with status {status} error: {error}")]
    ActionFailed {
        /// The requested action.
        action: String,
        /// 2 failed, 3 or 0 unsupported.
        status: i64,
        /// The client's text.
        error: String,
    },
}

/// What was seen so far; for metrics and tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages ignored: undecodable, of the wrong direction, or naming what never was.
    pub discarded: u64,
    /// Stream messages that had arrived before.
    pub duplicates: u64,
    /// Stream messages refused for want of room; the peer sends them again.
    pub refused: u64,
    /// Stream messages we sent again.
    pub retransmitted: u64,
}
